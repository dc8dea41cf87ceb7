"""How the tables of one file are to be read: what they settle themselves, and what is stated."""

from collections.abc import Sequence

from pipeline.ingest.formats.readers import FileTables
from pipeline.ingest.layout.dialect import (
    Conventions,
    decide_date_order,
    decide_decimal,
    prove_date_orders,
    reads_two_ways,
)
from pipeline.ingest.layout.headers import HeaderIndex
from pipeline.ingest.layout.layout_words import AgeUnit
from pipeline.ingest.layout.plan import Plan
from pipeline.ingest.long_format import LongTable
from pipeline.ingest.text_tables import DateOrder, SiteConventions, SourceFile
from pipeline.issues import all_issues, issue_of_file, issues_at, no_issues
from schemas import DataFrame, Issues

_DATES = ("birth_date", "collected_at")
_ORDERS = {"day-first": "day first", "month-first": "month first"}
_NUMBERS = ("value", "reference_low", "reference_high")


def decide_conventions(
    file: SourceFile,
    read: FileTables,
    plans: Sequence[Plan],
    long_table: Sequence[LongTable],
    index: HeaderIndex,
    site: SiteConventions,
) -> tuple[tuple[Conventions, ...], DataFrame[Issues]]:
    """Decide how each table of a file is read; the decimal sign from all of them together.

    Returns:
        A reading for each plan, and issues: numbers that may be thousands or decimals in a file
        that has both decimal signs, and a note on a column whose dates stand in two orders.
    """
    texts = {text for each in long_table for text in _numbers_of(each)}
    table_conventions: list[Conventions] = []
    issues: list[DataFrame[Issues]] = []
    for plan, each in zip(plans, long_table, strict=True):
        decimal = decide_decimal(
            texts,
            layout=plan.layout.decimal if plan.layout else "",
            site=site.decimal,
        )
        if decimal.is_contradicted:
            issues.append(_doubtful_numbers(each))
        issues += [_note_date_orders(name, plan, each, site) for name in _DATES]
        table_conventions.append(
            Conventions(
                source_file=file.name,
                sha8=file.sha256[:8],
                shape=plan.shape,
                sheet=each.sheet,
                layout=plan.layout.id if plan.layout else "",
                encoding=read.encoding,
                delimiter=read.delimiter,
                decimal=decimal.sign,
                date_order={name: _decide_order(name, plan, each, site) for name in _DATES},
                header_row=plan.header_row,
                sex=plan.layout.sex if plan.layout else {},
                age_unit=_age_unit(plan),
                population=(plan.layout.population if plan.layout else "") or site.population,
                columns=describe_columns(plan),
                nearest=_nearest(plan, index),
            )
        )
    return tuple(table_conventions), all_issues(*issues)


def describe_columns(plan: Plan) -> dict[str, str]:
    """Say of each header what it was taken for; headers that repeat get their column number."""
    roles = {at: name for name, columns in plan.fields.items() for at in columns}
    for each in plan.results:
        meaning = each.meaning
        what = meaning.analyte or meaning.name
        unit = f" [{meaning.unit}]" if meaning.unit else ""
        roles[each.column] = f"{what}{unit}" if meaning.kind == "analyte" else "not used"
        if meaning.code and not (meaning.code == "unit-missing" and "unit" in each.attached):
            roles[each.column] = f"{what}{unit}: {meaning.code}"
        roles |= {at: f"{name} of {what}" for name, at in each.attached.items()}
    roles |= {each.column: f"not used; holds {each.holds}" for each in plan.doubtful}
    described: dict[str, str] = {}
    for at, header in enumerate(plan.headers):
        if header or at in roles:
            key = f"{header} (column {at + 1})" if header in described or not header else header
            described[key] = roles.get(at, "not used")
    return described


def _numbers_of(long_table: LongTable) -> set[str]:
    return {text for name in _NUMBERS for text in long_table.export[name].unique()}


def _decide_order(name: str, plan: Plan, long_table: LongTable, site: SiteConventions) -> DateOrder:
    return decide_date_order(long_table.export[name].unique(), _stated_order(name, plan, site))


def _stated_order(name: str, plan: Plan, site: SiteConventions) -> DateOrder:
    stated = {plan.meanings[at].date_order for at in plan.fields.get(name, ())} - {""}
    layout = plan.layout.date_order if plan.layout else ""
    return stated.pop() if stated else layout or site.date_order


def _note_date_orders(
    name: str, plan: Plan, long_table: LongTable, site: SiteConventions
) -> DataFrame[Issues]:
    """Note a column whose dates contradict one another, or the order that was stated."""
    texts = long_table.export[name]
    proofs = prove_date_orders(texts.unique())
    stated = _stated_order(name, plan, site)
    if len({*proofs, stated} - {""}) < 2:
        return no_issues()
    rows = {
        order: long_table.export["source_row"][texts.eq(date)].iloc[0]
        for order, date in proofs.items()
    }
    said = [f"{_ORDERS[order]} in row {row}" for order, row in sorted(rows.items())]
    if stated and stated not in proofs:
        said.insert(0, f"{_ORDERS[stated]} by the setting or header")
    first = long_table.export.iloc[0]
    return issue_of_file(
        first["source_file"],
        "date-orders-differ",
        sheet=first["source_sheet"],
        column=long_table.headers.get(name, ""),
        row=max(rows.values()),
        detail=", ".join(said),
    )


def _doubtful_numbers(long_table: LongTable) -> DataFrame[Issues]:
    values = long_table.export["value"]
    unclear = values.isin([text for text in values.unique() if reads_two_ways(text)])
    return issues_at(long_table.export[unclear], "number-ambiguous")


def _age_unit(plan: Plan) -> AgeUnit:
    stated = [plan.meanings[at].age_unit for at in plan.fields.get("age", ())]
    layout = plan.layout.age_unit if plan.layout else ""
    return layout or next(iter(stated), "")


def _nearest(plan: Plan, index: HeaderIndex) -> dict[str, str]:
    used = plan.used()
    near = {
        header: plan.meanings[at].nearest or index.nearest(header)
        for at, header in enumerate(plan.headers)
        if header and (at not in used or plan.meanings[at].code)
    }
    return {header: name for header, name in near.items() if name}
