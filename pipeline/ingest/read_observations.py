"""What a table says in words or as context becomes `Observations`."""

from collections.abc import Callable
from typing import NamedTuple, cast

import numpy as np
import pandas as pd

from pipeline.ingest.cells.analyzer_marks import find_doubted, list_marked, list_suspected
from pipeline.ingest.cells.context_words import ABOUT_PERSON, note_unknown
from pipeline.ingest.cells.free_text import FreeTextIndex, Said, index_free_text, read_free_text
from pipeline.ingest.cells.numbers import parse_values
from pipeline.ingest.cells.qualitative import (
    Cell,
    Words,
    index_qualitative_words,
    is_number_alone,
    read_cells,
)
from pipeline.ingest.cells.value_words import ValueWords
from pipeline.ingest.cells.whole_cells import index_cells
from pipeline.ingest.layout.comment_rows import comment_texts, is_neutral, name_texts
from pipeline.ingest.layout.dialect import Conventions
from pipeline.ingest.long_format import LongTable
from pipeline.ingest.notices import (
    compare_with_interval,
    imply_films,
    join_quotations,
    list_notices,
)
from pipeline.issues import Staged, all_issues, issues_at
from pipeline.knowledge.check_observations import IN_WORDS
from pipeline.knowledge.export_terms import Observation, Scale
from pipeline.knowledge.model import Knowledge
from pipeline.lookup import look_up
from schemas import DataFrame, Issues, Observations
from schemas.vocabulary import IssueSeverity, ResultStatus

_RUNNING_TEXT = {
    "medications": "medications",
    "conditions": "person",
    "film": "specimen",
    "analyzer": "specimen",
    "specimen_remark": "specimen",
}
"""Columns of running text → what their texts are about."""
_REMARKS = ("comment", "flag", "original_text")
_OF_SPECIMEN = ("film", "specimen_remark")
"""Columns of running text in which every text is a remark on the specimen."""
_WHOSE = (
    "patient-id-missing",
    "patient-id-damaged",
    "patient-id-unsafe",
    "specimen-damaged",
    "specimen-unknown",
    "species-not-human",
    "material-unclear",
    "cell-unprintable",
    "cell-too-long",
    "hold-unchecked",
)
"""Errors that leave open whose specimen a row is about: what it says is held back with it."""
_PERSON = ["patient_id", "patient_name", "sex", "birth_date"]
_PLACE = ["source_file", "source_sheet", "source_row", "source_column"]
_SPECIMEN = ["accession", "collected_at", "collected_precision"]
_SAYS = [
    *("patient_id", "accession", "collected_at", "code", "answer", "number", "day"),
    *("status", "text"),
]


class _About(NamedTuple):
    """What a column or a name of a result means."""

    observation: Observation
    scale: Scale | None


def observe(
    long_table: LongTable,
    parsed: pd.DataFrame,
    issues: DataFrame[Issues],
    comment_rows: "pd.Series[bool]",
    conventions: Conventions,
    knowledge: Knowledge,
) -> Staged[DataFrame[Observations]]:
    """Read film words, remarks and context of one table.

    Args:
        melted: The table as text, with its columns of context.
        parsed: The same results typed, in the same order, with `ignored`.
        issues: What was found in them so far.
        remark_rows: The rows that hold a remark instead of a result.
        reading: How the table is read.
        knowledge: Observations, and how answers are worded.

    Returns:
        Observations; those with a `result_id` are the results whose `analyte` is an
        observation and that can be read. Issues: `answer-unreadable`, `answer-is-number`,
        `value-missing`, `not-measured` (those results are held), `context-not-used`,
        `remark-unclear`, `remark-not-understood`, `context-not-understood`. What stands in a
        cancelled row, or in one of which it is open whose it is, is not read.
    """
    words = index_qualitative_words(knowledge)
    is_result = parsed["analyte"].isin(list(_list_about(knowledge))) & ~parsed["ignored"]
    results, of_results = _read_results(parsed[is_result], words, conventions, knowledge)
    sound = parsed[_is_sound(long_table, parsed, issues)]
    remarks, of_remarks = _read_comments(long_table, sound, comment_rows, conventions, knowledge)
    context, of_context = _read_context(long_table, sound, words, conventions, knowledge)
    noticed = list_notices(long_table, parsed, sound, conventions, knowledge)
    marks, of_marks = _read_analyzer_flags(long_table, sound, knowledge)
    beside = pd.concat([remarks, context, noticed, marks], ignore_index=True).drop_duplicates(_SAYS)
    table = pd.concat([results, join_quotations(beside)], ignore_index=True)
    implied = [_imply(table, knowledge), imply_films(table, knowledge)]
    table = pd.concat([table, *implied], ignore_index=True)
    return Staged(_typed(table), all_issues(of_results, of_remarks, of_context, of_marks))


