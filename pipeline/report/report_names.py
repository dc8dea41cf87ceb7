"""Names of patients' workbooks: portable, and no two alike."""

import hashlib
import re

_PLAIN = re.compile(r"(?![.-])[A-Z0-9._-]{1,64}(?<!\.)")
_RESERVED = re.compile(r"(CON|PRN|AUX|NUL|COM[0-9]|LPT[0-9])(\..*)?")
# A plain id of this form could be the name that another id gets.
_LIKE_A_HASHED_NAME = re.compile(r".*-[0-9A-F]{16}")


def file_name(patient_id: str) -> str:
    """Give the file name of a patient, without its suffix.

    A plain id names its file; any other gets a readable stub and 16 hex digits of its SHA-256.
    No two ids share a name, also where a file system ignores case or normalizes Unicode.
    """
    is_plain = (
        _PLAIN.fullmatch(patient_id)
        and not _RESERVED.fullmatch(patient_id)
        and not _LIKE_A_HASHED_NAME.fullmatch(patient_id)
    )
    if is_plain:
        return patient_id
    stub = re.sub(r"[^a-z0-9]+", "-", patient_id.lower()).strip("-")[:40].strip("-") or "id"
    return f"{stub}-{hashlib.sha256(patient_id.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"
