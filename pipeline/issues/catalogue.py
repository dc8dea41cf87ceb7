"""The catalogue of data-quality problems: code, severity, what is wrong, what to do about it.

Sentences say where and what; never who, and never what stands in a cell.
"""

from dataclasses import dataclass

from pipeline.issues.file_kinds import list_suffixes
from schemas.vocabulary import IssueSeverity

ERROR, NOTE = IssueSeverity.ERROR, IssueSeverity.NOTE


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueKind:
    """One kind of problem: what is wrong and what to do about it."""

    code: str
    severity: IssueSeverity
    sentence: str
    fix: str

    @property
    def message(self) -> str:
        """The sentence and the fix, as they stand in issues.csv and on the terminal."""
        return f"{self.sentence} {self.fix}".strip()


def _kinds(*kinds: tuple[str, IssueSeverity, str, str]) -> dict[str, IssueKind]:
    catalogue = {
        code: IssueKind(code=code, severity=severity, sentence=sentence, fix=fix)
        for code, severity, sentence, fix in kinds
    }
    if len(catalogue) != len(kinds):
        raise ValueError("an issue code stands twice in the catalogue")
    return catalogue


CATALOGUE = _kinds(
    # Files
    (
        "folder-unreachable",
        ERROR,
        "The folder cannot be listed, or is only a link to another place.",
        "Give labflag the right to read it, or name the place itself.",
    ),
    (
        "file-unreadable",
        ERROR,
        "The file cannot be read.",
        "Open it in the program that made it, save it again and send that copy.",
    ),
    (
        "file-not-read",
        ERROR,
        "The file could not be read this time.",
        "Nothing to do: the next run tries again. If this goes on, look at the disk, the share and "
        "the memory.",
    ),
    (
        "file-no-rights",
        ERROR,
        "The account that runs labflag has no right to read the file.",
        "Give it the right to read it.",
    ),
    (
        "file-memory",
        ERROR,
        "There was too little memory to read the file or to judge its results.",
        "Give the machine more memory, end other programs, or export the file in parts.",
    ),
    (
        "reader-stopped",
        ERROR,
        "The program that reads the file was stopped before it was done.",
        "Give the machine more memory, end other programs, or save the file as .csv.",
    ),
    (
        "file-fault",
        ERROR,
        "labflag itself failed at the file.",
        "Please report the place that is named here; it holds no patient data.",
    ),
    (
        "file-ended-runs",
        ERROR,
        "Three runs ended while the file was read or its results were judged, so it is not opened "
        "any more.",
        "It may hold a critical value: look at it with the laboratory. See whether there is enough "
        "memory, or export it in parts, and put it into the inbox again.",
    ),
    (
        "file-empty",
        ERROR,
        "The file holds no rows.",
        "Export it again.",
    ),
    (
        "file-kind",
        ERROR,
        "The file is not of a kind that labflag reads.",
        f"Export as {list_suffixes('or')}.",
    ),
    (
        "file-encrypted",
        ERROR,
        "The file is protected by a password.",
        "Save a copy without a password and send that.",
    ),
    (
        "file-macros",
        ERROR,
        "The workbook contains macros, which labflag never opens.",
        "Save it as .xlsx or .csv without macros and send that.",
    ),
    (
        "workbook-unsafe",
        ERROR,
        "The workbook is built in a way that could mislead or harm the reader.",
        "Find out where it comes from; if it is trusted, save it again in Excel or as .csv.",
    ),
    (
        "workbook-damaged",
        ERROR,
        "The workbook is damaged or cannot be read without doubt.",
        "Open it in Excel, check it, save it again and send that copy.",
    ),
    (
        "workbook-exhausting",
        ERROR,
        "The workbook takes more memory or time to read than labflag allows.",
        "Save it as .csv, or delete sheets and empty formatted areas and save it again.",
    ),
    (
        "workbook-no-visible-sheet",
        ERROR,
        "The workbook has no visible sheet with cells.",
        "Unhide the sheet that holds the results and save it.",
    ),
    (
        "hidden-sheets",
        NOTE,
        "Hidden sheets of the workbook were not read.",
        "Unhide them if they hold results.",
    ),
    (
        "hidden-rows",
        NOTE,
        "Hidden or filtered rows of the sheet were read like the others.",
        "Delete them if they should not count.",
    ),
    (
        "hidden-columns",
        NOTE,
        "Hidden columns of the sheet were read like the others.",
        "Delete them if they should not count.",
    ),
    (
        "merged-cells",
        NOTE,
        "The sheet has merged cells; their content counts for the first row and column only.",
        "Unmerge them and fill in every cell.",
    ),
    (
        "cell-commented",
        NOTE,
        "Cells carry comments or are struck through; they were read like the others.",
        "Look at them, and delete results that should not count.",
    ),
    (
        "no-layout",
        ERROR,
        "No header row with a patient and a result was recognized.",
        "See `labflag identify` for what was found; name a layout with --layout.",
    ),
    (
        "layout-ambiguous",
        ERROR,
        "More than one layout fits the file.",
        "Name the right one with --layout.",
    ),
    (
        "missing-column",
        ERROR,
        "A column that every result needs is missing.",
        "Add the column, or name a layout that says where it is.",
    ),
    (
        "patient-column-missing",
        ERROR,
        "No column holds the ids of patients.",
        "Add the column, or let a layout say which one it is, or that each row is a patient "
        "(`labflag identify FILE --save my-lab.toml` begins one).",
    ),
    (
        "duplicate-column",
        ERROR,
        "Two columns claim to be the same thing.",
        "Delete or rename one of them.",
    ),
    (
        "file-not-plain",
        ERROR,
        "It is a link, a pipe or a device, not a plain file.",
        "Copy the file itself into the folder.",
    ),
    (
        "file-not-what-it-says",
        ERROR,
        "The content is not what the end of the file name says.",
        "Export it again, or give the file the name that fits its content.",
    ),
    (
        "file-too-large",
        ERROR,
        "The file is larger than labflag reads.",
        "Export it in parts.",
    ),
    (
        "file-encoding",
        ERROR,
        "The file is not text in the expected encoding.",
        "Export as UTF-8, or name its code page in the configuration or in a layout.",
    ),
    (
        "encoding-assumed",
        NOTE,
        "The file is not UTF-8 and was read in this code page.",
        "Check a name with an accent; export as UTF-8 if you can.",
    ),
    (
        "last-line-open",
        NOTE,
        "The last line does not end in a line break; was the file cut off?",
        "Compare its last number with the source.",
    ),
    (
        "delimiter-ambiguous",
        ERROR,
        "The header can be read with two delimiters.",
        "Export with one delimiter, or as .xlsx.",
    ),
    (
        "sheet-not-used",
        NOTE,
        "A sheet without a patient and a result was left out.",
        "Nothing to do, unless it holds results.",
    ),
    (
        "columns-not-used",
        NOTE,
        "Columns that labflag does not use were left out.",
        "Nothing to do, unless one of them should have been recognized.",
    ),
    (
        "no-analyte",
        NOTE,
        "The file was recognized, but holds no analyte that labflag uses.",
        "Nothing to do, unless it should.",
    ),
    # Rows
    (
        "row-shape",
        ERROR,
        "The row does not have as many cells as the header.",
        "Look for a missing or extra delimiter, or a stray quotation mark.",
    ),
    (
        "patient-id-missing",
        ERROR,
        "The row names no patient; words such as NA or unknown, dashes and zeros are no id.",
        "Fill in the patient id. If each row is a patient: row_is_patient = true in a layout.",
    ),
    (
        "patient-id-damaged",
        ERROR,
        "The patient id looks damaged by a spreadsheet.",
        "Format the id column as text and enter the id as it should be.",
    ),
    (
        "specimen-unknown",
        ERROR,
        "The row has neither a specimen id nor a collection date.",
        "Fill in one of them, so that results of one specimen can be told from others.",
    ),
    (
        "rows-repeated",
        NOTE,
        "Every cell is the same as in a row before; each row counts as another patient.",
        "If a row was exported twice, take it out of the file.",
    ),
    (
        "specimen-by-date",
        NOTE,
        "Without specimen ids, results of one patient and day count as one specimen.",
        "Export the specimen id.",
    ),
    (
        "row-header",
        ERROR,
        "A second header with other columns or units stands above it, so its cells are not known.",
        "Put each table into a file or sheet of its own.",
    ),
    (
        "row-units",
        ERROR,
        "The row below the header holds units, and other things beside them.",
        "Leave nothing in this row but units, or write them into the header: HGB (g/dL).",
    ),
    (
        "units-below-header",
        NOTE,
        "The row below the header was read as the units of the columns.",
        "Nothing to do, if it is.",
    ),
    (
        "row-quotes",
        ERROR,
        "A stray quotation mark: the cells of this line cannot be told apart.",
        "Correct the quotation mark in this line, or in the first of the lines set aside.",
    ),
    (
        "cell-too-long",
        ERROR,
        "A cell holds more than 32,000 characters.",
        "Shorten it; look for a missing quotation mark or line break.",
    ),
    (
        "cell-unprintable",
        ERROR,
        "A cell holds control characters.",
        "Delete them, or export the file again.",
    ),
    (
        "lines-left-out",
        NOTE,
        "Lines that are no results (a repeated header, a closing line) were left out.",
        "",
    ),
    (
        "not-patient-results",
        NOTE,
        "Blanks or controls were left out, as the layout says.",
        "",
    ),
    (
        "patient-id-unsafe",
        ERROR,
        "The patient id holds invisible characters, or is longer than 64 characters.",
        "Type the patient id anew.",
    ),
    (
        "id-guarded",
        NOTE,
        """Ids in the guards of spreadsheets (="0012", '0012) were read without them.""",
        "Nothing to do.",
    ),
    (
        "patient-id-similar",
        NOTE,
        "Two patient ids differ only in case, leading zeros or letter forms; they were kept apart.",
        "If they are one person, correct the id.",
    ),
    (
        "specimen-damaged",
        ERROR,
        "The specimen id looks damaged by a spreadsheet or holds invisible characters.",
        "Format the column as text and enter the specimen id as it should be.",
    ),
    # Analytes and units
    (
        "material-other",
        NOTE,
        "Results of other materials than blood, serum or plasma were left out.",
        "Nothing to do.",
    ),
    (
        "record-control",
        NOTE,
        "Blanks, controls and calibrators were left out.",
        "Nothing to do.",
    ),
    (
        "record-doubtful",
        ERROR,
        "The id reads like that of a control or a summary row, but a person stands beside it.",
        "Leave controls out of the export, or give the person or specimen an id of its own.",
    ),
    (
        "material-unclear",
        ERROR,
        "The specimen material is not one that labflag knows.",
        "Write blood, serum or plasma if it is one of these; other materials are left out.",
    ),
    (
        "species-not-human",
        ERROR,
        "The file is of animals, or its layout says so; all limits here are of people.",
        "Take the animals out, and export people on their own.",
    ),
    (
        "interval-not-human",
        ERROR,
        "The file's reference intervals are not those of people, or not in the unit stated.",
        "Check species and units, and correct the interval or the unit; if both are right, name "
        "the layout of the export with --layout.",
    ),
    (
        "unit-column-unnamed",
        ERROR,
        "Units stand in columns without a header, as veterinary counters write them.",
        "Give the columns a header, or name a layout that says what the export is.",
    ),
    (
        "column-of-comparators",
        ERROR,
        "A column that labflag does not know says that a number is a bound (<, >).",
        'Write the comparator in front of the number, or name the column in a layout: "comparator" '
        'reads it, "" leaves it out.',
    ),
    (
        "column-of-materials",
        ERROR,
        "A column that labflag does not know says that the specimen is no blood.",
        'Name the column in a layout: "material" reads it, "" leaves it out.',
    ),
    (
        "column-of-statuses",
        ERROR,
        "A column that labflag does not know says that the result is preliminary, corrected or "
        "cancelled.",
        'Name the column in a layout: "status" reads it, "" leaves it out.',
    ),
    (
        "column-of-warnings",
        ERROR,
        "A column that labflag does not know warns of the specimen.",
        'Name the column in a layout: "comment" or "film" reads it, "" leaves it out.',
    ),
    (
        "run-failed",
        ERROR,
        "Other results of the same measurement failed.",
        "Send the results of the repeated measurement.",
    ),
    (
        "second-unit-unclear",
        NOTE,
        "The same result in a second unit was not compared; the first was used.",
        "Nothing to do, unless the first is the wrong one.",
    ),
    (
        "comparator-unclear",
        ERROR,
        "The column of comparators holds something that is none.",
        "Write <, >, <= or >=, or leave the cell empty.",
    ),
    (
        "comparator-contradiction",
        ERROR,
        "The comparator beside the number and another one of the result differ.",
        "Leave the one that is right.",
    ),
    (
        "values-disagree",
        ERROR,
        "The result and the same result in its second unit differ.",
        "Correct the value or the unit that is wrong.",
    ),
    (
        "analyte-unknown",
        NOTE,
        "Results of analytes that labflag does not use were left out.",
        "Nothing to do, unless one of them should have been recognized.",
    ),
    (
        "analyte-unclear",
        ERROR,
        "The name of the analyte is close to one that labflag knows, but not the same.",
        "Correct the name, or give its LOINC code.",
    ),
    (
        "analyte-unlisted",
        ERROR,
        "The name of the analyte is not known, and its unit is that of a blood count.",
        "Correct the name, or give its LOINC code; what is none of ours, name in a layout.",
    ),
    (
        "correction-held",
        ERROR,
        "The count corrected for nucleated red cells is held; this one is not corrected.",
        "Correct the row of the corrected count.",
    ),
    (
        "count-uncorrected",
        ERROR,
        "The count is said not to be corrected for nucleated red cells, and no other stands by it.",
        "Send the corrected count.",
    ),
    (
        "analyte-contradiction",
        ERROR,
        "The LOINC code and the name of the analyte contradict each other.",
        "Correct one of them.",
    ),
    (
        "analyte-missing",
        ERROR,
        "The row does not say what was measured.",
        "Fill in the name of the analyte or its LOINC code.",
    ),
    (
        "loinc-unknown",
        ERROR,
        "The name is one that labflag knows, but the LOINC code is not known for it.",
        "Correct the code, or add it to the analyte.",
    ),
    (
        "unit-missing",
        ERROR,
        "The unit is missing, and the number means different things in different units.",
        "Give the unit in the unit column, in the header or behind the number; a reference "
        "interval beside it is read in this unit too.",
    ),
    (
        "unit-not-accepted",
        ERROR,
        "The unit does not belong to this analyte.",
        "Correct the unit; a reference interval beside it must be in the right unit too.",
    ),
    (
        "unit-contradiction",
        ERROR,
        "The unit in the cell and the unit of its column contradict each other.",
        "Correct the one that is wrong; a reference interval beside it must be in the right unit "
        "too.",
    ),
    # Cells
    (
        "value-missing",
        ERROR,
        "The row has no result.",
        "Enter the result, or delete the row if nothing was measured.",
    ),
    (
        "not-measured",
        ERROR,
        "The laboratory says that there is no result.",
        "Send the result when there is one, or delete the row if nothing was measured.",
    ),
    (
        "measurement-failed",
        ERROR,
        "The analyzer marked the result as failed, unreliable or out of its range.",
        "Measure again and send the new result.",
    ),
    (
        "specimen-unreliable",
        ERROR,
        "The laboratory says that the specimen is not to be trusted.",
        "Send the result of a new specimen.",
    ),
    (
        "mark-doubtful",
        NOTE,
        "The analyzer marked the number as doubtful; findings made with it are unconfirmed.",
        "Look at the specimen and measure again.",
    ),
    (
        "mark-unreliable",
        ERROR,
        "The analyzer marked the number as doubtful.",
        "Measure again and send the new result.",
    ),
    (
        "mark-unclear",
        NOTE,
        "An asterisk beside a result may mean abnormal or unreliable; the result was used.",
        "Check it against the analyzer.",
    ),
    (
        "answer-unreadable",
        ERROR,
        "The words of the result do not say whether it was seen or found.",
        "Write present, not seen or a grade such as 1+, of an antibody positive or negative; leave"
        " it held where the laboratory says neither; see docs/context.md.",
    ),
    (
        "answer-is-number",
        ERROR,
        "The antibody is reported as a number, and the limit is that of the laboratory's assay.",
        "Write positive or negative, as the laboratory calls it, beside the number or in its"
        " place.",
    ),
    (
        "context-not-used",
        NOTE,
        "The cell cannot be read and is not used; what depends on it is judged as if nothing had"
        " been said.",
        "Correct it in the export; docs/context.md lists what is read.",
    ),
    (
        "remark-unclear",
        NOTE,
        "The remark may be meant in more than one way and is not used.",
        "Read it yourself; say it plainly in a column of its own if it matters.",
    ),
    (
        "observations-disagree",
        ERROR,
        "Results in words of one specimen say yes and no, or one of them cannot be read.",
        "Ask the laboratory which one is right and send it as corrected.",
    ),
    (
        "context-contradiction",
        NOTE,
        "What is said of one specimen contradicts itself and is not used.",
        "Find out which is right and correct the export.",
    ),
    (
        "context-against-sex",
        ERROR,
        "It is stated for a patient of the other sex; one of the two is wrong.",
        "Find out which is right and correct the export.",
    ),
    (
        "remark-not-understood",
        NOTE,
        "A remark of the laboratory holds no word that labflag knows; it changed nothing.",
        "Read it in the file: it may change what the results of the specimen mean.",
    ),
    (
        "context-not-understood",
        NOTE,
        "Medications or conditions hold no word that labflag knows; they changed nothing.",
        "Nothing to do, unless one of them bears on the results: see docs/context.md.",
    ),
    (
        "comment-warns",
        NOTE,
        "The laboratory's comment casts doubt on the specimen.",
        "Read the comment before using the result.",
    ),
    (
        "percent-as-fraction",
        ERROR,
        "Percentages of a differential that add up to about one are fractions.",
        "Write them as percentages, or correct the unit.",
    ),
    (
        "percent-or-fraction",
        ERROR,
        "A percentage below one that stands alone may as well be a fraction of one.",
        "Send the rest of the differential with it, or correct the number or its unit.",
    ),
    (
        "not-a-number",
        ERROR,
        "The result is not a number that can be read without doubt.",
        "Enter a number such as 12.5, or a limit such as <150.",
    ),
    (
        "number-ambiguous",
        ERROR,
        "The number can be read in two ways.",
        "Write it without thousands separators, with one decimal sign in the whole file.",
    ),
    (
        "value-impossible",
        ERROR,
        "The number cannot be a human result in this unit; the unit or the number is wrong.",
        "Check the unit first, then the number; under a header that states the unit, write the "
        "number in that unit. Where the unit was wrong, correct the reference interval beside "
        "it too.",
    ),
    (
        "index-too-high",
        ERROR,
        "The number is higher than red cells can give; they may be clumped, or the unit is wrong.",
        "Check the unit, and with it the reference interval beside it; if both are right, warm the "
        "specimen and measure again.",
    ),
    (
        "value-unusual",
        NOTE,
        "The number is possible but rare.",
        "Check it against the analyzer.",
    ),
    (
        "index-mismatch",
        NOTE,
        "Results of one specimen do not follow from each other; a unit or a number may be wrong.",
        "Check their units first, then the numbers against the analyzer.",
    ),
    (
        "flag-contradicts",
        NOTE,
        "The laboratory's flag says high where the number lies below its interval, or the reverse.",
        "Check the number, its unit and the interval.",
    ),
    (
        "date-unreadable",
        ERROR,
        "The date cannot be read.",
        "Write it as 2024-05-31.",
    ),
    (
        "date-ambiguous",
        ERROR,
        "Day and month cannot be told apart anywhere in this column.",
        'Write 2024-05-31, or date_order = "day-first" (or "month-first") in labflag.toml.',
    ),
    (
        "date-orders-differ",
        NOTE,
        "The dates of this column stand in two orders of day and month.",
        "Export one order; rows of which both readings are possible are held.",
    ),
    (
        "date-impossible",
        ERROR,
        "The dates contradict each other: collected before birth, or in the future.",
        "Correct the one that is wrong; it may be either.",
    ),
    (
        "time-offset",
        NOTE,
        "Times were read as the local times that they show, without their offset.",
        "Nothing to do, if the laboratory writes its own local time.",
    ),
    (
        "sex-unreadable",
        ERROR,
        "The entry for sex is not one that can be read without doubt.",
        "Write F or M, or leave it empty if it is not known.",
    ),
    (
        "sex-other",
        NOTE,
        "The entry for sex says neither female nor male for certain; the sex counts as not known.",
        "Nothing to do; limits that depend on the sex may leave a question open.",
    ),
    (
        "age-unreadable",
        ERROR,
        "The age cannot be read.",
        "Write years, or a number with its unit such as 8m or 12d.",
    ),
    (
        "age-contradiction",
        NOTE,
        "Age and birth date differ by more than a year; the birth date was used.",
        "Correct the one that is wrong.",
    ),
    (
        "status-unreadable",
        ERROR,
        "The status of the result is not known.",
        "Write final, corrected, preliminary or cancelled.",
    ),
    (
        "reference-unreadable",
        NOTE,
        "The laboratory's reference interval cannot be read and was left out.",
        "Write its ends as numbers.",
    ),
    (
        "cell-boolean",
        ERROR,
        "The cell holds a truth value instead of a number or a text.",
        "Enter what it should be; format the column as text first.",
    ),
    (
        "cell-error",
        ERROR,
        "The cell holds an error of the spreadsheet instead of a value.",
        "Correct the formula, or enter the value.",
    ),
    (
        "cell-formula",
        ERROR,
        "The cell holds a formula whose result was never saved.",
        "Open the workbook in Excel, save it and send it again.",
    ),
    (
        "cell-format",
        ERROR,
        "The cell shows something else than its number, such as leading zeros or a percentage.",
        "Format ids as text and results as General, and check that they are right.",
    ),
    (
        "cell-digits",
        ERROR,
        "The number has more digits than a spreadsheet keeps; the last ones may be wrong.",
        "Format the column as text and enter the number again.",
    ),
    (
        "cell-date",
        ERROR,
        "The cell holds a duration, or a date before March 1900 or outside the calendar.",
        "Enter the date as text, such as 2024-05-31.",
    ),
    (
        "cell-merged",
        ERROR,
        "The cell is hidden under a merged cell.",
        "Unmerge the cells and check what stands in them.",
    ),
    # Who
    (
        "file-changed",
        ERROR,
        "What is stored of this file was changed from outside labflag.",
        "Find out who did it (`labflag audit verify`). Put the file into the inbox again, from the "
        "archive: it is read anew; or put back a copy of the history with `labflag restore`.",
    ),
    (
        "seal-broken",
        ERROR,
        "Stored results of this patient were changed from outside labflag: none of them is used.",
        "Put the file that was changed into the inbox again, from the archive: it is read anew. "
        "issues.csv names it with `file-changed`.",
    ),
    (
        "identity-conflict",
        ERROR,
        "One patient id stands with different birth dates, sexes or names.",
        "Find out who is who, then correct the rows or decide with `labflag release` or `labflag "
        "reject`; until then nothing is reported for this id.",
    ),
    (
        "identity-rejected",
        ERROR,
        "A person decided that the result is not of the patient whose id it carries.",
        "If it is known whose it is, correct the id and hand the row back.",
    ),
    (
        "demographics-completed",
        NOTE,
        "Sex or birth date was taken from other rows of the same patient.",
        "Nothing to do, if the patient id is right.",
    ),
    (
        "specimen-conflict",
        ERROR,
        "One specimen id stands with two patients.",
        'If numbers start anew each day, say so: specimen_ids = "restart-daily" in labflag.toml or '
        "in the layout. Else find out whose specimen it is and decide with `labflag release` or "
        "`labflag reject`; until then nothing of it is reported.",
    ),
    (
        "specimen-rejected",
        ERROR,
        "A person decided that the specimen with this id is another patient's.",
        "If it is known which specimen it is, correct the specimen id and hand the row back.",
    ),
    (
        "specimen-misidentified",
        ERROR,
        "The laboratory says that the blood in the tube is another person's, or mislabeled.",
        "Find out whose it is and take a new specimen; until then nothing is reported of this one.",
    ),
    (
        "specimen-two-days",
        ERROR,
        "One specimen id stands with two collection days.",
        'If numbers start anew each day, say so: specimen_ids = "restart-daily" in labflag.toml or '
        "in the layout. Else give each specimen its own id, or correct the wrong day; until then "
        "nothing is reported.",
    ),
    (
        "specimen-no-day",
        ERROR,
        "The number of the specimen starts anew each day, and no day of collection is stated.",
        "Enter the day of collection and hand the row back.",
    ),
    (
        "specimen-ids-daily",
        NOTE,
        "The layout says that specimen numbers start anew each day: number and day are its id.",
        "",
    ),
    (
        "specimen-ids-assumed",
        NOTE,
        "The same specimen numbers stand with other people on other days, in this and other files "
        "of the same kind: number and day are taken to name a specimen.",
        'Say which it is in labflag.toml or in the layout: specimen_ids = "restart-daily", or '
        '"unique" (labflag.toml only) if the numbers are at fault.',
    ),
    (
        "specimen-times",
        NOTE,
        "Results of one specimen id have different collection times; they count as one specimen.",
        "Nothing to do, if they are times of receipt.",
    ),
    # Which result counts
    (
        "results-disagree",
        ERROR,
        "Two final results of one analyte and specimen differ.",
        "Cancel the wrong one, or send the right one as corrected.",
    ),
    (
        "result-cancelled",
        NOTE,
        "A result was withdrawn by the laboratory.",
        "",
    ),
    (
        "differential-not-measured",
        NOTE,
        "A differential count that is zero in every line was not measured.",
        "",
    ),
    (
        "counts-contradict",
        ERROR,
        "A part is counted higher than the whole: neutrophils cannot exceed white cells.",
        "Check both counts, and send the right ones as corrected.",
    ),
    (
        "zero-alone",
        ERROR,
        "A zero without the rest of the differential may mean that nothing was measured.",
        "Send the whole differential; if nothing was measured, empty the row or, where it holds "
        "other results, the cell.",
    ),
    # Rows that were handed back
    (
        "hold-closed",
        NOTE,
        "Rows of this file were handed back in another one, which replaces what stands here.",
        "",
    ),
    (
        "hold-elsewhere",
        NOTE,
        "Rows were handed back whose original file was not read with them; they count like others.",
        "Nothing to do, unless the original file should have been read too.",
    ),
    (
        "hold-withdrawn",
        NOTE,
        "Rows of this file correct a file that was taken back since; they do not count.",
        "Nothing to do. If they should count, undo it: `labflag withdraw --undo` and that file.",
    ),
    (
        "hold-unchecked",
        ERROR,
        "A cell of the row still carries the sign [check].",
        "Correct what stands behind the sign, or leave it if it is right; then delete the sign.",
    ),
    (
        "hold-damaged",
        ERROR,
        "The hold id of the row cannot be read.",
        "Hand the row back in the workbook that is made of this file, which gives it a right one; "
        "or correct it in this file from the workbook that it was copied from.",
    ),
    (
        "hold-mixed",
        ERROR,
        "Rows of files with different decimal signs were handed back in one table.",
        "Hand them back in a file of their own for each file that they come from.",
    ),
    (
        "hold-contradiction",
        ERROR,
        "Two files hand this row back with different content.",
        "Keep the one that is right and take the row out of the other file.",
    ),
)
"""Code → kind, in the order in which docs list them."""
