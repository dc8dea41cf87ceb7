"""Do the observations hold together: names that mean one thing, numbers that cover their range."""

from itertools import pairwise

from pipeline.errors import KnowledgeError
from pipeline.knowledge.export_terms import Observation
from pipeline.knowledge.model import CONVENTION, Knowledge
from pipeline.knowledge.name_key import name_key

ON_A_SPECIMEN = ("film", "specimen")
"""Groups that are graded, and that a remark on a result can say."""
IN_WORDS = ("antibody", "test")
"""Groups of tests whose results are words, positive or negative."""
AS_RESULTS = (*ON_A_SPECIMEN, *IN_WORDS)
"""Groups that are reported as results of their own, also where a column is named for them."""
_LEAST_LETTERS = 3
"""Shorter words stand for too many things to be looked for in running text."""


def check_observations(knowledge: Knowledge) -> None:
    """Refuse observations whose names mean something else too, or that cannot be read.

    Raises:
        KnowledgeError: Names the entry and what is wrong with it.
    """
    claimed = _claimed_elsewhere(knowledge)
    for each in knowledge.observations.values():
        where = f"observation {each.id!r}"
        if each.id in knowledge.fields:
            raise KnowledgeError(f"{where}: there is a field of that name")
        for name in names_of(each):
            other = claimed.setdefault(name_key(name), where)
            if other != where:
                raise KnowledgeError(f"{where}: the name {name!r} is claimed by {other}")
        for word in (*each.words, *each.medication_words, *each.specimen_words):
            if sum(letter.isalnum() for letter in word) < _LEAST_LETTERS:
                raise KnowledgeError(f"{where}: the word {word!r} is too short to be looked for")
        if each.medication_words and each.group in AS_RESULTS:
            raise KnowledgeError(f"{where}: a {each.group} observation has no words of medications")
        _check_antibody(each, where)
        for other in filter(None, (each.queried, each.flagged)):
            if other not in knowledge.observations:
                raise KnowledgeError(f"{where}: no observation named {other!r}")
        _check_implied(each, knowledge, where)
        _check_suspected(each, knowledge, where)
        _check_treatment(each, knowledge, where)
        _check_numbers(each, where)
        if each.source and each.source not in (*knowledge.sources, CONVENTION):
            raise KnowledgeError(f"{where}: no source named {each.source!r}")


def names_of(observation: Observation) -> tuple[str, ...]:
    """List the headers and names of an observation, those of its other scales left out.

    The id of what is said of a specimen is a name too; "zinc" said of a person is not, because
    zinc in blood is an analyte.
    """
    own = (observation.id,) if observation.group in AS_RESULTS else ()
    return tuple({name_key(name): name for name in (*observation.names, *own)}.values())


def columns_of(observation: Observation) -> dict[str, tuple[str, ...]]:
    """Give the ids by which columns are named, of its own and of its scales: id → names."""
    scales = {scale.id: (*scale.names, scale.id) for scale in observation.scales}
    return {observation.id: names_of(observation), **scales}


def list_context_columns(knowledge: Knowledge) -> tuple[str, ...]:
    """List the ids by which columns are named that say something about a person or specimen."""
    return tuple(name for each in knowledge.observations.values() for name in columns_of(each))


def _claimed_elsewhere(knowledge: Knowledge) -> dict[str, str]:
    claimed = {
        name_key(each.name): f"the look-alike {each.name!r}"
        for each in knowledge.look_alikes
        if not each.at
    }
    for analyte in knowledge.analytes.values():
        for name in (*analyte.names, *analyte.names_with_unit):
            claimed[name_key(name)] = f"analyte {analyte.id!r}"
    for field in knowledge.fields.values():
        for header in (*field.headers, field.name):
            claimed[name_key(header)] = f"field {field.name!r}"
    for each in knowledge.observations.values():
        for scale in each.scales:
            for name in scale.names:
                other = claimed.setdefault(name_key(name), f"a scale of {each.id!r}")
                if other != f"a scale of {each.id!r}":
                    raise KnowledgeError(
                        f"observation {each.id!r}: the name {name!r} is claimed by {other}"
                    )
    return claimed


def _check_antibody(observation: Observation, where: str) -> None:
    """Refuse an antibody that is no yes or no, or that running text would be searched for.

    "Suggest intrinsic factor antibodies" is an order, and reads like a result.
    """
    if observation.group not in IN_WORDS:
        return
    if observation.kind != "yes-no" or observation.scope != "specimen":
        raise KnowledgeError(f"{where}: such a test is a yes or no of a specimen")
    if observation.words:
        raise KnowledgeError(f"{where}: such a test is not looked for in running text")


def _check_implied(observation: Observation, knowledge: Knowledge, where: str) -> None:
    if not observation.implies:
        return
    implied = knowledge.observations.get(observation.implies)
    if implied is None or implied.kind != "yes-no":
        raise KnowledgeError(f"{where}: implies {observation.implies!r}, which is no yes or no")


def _check_suspected(observation: Observation, knowledge: Knowledge, where: str) -> None:
    if observation.if_suspected:
        instead = knowledge.observations.get(observation.if_suspected)
        if instead is None or not instead.counts_if_suspected:
            raise KnowledgeError(
                f"{where}: if_suspected {observation.if_suspected!r}: no yes if suspected"
            )
    if (observation.holds_specimen or observation.specimen_words) and (
        observation.group not in ON_A_SPECIMEN
    ):
        raise KnowledgeError(f"{where}: only what is said of a specimen holds it")


def _check_treatment(observation: Observation, knowledge: Knowledge, where: str) -> None:
    """Refuse a start or stop that has no date, and days after a stop without a source."""
    for name in filter(None, (observation.started_by, observation.stopped_by)):
        dated = knowledge.observations.get(name)
        if dated is None or dated.kind != "date":
            raise KnowledgeError(f"{where}: {name!r} is no observation with a date")
    is_treatment = bool(observation.started_by)
    if is_treatment and (observation.kind, observation.scope) != ("yes-no", "patient"):
        raise KnowledgeError(f"{where}: a treatment is a yes or no of a patient")
    if observation.lasts_days and not (is_treatment and observation.source):
        raise KnowledgeError(f"{where}: only a treatment lasts, and its days need a source")


def _check_numbers(observation: Observation, where: str) -> None:
    if (observation.kind == "number") != (observation.range is not None):
        raise KnowledgeError(f"{where}: a number needs a range, and nothing else has one")
    if observation.kind == "number" and not observation.source:
        raise KnowledgeError(f"{where}: a number needs a source")
    if observation.scales and observation.kind == "date":
        raise KnowledgeError(f"{where}: a date has no scales")
    for scale in observation.scales:
        if bool(scale.steps) == (scale.factor is not None):
            raise KnowledgeError(f"{where}: a scale needs either a factor or steps")
        answers = {ours for _, ours in scale.steps}
        if observation.kind == "yes-no" and not answers <= {0, 1}:
            raise KnowledgeError(f"{where}: the steps of a yes or no are 0 and 1")
        starts = [start for start, _ in scale.steps]
        if starts and (starts[0] > scale.range[0] or any(a >= b for a, b in pairwise(starts))):
            raise KnowledgeError(f"{where}: the steps of a scale must go upward from its range")