def _typed(table: pd.DataFrame) -> DataFrame[Observations]:
    kinds = Observations.column_types()
    return cast(DataFrame[Observations], table[list(kinds)].astype(kinds))


def _list_about(knowledge: Knowledge) -> dict[str, _About]:
    """Give what each id means by which a column or a result is named."""
    return {
        name: _About(each, scale)
        for each in knowledge.observations.values()
        for name, scale in ((each.id, None), *((scale.id, scale) for scale in each.scales))
    }


def _is_sound(
    long_table: LongTable, parsed: pd.DataFrame, issues: DataFrame[Issues]
) -> "pd.Series[bool]":
    """Whether it is known whose specimen each row is about, and the row still stands."""
    headers = [
        long_table.headers[name]
        for name in ("patient_id", "sample_id")
        if name in long_table.headers
    ]
    found = all_issues(long_table.issues, issues)
    error = found["severity"].eq(str(IssueSeverity.ERROR))
    open_ = found[error & (found["code"].isin(_WHOSE) | found["column"].isin(headers))]
    known = parsed["patient_id"].ne("") & parsed["accession"].ne("")
    stands = parsed["status"].ne(str(ResultStatus.CANCELLED))
    return known & stands & ~parsed["result_id"].isin(open_["result_id"].dropna())


def _read_results(
    rows: pd.DataFrame, words: Words, conventions: Conventions, knowledge: Knowledge
) -> tuple[pd.DataFrame, DataFrame[Issues]]:
    """Read the results whose names are observations."""
    about = _list_about(knowledge)
    parts: list[pd.DataFrame] = []
    issues: list[DataFrame[Issues]] = []
    for name, group in rows.groupby("analyte", sort=True):
        cells, codes = _take_cells(group["original_text"], about[str(name)], words, conventions)
        why = _why_not(group["original_text"], words.values, conventions)
        answer = cells["answer"].take(codes).set_axis(group.index)
        unread = answer.isin(["", "?"])
        reason = why.mask(why.eq(""), "answer-unreadable")
        if about[str(name)].observation.group in IN_WORDS:
            is_number = answer.eq("?") & _are_numbers(group, about[str(name)].observation)
            against = compare_with_interval(group, conventions, words.values).where(is_number, "")
            # Of all that says nothing by itself, a number beside the interval of its assay does.
            answer, unread = answer.mask(against.ne(""), against), unread & against.eq("")
            reason = reason.mask(is_number, "answer-is-number")
        issues += [issues_at(group[unread & reason.eq(code)], code) for code in sorted(set(reason))]
        said = cells.take(codes).assign(answer=answer.to_numpy())
        part = _located(group, said, about[str(name)].observation.id)
        part["result_id"], part["status"] = group["result_id"], group["status"]
        parts.append(part[~unread])
    return pd.concat([_nothing(), *parts], ignore_index=True), all_issues(*issues)


def _are_numbers(rows: pd.DataFrame, observation: Observation) -> "pd.Series[bool]":
    """Mark the rows that hold a number without a word."""
    codes, distinct = pd.factorize(rows["original_text"])
    alone = np.array([is_number_alone(text, observation) for text in distinct], bool)
    return pd.Series(alone[codes], rows.index)


def _why_not(
    texts: "pd.Series[str]", words: ValueWords, conventions: Conventions
) -> "pd.Series[str]":
    """Say why results hold no answer, `value-missing` or `not-measured`; "" for other words."""
    codes, distinct = pd.factorize(texts)
    read = parse_values(list(distinct), words, conventions.decimal)["code"]
    known = read.where(read.isin(["value-missing", "not-measured"]), "")
    return known.take(codes).set_axis(texts.index)


