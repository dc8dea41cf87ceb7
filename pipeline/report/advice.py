"""An example for every problem of a row: what a corrected cell looks like."""

from collections.abc import Mapping
from types import MappingProxyType

_AS_TEXT = "4711 as text, typed anew"

EXAMPLES: Mapping[str, str] = MappingProxyType(
    {
        "row-shape": "every cell stands under the header that it belongs to",
        "row-header": "move the cells under the headers of this sheet",
        "row-quotes": 'Doe, Jane instead of "Doe, Jane',
        "patient-id-missing": "the id as it stands on the request",
        "patient-id-damaged": "00123, not 123.0 or 1.23E+02",
        "patient-id-unsafe": "00123, typed anew, without spaces copied from elsewhere",
        "specimen-unknown": "S-1 under a header Sample ID, or 2024-05-31 under Collected at",
        "specimen-damaged": "S-1, typed anew",
        "specimen-conflict": "the sample id that stands on the tube of this patient",
        "cell-too-long": "the one entry that belongs into the cell",
        "cell-unprintable": "the same text, typed anew",
        "cell-boolean": "12.5 instead of TRUE",
        "cell-error": "12.5 instead of #DIV/0!",
        "cell-formula": "12.5 instead of the formula",
        "cell-format": "00123 as it should be read, as text",
        "cell-digits": _AS_TEXT,
        "cell-date": "2024-05-31",
        "cell-merged": "the content that belongs to this row",
        "analyte-unclear": "Hemoglobin",
        "analyte-contradiction": "Hemoglobin with its own LOINC code, or without any",
        "analyte-missing": "Hemoglobin",
        "loinc-unknown": "an empty cell, if the name is right",
        "unit-missing": "g/dL in the column of units, or 12.5 g/dL in the cell itself",
        "unit-not-accepted": "g/dL for hemoglobin",
        "unit-column-unnamed": "Unit above the column that holds the units",
        "unit-contradiction": "g/dL in both places, or in one of them only",
        "value-missing": "12.5; here, empty the row instead of deleting it",
        "not-measured": "12.5; here, empty the row instead of deleting it",
        "measurement-failed": "12.5 from a new measurement",
        "specimen-unreliable": "12.5 from a new specimen, with its own sample id",
        "not-a-number": "12.5 or <150",
        "number-ambiguous": "1250 instead of 1,250, or 1.25 with the decimal sign of the file",
        "value-impossible": "12.5 with g/dL, 125 with g/L",
        "counts-contradict": "the number as the analyzer printed it",
        "percent-as-fraction": "55 with %, not 0.55",
        "values-disagree": "one of the two numbers, the other cell empty",
        "date-unreadable": "2024-05-31 or 2024-05-31 08:30",
        "date-ambiguous": "2024-05-31 instead of 05/31/2024",
        "date-impossible": "collected 2024-05-31, born 1980-05-31",
        "sex-unreadable": "F, M or an empty cell",
        "age-unreadable": "44, 8m or 12d",
        "status-unreadable": "final",
        "material-unclear": "blood",
        "species-not-human": "leave such results out of the export",
        "interval-not-human": "the reference interval of the laboratory for this analyte and unit",
        "run-failed": "12.5 from a new measurement",
        "identity-conflict": "the same birth date, sex and name in all rows of one person",
        "results-disagree": "corrected as status of the right one",
        "zero-alone": "an empty cell, if nothing was measured",
        "hold-unchecked": "00123 instead of [check] 00123",
        "hold-damaged": "0a1b2c3d::17",
        "hold-contradiction": "the row in one of the two files only",
    }
)
"""Code of an error that concerns a row → example."""
