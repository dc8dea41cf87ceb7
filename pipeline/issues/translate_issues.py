"""Issues in the language of a reader: codes and places stay, sentences change."""

import pandas as pd

from pipeline.texts import ENGLISH, Texts
from schemas import DataFrame, Issues


def translate_messages(issues: DataFrame[Issues], texts: Texts) -> DataFrame[Issues]:
    """Put the sentences of a language in the place of the English ones.

    Tables hold messages in English, so that another language reads no file again. What stands
    before the sentence (an analyte, a count, a header) stays; so does the message of an older
    version that had other words.
    """
    if texts is ENGLISH:
        return issues
    distinct = issues[["code", "message"]].drop_duplicates()
    written = pd.Series(
        [translate_message(code, text, texts) for code, text in distinct.itertuples(index=False)],
        index=pd.MultiIndex.from_frame(distinct),
        dtype="str",
    )
    keys = pd.MultiIndex.from_frame(issues[["code", "message"]])
    messages = pd.Series(written.reindex(keys).to_numpy(), index=issues.index, dtype="str")
    return Issues.require_columns(issues.assign(message=messages))


def translate_message(code: str, message: str, texts: Texts) -> str:
    """Write one message in a language."""
    english = ENGLISH.message(code) if code in ENGLISH.problems else ""
    if not english or not message.endswith(english):
        return message
    return message.removesuffix(english) + texts.message(code)
