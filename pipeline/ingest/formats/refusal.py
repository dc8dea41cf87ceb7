"""The verdict on a workbook that is not read. Standard library only, for the child process."""


class Refused(Exception):
    """A workbook that must not or cannot be read.

    Args:
        code: Key of `issues.CATALOGUE`.
        detail: Words for a person; no cell content.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail
