"""The kinds of files that labflag reads; readers, help and messages take them from here."""

TEXT_SUFFIXES = (".csv", ".tsv", ".txt")
WORKBOOK_SUFFIXES = (".xlsx", ".xls", ".ods")
SUFFIXES = (*TEXT_SUFFIXES, *WORKBOOK_SUFFIXES)


def list_suffixes(conjunction: str) -> str:
    """Join them as in a sentence: ".csv, .tsv or .xlsx"."""
    *first, last = SUFFIXES
    return f"{', '.join(first)} {conjunction} {last}"
