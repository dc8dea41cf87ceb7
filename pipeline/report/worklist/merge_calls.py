"""What was typed about calls in a saved worklist joins what was typed about them before."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from pipeline.history.notes import ANSWERS, Call, Unplaced, check_typed
from pipeline.report.worklist.line_tags import CallTag
from pipeline.report.worklist.read_notes import TypedCall
from pipeline.texts.workbook_cells import as_drawn, as_shown

Key = tuple[str, str, str]


def merge_calls(
    lines: Sequence[TypedCall], stored: Mapping[Key, Call], made: Collection[str], on: str
) -> tuple[dict[Key, Call], list[Unplaced]]:
    """Join answers with those that are stored; give the calls, and lines that are nobody's.

    Args:
        lines: Of the saved worklist.
        stored: The calls that are open.
        made: The worklists that were drawn by this history.
        on: The day, as lines that are to be placed show it.
    """
    calls, unplaced = dict(stored), list[Unplaced]()
    shown = Counter(_where(line.shown) for line in lines)
    by_source = {_where(_drawn(call)): call for call in stored.values()}
    for line in lines:
        call = _identify(line, stored, by_source, shown)
        if call is not None:
            answered = _add_answers(call, line, stored.get(call.key), made)
            if answered is not None:
                calls[call.key] = answered
        elif any(line.typed) and not _is_known(line, stored):
            unplaced.append(_set_aside(line, on))
        if line.rest and call is not None:
            unplaced.append(replace(_set_aside(line, on), text="", rest=line.rest))
    return calls, unplaced


def _identify(
    line: TypedCall,
    stored: Mapping[Key, Call],
    by_source: Mapping[tuple[str | None, ...], Call],
    shown: Mapping[tuple[str | None, ...], int],
) -> Call | None:
    """Say which call a line is; None where that is not certain."""
    tag, (patient, finding, _, _, accession) = line.tag, line.shown
    if tag is None:
        place = _where(line.shown)
        return by_source.get(place) if shown[place] == 1 else None
    agrees = patient == as_shown(tag.patient_id) and (
        accession is None or accession == as_drawn(tag.accession)
    )
    if finding is not None and tag.told:
        agrees &= finding == as_drawn(tag.told[0])
    return stored.get(_key(tag)) or _call_of(tag) if agrees else None


def _add_answers(
    call: Call, line: TypedCall, stored: Call | None, made: Collection[str]
) -> Call | None:
    """Give a call with the answers of its line; None if the line adds nothing."""
    before = stored.typed if stored else ("",) * ANSWERS
    typed = tuple(
        was if cell is None else cell for cell, was in zip(line.typed, before, strict=True)
    )
    tag = line.tag
    if tag is None or None in line.typed:
        answers = tuple(_join(was, cell) for was, cell in zip(before, typed, strict=True))
        return replace(call, typed=answers) if answers != before else None
    if check_typed(typed) == tag.check:
        # As it was drawn: the history knows better, unless another one drew it.
        return None if stored or tag.made in made else replace(call, typed=typed)
    if stored is None and not any(typed):
        return None
    if tag.check in ("", check_typed(before)) or (stored and tag.origin == stored.origin):
        return replace(call, typed=typed, origin=tag.origin)
    answers = tuple(_join(was, cell) for was, cell in zip(before, typed, strict=True))
    return replace(call, typed=answers, origin=tag.origin)


def _call_of(tag: CallTag) -> Call:
    return Call(
        patient_id=tag.patient_id,
        accession=tag.accession,
        rule=tag.rule,
        told=tag.told,
        fact=tag.fact,
    )


def _key(tag: CallTag) -> Key:
    return tag.patient_id, tag.accession, tag.rule


def _drawn(call: Call) -> tuple[str | None, ...]:
    finding, value, collected = (*call.told, "", "", "")[:3]
    cells = (finding, value, collected, call.accession)
    return as_shown(call.patient_id), *map(as_drawn, cells)


def _where(shown: tuple[str | None, ...]) -> tuple[str | None, ...]:
    """Give patient id, finding and specimen of a line."""
    return shown[0], shown[1], shown[4]


def _is_known(line: TypedCall, stored: Mapping[Key, Call]) -> bool:
    typed = tuple(cell or "" for cell in line.typed)
    return any(
        typed == call.typed
        for call in stored.values()
        if as_shown(call.patient_id) == line.shown[0]
        or (line.tag and call.patient_id == line.tag.patient_id)
    )


def _set_aside(line: TypedCall, on: str) -> Unplaced:
    typed = [cell or "" for cell in line.typed]
    seen = [cell or "" for cell in line.shown[1:]]
    return Unplaced(
        on=on,
        why="unplaced.call",
        shown_id=line.shown[0] or "",
        tag_id=line.tag.patient_id if line.tag else "",
        text="; ".join(filter(None, typed)),
        rest="; ".join(filter(None, (*seen, line.rest))),
    )


def _join(was: str, now: str) -> str:
    if not now or now in was:
        return was
    return now if not was else f"{was} / {now}"