def _read_comments(
    long_table: LongTable,
    sound: pd.DataFrame,
    comment_rows: "pd.Series[bool]",
    conventions: Conventions,
    knowledge: Knowledge,
) -> tuple[pd.DataFrame, DataFrame[Issues]]:
    """Read comments, flags and results that are no numbers, for words about the specimen."""
    index = index_free_text(knowledge, "specimen")
    own = long_table.export[comment_rows.to_numpy()]
    is_remark = sound["result_id"].isin(own["result_id"])
    numeric = ~sound["ignored"] & ~sound["analyte"].isin(list(knowledge.observations))
    parts: list[pd.DataFrame] = []
    issues: list[DataFrame[Issues]] = []
    for name in _REMARKS:
        # Comments on other analytes of a shared specimen number are about another tube.
        meant = ~sound["ignored"] if name != "original_text" else numeric
        if name == "original_text":
            meant &= sound["original_value"].isna()
        rows = sound[meant & sound[name].ne("")]
        header = next((h for h, taken in conventions.columns.items() if taken == name), "")
        by_analyzer = name == "flag"
        said, doubts = _read_running(
            rows,
            rows[name],
            lambda text, by=by_analyzer: read_free_text(text, index, by_analyzer=by),  # type: ignore[misc]
            header,
            knowledge,
        )
        parts.append(said)
        issues.append(doubts)
    rows = sound[is_remark]
    texts = comment_texts(own, index).set_axis(own["result_id"]).reindex(rows["result_id"])
    said, doubts = _read_running(
        rows, texts, lambda text: read_free_text(text, index), "", knowledge
    )
    parts.append(said)
    issues += [doubts, _not_understood(rows, texts, index, knowledge)]
    return pd.concat([_nothing(), *parts], ignore_index=True), all_issues(*issues)


def _not_understood(
    rows: pd.DataFrame, texts: "pd.Series[str]", index: FreeTextIndex, knowledge: Knowledge
) -> DataFrame[Issues]:
    """Name the remarks in which no word is known, and which are none that mean nothing."""
    known = {
        text: bool(read_free_text(text, index)) or is_neutral(text, knowledge)
        for text in pd.unique(texts)
    }
    is_known = texts.map(known).to_numpy(bool)
    # The row itself is no result: what is said of it must not go with what is ignored.
    noted = issues_at(_first_per_key(rows[~is_known]), "remark-not-understood")
    none = pd.Series(pd.NA, index=noted.index, dtype="Int64")
    return all_issues(noted.assign(result_id=none))


def _read_context(
    long_table: LongTable,
    sound: pd.DataFrame,
    words: Words,
    conventions: Conventions,
    knowledge: Knowledge,
) -> tuple[pd.DataFrame, DataFrame[Issues]]:
    """Read the columns that say something of a person or specimen."""
    about = _list_about(knowledge)
    first = sound.drop_duplicates("source_row").drop(columns="source_column")
    parts: list[pd.DataFrame] = []
    issues: list[DataFrame[Issues]] = []
    for (name, header), cells in long_table.context.groupby(["about", "column"], sort=True):
        rows = first.merge(cells[["source_row", "text", "is_bad"]], on="source_row")
        rows["source_column"] = str(header)
        issues.append(issues_at(rows[rows["is_bad"]], "context-not-used"))
        rows = rows[~rows["is_bad"]]
        if name in _RUNNING_TEXT:
            index = index_free_text(knowledge, _RUNNING_TEXT[str(name)])  # type: ignore[arg-type]
            texts = rows["text"]
            if name in _OF_SPECIMEN:
                texts = name_texts(texts, str(header), index)
                issues.append(_not_understood(rows, texts, index, knowledge))
            elif name in ABOUT_PERSON:
                issues.append(note_unknown(rows, str(header), index, knowledge))
            by_analyzer = name == "analyzer"
            if by_analyzer:
                suspected, left = _read_suspects(rows, str(header), words, conventions, knowledge)
                parts.append(suspected)
                issues.append(_not_understood(left, left["text"], index, knowledge))
            said, doubts = _read_running(
                rows,
                texts,
                lambda text, index=index, by=by_analyzer: read_free_text(  # type: ignore[misc]
                    text, index, by_analyzer=by
                ),
                str(header),
                knowledge,
            )
        else:
            meant = about[str(name)]
            read, codes = _take_cells(rows["text"], meant, words, conventions)
            said = _located(rows, read.take(codes), meant.observation.id)
            title = meant.observation.title
            doubts = issues_at(
                _first_per_key(rows[said["answer"].eq("?")]), "context-not-used", detail=title
            )
            said = said[said["answer"].isin(["yes", "no", "unclear"])]
        parts.append(said)
        issues.append(doubts)
    return pd.concat([_nothing(), *parts], ignore_index=True), all_issues(*issues)


