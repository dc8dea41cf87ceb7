"""What a laboratory marked or wrote beside its results, kept so that nobody overlooks it.

Flags and remarks stand on rows of any analyte, also on those that labflag does not use. They are
kept for the specimen, each kind once, with the words as received: reports quote them.
"""

import numpy as np
import pandas as pd

from pipeline.ingest.cells.free_text import index_free_text
from pipeline.ingest.cells.numbers import parse_values
from pipeline.ingest.cells.understood_text import Understanding
from pipeline.ingest.cells.value_words import ValueWords
from pipeline.ingest.layout.dialect import Conventions
from pipeline.ingest.long_format import LongTable
from pipeline.knowledge.flags import index_flags
from pipeline.knowledge.model import Knowledge
from pipeline.knowledge.name_key import name_key
from schemas import Observations
from schemas.vocabulary import ResultStatus

_SPECIMEN = ["patient_id", "accession"]
_FILM, _FILM_TEXTS = "film", ("film", "analyzer", "specimen_remark")
"""Columns of running text about a specimen; only the first is what somebody saw in a film."""
_MOST_QUOTED = 300
_MORE = " …"
_BETWEEN = " | "
_FOREIGN = ("control", "animal")


def is_film_result(
    long_table: LongTable, rows: pd.DataFrame, knowledge: Knowledge
) -> "pd.Series[bool]":
    """Mark the rows whose result is the report on a blood film, by the name of the result."""
    film = {name_key(header) for header in knowledge.fields[_FILM].headers}
    names = long_table.export.set_index("result_id")["analyte"].reindex(rows["result_id"])
    codes, distinct = pd.factorize(names.set_axis(rows.index))
    is_film = np.array([name_key(x) in film for x in distinct] + [False])
    return pd.Series(is_film[codes], rows.index)


def list_notices(
    long_table: LongTable,
    parsed: pd.DataFrame,
    sound: pd.DataFrame,
    conventions: Conventions,
    knowledge: Knowledge,
) -> pd.DataFrame:
    """List flags and texts that no result of ours carries further.

    Args:
        melted: The table as text, with its columns of context.
        parsed: The same results typed, with `ignored`.
        sound: The rows of `parsed` of which it is known whose specimen they are about.
        reading: How the table is read.
        knowledge: Flags, neutral remarks, and the observations under which they are kept.

    Returns:
        Observations without a `result_id`: a critical flag on any row, any other flag on a row
        that is ignored although its specimen has results of ours, texts that were not understood,
        and that a film was reported.
    """
    kept = knowledge.notices
    rows = _describe(long_table, sound, knowledge)
    own = _has_own(rows, parsed)
    kinds = index_flags(knowledge).kinds_of(rows["flag"])
    critical = rows[kinds.eq("critical")]
    elsewhere = rows[kinds.isin(["low", "high", "abnormal"]) & rows["ignored"] & own]
    texts = _list_texts(long_table, rows[~rows["ignored"] | own | rows["is_film"]])
    is_understood = Understanding(index_free_text(knowledge, "specimen")).is_understood
    unread = texts[~np.array([is_understood(text) for text in texts["text"]], dtype=bool)]
    films = texts[texts["is_film"]].assign(text="")
    return pd.concat(
        [
            _as_observations(found, code)
            for found, code in (
                (critical.assign(text=critical["shown"]), kept.critical),
                (elsewhere.assign(text=elsewhere["shown"]), kept.flagged),
                (unread, kept.unread),
                (films, kept.film),
            )
        ],
        ignore_index=True,
    )


def imply_films(said: pd.DataFrame, knowledge: Knowledge) -> pd.DataFrame:
    """Say of what is looked for in films, seen or not, that a film was reported."""
    urgent = {each.id for each in knowledge.observations.values() if each.queried}
    urgent |= {each.queried for each in knowledge.observations.values() if each.queried}
    stands = said["status"].ne(str(ResultStatus.CANCELLED))
    films = said[said["code"].isin(urgent) & stands].assign(
        code=knowledge.notices.film,
        answer="yes",
        text="",
        number=None,
        result_id=None,
        status=str(ResultStatus.FINAL),
    )
    return films.astype(said.dtypes).drop_duplicates([*_SPECIMEN, "code"])


