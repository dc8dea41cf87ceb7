"""How a file was understood, written down as a layout that a person can edit."""

import json
from collections.abc import Iterator

from pipeline.errors import ConfigError
from pipeline.ingest.dataset import Ingested
from pipeline.ingest.layout.dialect import Conventions
from pipeline.ingest.layout.plan import Plan
from pipeline.knowledge.export_terms import Layout
from schemas import DataFrame, Issues

ROW_BY_ROW = Layout(
    id="", title="An export like the one this was saved from", requires=(), row_is_patient=True
)
"""Reads a table without a column of patient ids, to write down all else that is understood."""

_OF_THEMSELVES = ("", "utf-8", "utf-8-sig", "utf-16")
_ALWAYS_THERE = ("patient_id", "sample_id", "collected_at", "analyte", "value")
_TEMPLATE = """\
# How labflag understood one export; edit it, and use it with: labflag run FILE --layout {file}
# In the folder layouts/ of a site's own knowledge it is recognized by itself.

title = {title}
# Headers that must all be there.
requires = [{requires}]
{settings}

# Header = what it holds. Known: patient_id, patient_name, sex, birth_date, age, sample_id,
# collected_at, analyte, loinc, value, comparator, unit, status, reference_low, reference_high,
# reference, flag, comment, material, record, second_value, second_unit, medications, conditions,
# film, and observations such as pregnant (docs/context.md); "" leaves a column out.
[columns]
{columns}
{tables}"""


def write_layout(ingested: Ingested, file_name: str) -> str:
    """Write the layout of a file as commented TOML.

    Reading the same file by it gives the same results. What only the file itself can say stays a
    comment: headers with a format of their own, an order of dates that its dates do not settle.

    Args:
        ingested: The file as it was read.
        file_name: Name of the layout file, for the comment.

    Raises:
        ConfigError: The file was not recognized, or its sheets have different columns.
    """
    plans = [sheet.plan for sheet in ingested.sheets]
    if not plans:
        raise ConfigError(f"{ingested.file.name}: not recognized, so there is nothing to save")
    if len({plan.headers for plan in plans}) > 1:
        raise ConfigError(
            f"{ingested.file.name}: its sheets have different columns, and one layout cannot say "
            "both; save each sheet as a file of its own"
        )
    plan, conventions = plans[0], ingested.table_conventions[0]
    title = (plan.layout or ROW_BY_ROW).title
    return _TEMPLATE.format(
        file=file_name,
        title=_quote(title),
        requires=", ".join(map(_quote, _required(plan))),
        settings="\n".join(_settings(plan, ingested.table_conventions, ingested.issues)),
        columns="\n".join(_columns(plan, conventions)),
        tables="\n".join([*_sex(conventions), *_not_results(plan), *_analytes(plan)]),
    )


def _required(plan: Plan) -> list[str]:
    """Name headers that every export of the kind has."""
    if plan.layout and plan.layout.requires:
        return list(plan.layout.requires)
    places = [plan.fields[name][0] for name in _ALWAYS_THERE if name in plan.fields]
    analytes = [each for each in plan.results if each.meaning.kind == "analyte"]
    # In another code page a header of plain letters is still the same.
    analytes.sort(key=lambda each: not each.header.isascii())
    places += [each.column for each in analytes[:1]]
    return list(dict.fromkeys(plan.headers[at] for at in places))


def _settings(
    plan: Plan, table_conventions: tuple[Conventions, ...], issues: DataFrame[Issues]
) -> Iterator[str]:
    conventions = table_conventions[0]
    orders = {order for each in table_conventions for order in each.date_order.values()} - {""}
    stated = orders if not issues["code"].isin(["date-ambiguous"]).any() else set()
    yield _setting("date_order", stated.pop() if len(stated) == 1 else "", "day-first")
    yield _setting("decimal", conventions.decimal, ",")
    encoding = "" if conventions.encoding in _OF_THEMSELVES else conventions.encoding
    yield _setting("encoding", encoding, "cp1252")
    # A header that states the unit of ages says so itself.
    age_unit = plan.layout.age_unit if plan.layout else ""
    yield _setting("age_unit", age_unit or conventions.age_unit, "years")
    yield _setting("population", conventions.population, "adult")
    daily = plan.layout.specimen_ids if plan.layout else ""
    yield _setting("specimen_ids", daily, "restart-daily")
    if plan.layout is ROW_BY_ROW:
        yield "# No column was taken for the ids of patients. Name it below, or, only if each row"
        yield "# is a patient, say so here:"
        yield "# row_is_patient = true"
    elif plan.layout and plan.layout.row_is_patient:
        yield "row_is_patient = true"
    else:
        yield "# row_is_patient = true   # rows without a patient id are patients of their own"


def _setting(key: str, value: str, example: str) -> str:
    return f"{key} = {_quote(value)}" if value else f"# {key} = {_quote(example)}"


def _columns(plan: Plan, conventions: Conventions) -> Iterator[str]:
    fields = {at: name for name, columns in plan.fields.items() for at in columns}
    kept = plan.used()
    doubtful = {each.column: each.holds for each in plan.doubtful}
    said: set[str] = set()
    for at, header in enumerate(plan.headers):
        if not header or header in said:
            continue
        said.add(header)
        if at in fields and plan.meanings[at].date_order:
            yield f"# {_quote(header)} = {_quote(fields[at])}   # says its order of dates itself"
        elif at in fields:
            yield f"{_quote(header)} = {_quote(fields[at])}"
        elif plan.layout and plan.layout.columns.get(header) == "":
            yield f'{_quote(header)} = ""'
        elif at in doubtful:
            yield f'# {_quote(header)} = ""   # holds {doubtful[at]}: say what it is'
        elif at not in kept or plan.meanings[at].kind == "foreign":
            near = conventions.nearest.get(header, "")
            hint = f"near to {_quote(near)}" if near else "not known"
            yield f'# {_quote(header)} = ""   # {hint}'


def _sex(conventions: Conventions) -> Iterator[str]:
    said = {text: str(sex) for text, sex in conventions.sex.items()}
    mark = "" if said else "# "
    yield f"{mark}[sex]"
    for text, sex in (said or {"1": "M", "2": "F"}).items():
        yield f"{mark}{_quote(text)} = {_quote(sex)}"
    yield ""


def _not_results(plan: Plan) -> Iterator[str]:
    said = plan.layout.not_results if plan.layout else {}
    if said:
        yield "# Header = cells that mark rows which are no patient results."
        yield "[not_results]"
    for header, texts in said.items():
        yield f"{_quote(header)} = [{', '.join(map(_quote, texts))}]"
    if said:
        yield ""


def _analytes(plan: Plan) -> Iterator[str]:
    for each in plan.results:
        meaning = each.meaning
        if meaning.kind not in ("analyte", "said"):
            continue
        # By a layout the column loses the name by which flags and units beside it refer to it.
        doubt = meaning.code or ("" if meaning.analyte else "depends on the unit")
        doubt = doubt or ("has columns of its own beside it" if each.attached else "")
        mark = "# " if doubt else ""
        if doubt:
            yield f"# Recognized by its header: {doubt}."
        yield f"{mark}[[analytes]]"
        yield f"{mark}header = {_quote(each.header)}"
        near = f"   # near to {_quote(meaning.nearest)}" if meaning.nearest else ""
        yield f"{mark}analyte = {_quote(meaning.analyte)}{near}"
        if meaning.unit:
            yield f"{mark}unit = {_quote(meaning.unit)}"
        yield ""


def _quote(text: str) -> str:
    """Write a TOML string; JSON's is one, but for one sign."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