def _read_suspects(
    rows: pd.DataFrame, header: str, words: Words, conventions: Conventions, knowledge: Knowledge
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the cells of a column of suspect flags that say no more than yes, such as 1.

    Returns:
        What they say, and the rows whose cells are no answer by themselves.
    """
    parts, left = [_nothing()], rows
    for code in list_suspected(header, knowledge):
        meant = _About(knowledge.observations[code], None)
        read, codes = _take_cells(rows["text"], meant, words, conventions)
        said = _located(rows, read.take(codes), code)
        parts.append(said[said["answer"].eq("yes")])
        left = rows[said["answer"].eq("?").to_numpy()]
    return pd.concat(parts, ignore_index=True), left


def _read_analyzer_flags(
    long_table: LongTable, sound: pd.DataFrame, knowledge: Knowledge
) -> tuple[pd.DataFrame, DataFrame[Issues]]:
    """Read the doubtful marks of an analyzer; where no observation says it, the result is held."""
    doubted = find_doubted(long_table.export, index_cells(knowledge))
    rows = sound[doubted.reindex(sound.index) & ~sound["ignored"] & sound["original_value"].notna()]
    code = rows["analyte"].map(list_marked(knowledge)).astype("object")
    said = rows[code.notna()]
    answers = pd.DataFrame({"answer": "yes"}, index=said.index)
    table = _located(said, answers, code.loc[said.index].astype("str"))
    return table, issues_at(rows[code.isna()], "mark-unreliable")


def _first_per_key(rows: pd.DataFrame) -> pd.DataFrame:
    """Give the first row of each specimen: a long table repeats what it says of it."""
    return rows.drop_duplicates(["patient_id", "accession"])


def _take_cells(
    texts: "pd.Series[str]", about: _About, words: Words, conventions: Conventions
) -> tuple[pd.DataFrame, "np.ndarray[tuple[int], np.dtype[np.intp]]"]:
    """Read the distinct texts of a column; give what they say, and the place of each row's."""
    codes, distinct = pd.factorize(texts)
    order = conventions.date_order.get("collected_at", "")
    cells = read_cells(
        list(distinct),
        about.observation,
        words,
        scale=about.scale,
        decimal=conventions.decimal,
        order=order,
    )
    return pd.DataFrame(cells, columns=list(Cell._fields)), codes


def _read_running(
    rows: pd.DataFrame,
    texts: "pd.Series[str]",
    read: Callable[[str], tuple[Said, ...]],
    header: str,
    knowledge: Knowledge,
) -> tuple[pd.DataFrame, DataFrame[Issues]]:
    """Read running text once for each distinct text."""
    codes, distinct = pd.factorize(texts)
    found = [(at, *said) for at, text in enumerate(distinct) for said in read(text)]
    said = pd.DataFrame(found, columns=["text_at", "code", "answer"])
    said = said.astype({"text_at": "int64", "code": "str", "answer": "str"})
    pairs = rows.assign(text_at=codes).drop(columns="code", errors="ignore")
    pairs = pairs.merge(said, on="text_at", how="inner")
    if header:
        pairs["source_column"] = header
    table = _located(pairs, pairs[["answer"]], pairs["code"])
    quoted = [each.id for each in knowledge.observations.values() if each.quotes]
    texts_of = pd.Series(list(distinct), dtype="str").reindex(pairs["text_at"])
    table["text"] = texts_of.set_axis(table.index).where(table["code"].isin(quoted), "")
    doubts = [
        issues_at(
            _first_per_key(group), "remark-unclear", detail=knowledge.observations[str(code)].title
        )
        for code, group in pairs[pairs["answer"].eq("")].groupby("code", sort=True)
    ]
    return table[table["answer"].ne("")], all_issues(*doubts)


def _located(rows: pd.DataFrame, said: pd.DataFrame, code: "str | pd.Series[str]") -> pd.DataFrame:
    """Put what was said beside whose it is and where it stands."""
    kinds = Observations.column_types()
    table = rows[[*_PERSON, *_SPECIMEN, *_PLACE]].copy()
    table["code"] = code
    table["status"] = str(ResultStatus.FINAL)
    table["text"] = ""
    table["answer"] = said["answer"].to_numpy()
    for name in ("result_id", "number", "day"):
        told = said[name].to_list() if name in said else [None] * len(rows)
        table[name] = pd.Series(told, index=rows.index, dtype=kinds[name])
    return table


def _nothing() -> pd.DataFrame:
    return Observations.no_rows()


def _imply(table: pd.DataFrame, knowledge: Knowledge) -> pd.DataFrame:
    """Give what a yes or a number says of another observation too.

    A date does not: it may lie after the specimen on whose row it stands.
    """
    implied = {each.id: each.implies for each in knowledge.observations.values() if each.implies}
    rows = table[table["code"].isin(list(implied)) & table["answer"].eq("yes")]
    rows = rows[rows["day"].isna()]
    code = look_up(rows["code"], implied)
    # A cancelled or corrected statement says no more of what it implies.
    said = _located(rows, rows[["answer"]], code)
    return said[rows["status"].ne(str(ResultStatus.CANCELLED))].drop_duplicates(_SAYS)
