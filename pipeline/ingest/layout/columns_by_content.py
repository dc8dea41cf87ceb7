"""Columns that no header names, read by their cells: comparators, materials, statuses, warnings.

A meaning that stands beside a number belongs to it, whatever the header. Comparators are joined
with their numbers and warnings read as remarks on the specimen; what is not certain sets the
results beside it aside.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from pipeline.ingest.cells.whole_cells import SIGNS, CellWords, is_of_consequence, read_comparator
from pipeline.ingest.layout.comparator_columns import attach_comparators
from pipeline.ingest.layout.headers import HeaderIndex
from pipeline.ingest.layout.plan import DoubtfulColumn, Plan
from pipeline.ingest.text_tables import TextTable
from pipeline.knowledge.name_key import name_key

_NEARLY_ALL = Fraction(2, 3)
_MANY = Fraction(1, 2)
"""Warnings are worded in more ways than are known."""
_MOST_DISTINCT = 200
"""A column of more different texts holds no words of a short list; signs are still looked for."""
_NOT_BLOOD = ("other", "animal", "control")


def read_unused_columns(plan: Plan, table: TextTable, index: HeaderIndex) -> Plan:
    """Return the plan with what the cells of its unused columns say.

    What a layout leaves out ("" or `not_results`) stays left out.

    Args:
        plan: What the headers say.
        table: The table as read.
        index: Headers and words of cells.
    """
    last = plan.unit_row.row if plan.unit_row and plan.unit_row.is_taken else plan.header_row
    body = [cells for row, cells in table.rows[plan.header_at + 1 :] if row > last]
    plan = _without_columns_of_signs(plan, body, index.cells)
    used, free = plan.used(), left_out(plan)
    for at, header in enumerate(plan.headers):
        if at not in used and name_key(header) not in free:
            counts = Counter(cells[at].strip() for cells in body if at < len(cells))
            counts.pop("", None)
            if counts:
                plan = _read_column(plan, at, counts, index)
    columns = plan.fields.get("comparator", ())
    if plan.shape == "long" or not columns:
        return plan
    fields = {name: at for name, at in plan.fields.items() if name != "comparator"}
    plan, left = attach_comparators(replace(plan, fields=fields), columns)
    for at in left:
        texts = {cells[at].strip() for cells in body if at < len(cells)}
        signs = {text for text in texts if read_comparator(text, index.cells)}
        plan = _with_warning(plan, at, "comparators", signs)
    return plan


def left_out(plan: Plan) -> set[str]:
    """List the headers of which a layout says that they are not read, or read in another way."""
    if not plan.layout:
        return set()
    left = [header for header, name in plan.layout.columns.items() if not name]
    return {name_key(header) for header in (*left, *plan.layout.not_results)} - {""}


def _without_columns_of_signs(plan: Plan, body: Sequence[Sequence[str]], words: CellWords) -> Plan:
    """Take out result columns of no analyte that is certain which hold comparators: "PLT sign"."""
    kept = []
    for each in plan.results:
        is_unclear = each.meaning.kind == "foreign" or bool(each.meaning.code)
        texts = {cells[each.column].strip() for cells in body if each.column < len(cells)} - {""}
        signs = [words.comparator(text) for text in texts] if is_unclear else [None]
        if None in signs or not any(signs):
            kept.append(each)
    return replace(plan, results=tuple(kept)) if len(kept) < len(plan.results) else plan


def _read_column(plan: Plan, at: int, counts: Mapping[str, int], index: HeaderIndex) -> Plan:
    """Read one column by its cells: Counter of its texts."""
    words, header = index.cells, plan.headers[at]
    expected = index.by_cells.get(name_key(header)) or index.fields.get(name_key(header), "")
    is_short = len(counts) <= _MOST_DISTINCT

    def most(known: Collection[str], share: Fraction = _NEARLY_ALL) -> bool:
        return sum(counts[text] for text in known) >= share * sum(counts.values())

    if expected == "run_error":
        return _with_warning(plan, at, "errors", {x for x in counts if not words.is_sound(x)})
    signs = _comparators_of(counts, words, expected == "comparator") if is_short else {}
    if any(signs.values()) and most(signs):
        return _with_field(plan, "comparator", at)
    telling = {text for text, sign in signs.items() if sign} if expected == "comparator" else set()
    plan = _with_warning(plan, at, "comparators", telling | (SIGNS & counts.keys()))
    if not is_short:
        return plan
    marks = {text: mark for text in counts if (mark := words.mark(text))}
    doubtful = {text for text, mark in marks.items() if mark == "doubtful"}
    if doubtful and most(marks):
        return _with_analyzer_flags(plan, at, doubtful, is_sure="no-number" not in marks.values())
    kinds = {text: words.material(text) for text in counts}
    known = {text for text, kind in kinds.items() if kind not in ("", "?")}
    fluids = {text for text in known if kinds[text] in _NOT_BLOOD}
    if known and most(known):
        if expected == "material":
            return _with_field(plan, "material", at)
        if fluids:
            unknown = counts.keys() - known
            return _with_warning(plan, at, "materials", fluids | unknown)
    statuses = {text: status for text in counts if (status := words.status(text))}
    if most(statuses):
        changing = {text for text, status in statuses.items() if is_of_consequence(status)}
        if expected == "status" and "status" not in plan.fields:
            return _with_field(plan, "status", at) if changing else plan
        return _with_warning(plan, at, "statuses", changing)
    warnings = {text: kind for text in counts if (kind := words.warning(text))}
    if warnings and most({*warnings, *filter(words.is_sound, counts)}, _MANY):
        if "remark" in warnings.values():
            plan = _with_field(plan, "specimen_remark", at)
        doubts = {text for text, kind in warnings.items() if kind == "doubt"}
        return _with_warning(plan, at, "warnings", doubts)
    return plan


def _comparators_of(
    counts: Mapping[str, int], words: CellWords, is_expected: bool
) -> dict[str, str]:
    """Return the comparator of each text that is one, "" for those that say that there is none."""
    read = {
        text: read_comparator(text, words) if is_expected else words.comparator(text)
        for text in counts
    }
    return {text: sign for text, sign in read.items() if sign is not None}


def _with_field(plan: Plan, name: str, at: int) -> Plan:
    columns = (*plan.fields.get(name, ()), at)
    return replace(plan, fields={**plan.fields, name: columns})


def _with_analyzer_flags(plan: Plan, at: int, doubtful: Collection[str], *, is_sure: bool) -> Plan:
    """Read marks of an analyzer: those of a row, in a wide table those of the result before."""
    if plan.shape == "long" and is_sure:
        return _with_field(plan, "mark", at)
    owner = next((each for each in plan.results if each.column == at - 1), None)
    if owner is None or not is_sure:
        return _with_warning(plan, at, "warnings", doubtful)
    marked = replace(owner, attached={**owner.attached, "mark": at})
    results = tuple(marked if each is owner else each for each in plan.results)
    return replace(plan, results=results)


def _with_warning(plan: Plan, at: int, holds: str, texts: Collection[str]) -> Plan:
    if not texts:
        return plan
    header = plan.headers[at] or f"(column {at + 1})"
    doubt = DoubtfulColumn(column=at, header=header, holds=holds, texts=frozenset(texts))
    return replace(plan, doubtful=(*plan.doubtful, doubt))