def join_quotations(said: pd.DataFrame) -> pd.DataFrame:
    """Keep one row for each specimen of what is quoted, with all its texts."""
    quoted = said["text"].ne("")
    rows = said[quoted].drop_duplicates([*_SPECIMEN, "code", "answer", "text"])
    keys = [rows[name] for name in (*_SPECIMEN, "code", "answer")]
    joined = rows.groupby(keys, sort=False)["text"].transform(_BETWEEN.join)
    once = rows.assign(text=joined.map(_shorten)).drop_duplicates([*_SPECIMEN, "code", "answer"])
    return pd.concat([said[~quoted], once.astype(said.dtypes)], ignore_index=True)


def compare_with_interval(
    rows: pd.DataFrame, conventions: Conventions, words: ValueWords
) -> "pd.Series[str]":
    """Say "yes" or "no" of numbers above or within the interval printed beside them, else ""."""
    codes, distinct = pd.factorize(rows["original_text"])
    read = (
        parse_values(list(distinct), words, conventions.decimal).iloc[codes].set_index(rows.index)
    )
    number, high = read["number"].astype("Float64"), rows["reference_high"]
    sign = read["comparator"]
    is_above = (number.gt(high) & ~sign.isin(["<", "<="])) | (number.ge(high) & sign.eq(">"))
    is_within = number.le(high) & ~sign.isin([">", ">="])
    answer = np.select([is_above.fillna(False), is_within.fillna(False)], ["yes", "no"], "")
    return pd.Series(answer, rows.index, dtype="str")


def _describe(long_table: LongTable, sound: pd.DataFrame, knowledge: Knowledge) -> pd.DataFrame:
    """Put the result as written beside each row, controls left out."""
    export = long_table.export.set_index("result_id")
    written = export.reindex(sound["result_id"]).set_axis(sound.index)
    parts = [written["analyte"], sound["original_text"], written["unit"], sound["flag"]]
    shown = parts[0].str.strip()
    for part in parts[1:]:
        shown = (shown + " " + part.fillna("").str.strip()).str.strip()
    kinds = {
        name_key(word): material.kind
        for material in knowledge.materials.values()
        for word in material.words
    }
    foreign = written["material"].map(name_key).map(kinds).isin(_FOREIGN)
    foreign |= written["record"].map(name_key).map(kinds).isin(_FOREIGN)
    other = written["material"].map(name_key).map(kinds).eq("other")
    rows = sound.assign(
        shown=shown, is_film=is_film_result(long_table, sound, knowledge), is_other=other
    )
    return rows[~foreign]


def _has_own(rows: pd.DataFrame, parsed: pd.DataFrame) -> "pd.Series[bool]":
    """Mark the rows of blood specimens of which something is ours."""
    own = parsed.loc[~parsed["ignored"], _SPECIMEN].drop_duplicates()
    keys = pd.MultiIndex.from_frame(rows[_SPECIMEN])
    return pd.Series(keys.isin(pd.MultiIndex.from_frame(own)), rows.index) & ~rows["is_other"]


def _list_texts(long_table: LongTable, rows: pd.DataFrame) -> pd.DataFrame:
    """List the remarks on results and the texts about the specimen, each with its place."""
    comments = rows[rows["comment"].ne("")]
    reports = rows[rows["is_film"] & rows["original_text"].ne("")]
    parts = [
        comments.assign(text=comments["comment"], is_film=False),
        reports.assign(text=reports["original_text"], is_film=True),
    ]
    first = rows.drop_duplicates("source_row").drop(columns=["source_column", "is_film"])
    context = long_table.context[
        long_table.context["about"].isin(_FILM_TEXTS) & ~long_table.context["is_bad"]
    ]
    found = first.merge(context[["source_row", "about", "column", "text"]], on="source_row")
    found["is_film"] = found["about"].eq(_FILM)
    parts.append(found.rename(columns={"column": "source_column"}))
    return pd.concat(parts, ignore_index=True).drop_duplicates([*_SPECIMEN, "text", "is_film"])


def _as_observations(rows: pd.DataFrame, code: str) -> pd.DataFrame:
    kinds = Observations.column_types()
    unknown = {
        name: pd.Series([None] * len(rows), index=rows.index, dtype=kinds[name])
        for name in ("result_id", "number", "day")
    }
    table = rows.assign(**unknown, code=code, answer="yes", status=str(ResultStatus.FINAL))
    table["text"] = table["text"].str.split().str.join(" ").str.replace(";", ",")
    return table[list(kinds)].astype(kinds)


def _shorten(text: str) -> str:
    text = " ".join(text.split()).replace(";", ",")
    return text if len(text) <= _MOST_QUOTED else text[:_MOST_QUOTED].rstrip() + _MORE
