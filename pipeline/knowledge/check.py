"""Does the knowledge hold together: every reference, every stratum, every name."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import fields
from difflib import get_close_matches
from itertools import combinations

from pipeline.errors import KnowledgeError
from pipeline.knowledge.check_observations import (
    AS_RESULTS,
    check_observations,
    list_context_columns,
)
from pipeline.knowledge.check_words import check_words
from pipeline.knowledge.conditions import (
    ANY,
    SHARE,
    ArtifactIs,
    Baseline,
    Change,
    Compare,
    Condition,
    Earlier,
    Formula,
    Group,
    HeldAs,
    Interval,
    Observed,
    Outside,
    Precedes,
    Reported,
    RuleIs,
    Seen,
    Since,
    Undecided,
    walk,
)
from pipeline.knowledge.contradictions import Contradiction, SetAside
from pipeline.knowledge.model import (
    CONVENTION,
    UNIT_SYSTEMS,
    Adjustment,
    Analyte,
    Artifact,
    Knowledge,
    Limit,
    Panel,
    Rule,
)
from pipeline.knowledge.name_key import name_key
from pipeline.knowledge.strata import check_strata
from pipeline.knowledge.toml_store import LocatedEntry, nearest, with_location
from pipeline.knowledge.variation import check_variation
from pipeline.knowledge.worklist import check_order, conditions_of
from schemas.vocabulary import Grade


def check_knowledge(
    knowledge: Knowledge, places: Mapping[str, Mapping[object, LocatedEntry]] | None = None
) -> None:
    """Refuse knowledge that contradicts itself.

    `places` says where entries are written, by kind and key.

    Raises:
        KnowledgeError: Names the entry, where it stands, and what is wrong with it.
    """

    def at(kind: str, key: object) -> AbstractContextManager[None]:
        return with_location((places or {}).get(kind, {}).get(key))

    for analyte in knowledge.analytes.values():
        with at("analyte", analyte.id):
            _check_analyte(analyte, knowledge)
    _check_names(knowledge)
    for limit in knowledge.limits.values():
        with at("limit", limit.id):
            _check_limit(limit, knowledge)
    for rule in knowledge.rules.values():
        with at("rule", rule.id):
            _check_rule(rule, knowledge)
    for panel in knowledge.panels.values():
        with at("panel", panel.id):
            _check_panel(panel, knowledge)
    for relation in knowledge.relations:
        where = f"relation {relation.id!r}"
        for analyte_id in (relation.analyte, *relation.operands):
            _known(analyte_id, knowledge.analytes, "analyte", where)
        _check_source(relation.source, knowledge, where)
    _check_source(knowledge.agreement.source, knowledge, "agreement")
    for derived in knowledge.derived:
        where = f"derived {derived.id!r}"
        for analyte_id in (derived.analyte, *derived.operands):
            _known(analyte_id, knowledge.analytes, "analyte", where)
        _check_comments(derived.comment, knowledge, where)
        _check_source(derived.source, knowledge, where)
    _known(knowledge.join.change.analyte, knowledge.analytes, "analyte", "join")
    for barrier in knowledge.join.barriers:
        _check_dated(barrier, knowledge, "join")
    _check_dated(knowledge.course.transfused, knowledge, "course")
    for variation in knowledge.variations.values():
        with at("variation", variation.analyte):
            where = f"variation {variation.analyte!r}"
            _known(variation.analyte, knowledge.analytes, "analyte", where)
            _check_source(variation.source, knowledge, where)
            check_variation(variation, knowledge.analytes[variation.analyte].units)
    for name in knowledge.comparison.not_across:
        _check_dated(name, knowledge, "comparison")
    if (known := knowledge.join.before_start) is not None:
        _known(known.analyte, knowledge.analytes, "analyte", "join")
        _check_dated(known.since, knowledge, "join")
        _check_comments((known.comment,), knowledge, "join")
    for inferred in knowledge.inferred.values():
        with at("inferred", inferred.id):
            _check_condition(inferred.when, knowledge, f"inferred {inferred.id!r}")
    _check_pregnancy(knowledge)
    for name in (getattr(knowledge.notices, each.name) for each in fields(knowledge.notices)):
        if name != knowledge.notices.id:
            _known(name, knowledge.observations, "observation", "notices")
    for name in (name for names in knowledge.nothing_found.enough for name in names):
        _known(name, knowledge.analytes, "analyte", "nothing_found")
    _check_source(knowledge.nothing_found.source, knowledge, "nothing_found")
    for adjustment in knowledge.adjustments:
        with at("adjustment", adjustment.id):
            _check_adjustment(adjustment, knowledge)
    for artifact in knowledge.artifacts.values():
        with at("artifact", artifact.id):
            _check_artifact(artifact, knowledge)
    for priority in knowledge.priorities:
        with at("priority", priority.rank):
            _check_condition(priority.when, knowledge, f"priority {priority.rank}")
            if priority.when is not None:
                _refuse_shadows([priority.when], knowledge, f"priority {priority.rank}")
    ranks = frozenset(priority.rank for priority in knowledge.priorities)
    for order in knowledge.orders:
        with at("order", order.id):
            check_order(order, ranks)
    for condition in conditions_of(knowledge.orders, knowledge.for_information):
        _check_condition(condition, knowledge, "order of the worklist")
        _refuse_shadows([condition], knowledge, "order of the worklist")
    for name in knowledge.for_information.never_stated:
        _known(name, knowledge.observations, "observation", "for_information")
    for population in knowledge.populations.values():
        _check_comments(population.comment, knowledge, f"population {population.id!r}")
    _check_materials(knowledge)
    check_words(knowledge.phrases)
    check_observations(knowledge)
    for layout in knowledge.layouts.values():
        for column in layout.analytes:
            among = (*knowledge.analytes, *knowledge.observations)
            _known(column.analyte, among, "analyte", f"layout {layout.id!r}")
        for field in layout.columns.values():
            among = (*knowledge.fields, *list_context_columns(knowledge))
            _known(field, among, "field", f"layout {layout.id!r}")


def in_order_of_evaluation(rules: Mapping[str, Rule]) -> dict[str, Rule]:
    """Order rules so that each comes after the rules that it refers to.

    Raises:
        KnowledgeError: A rule refers to itself, or to a rule that is not there.
    """
    ordered: dict[str, Rule] = {}
    waiting: list[str] = []

    def place(name: str) -> None:
        if name in ordered:
            return
        if name in waiting:
            raise KnowledgeError(f"rule {name!r} refers to itself by way of {waiting[-1]!r}")
        waiting.append(name)
        for other in rules_in(rules[name].conditions):
            _known(other, rules, "rule", f"rule {name!r}")
            place(other)
        waiting.pop()
        ordered[name] = rules[name]

    for name in rules:
        place(name)
    return ordered


def rules_in(conditions: Iterable[Condition]) -> list[str]:
    """List the rules that conditions refer to."""
    parts = [part for condition in conditions for part in walk(condition)]
    named = [part.rule for part in parts if isinstance(part, RuleIs | Undecided)]
    return named + [rule for part in parts if isinstance(part, Outside) for rule in part.unless]


def _check_analyte(analyte: Analyte, knowledge: Knowledge) -> None:
    where = f"analyte {analyte.id!r}"
    if analyte.units.get(analyte.unit) != 1:
        raise KnowledgeError(f"{where}: its own unit {analyte.unit!r} must have the factor 1")
    for unit, factor in analyte.units.items():
        _known(unit, knowledge.units, "unit", where)
        if factor <= 0:
            raise KnowledgeError(f"{where}: the factor of {unit!r} is not positive")
    for unit in (
        *analyte.unit_spellings.values(),
        *analyte.decimals,
        *analyte.least,
        *analyte.most,
        *analyte.display.values(),
    ):
        _known(unit, analyte.units, "accepted unit", where)
    for system in analyte.display:
        _known(system, UNIT_SYSTEMS, "system of units", where)
    for bounds in (analyte.possible, analyte.usual, analyte.human_low, analyte.human_high):
        if bounds is not None and bounds[0] >= bounds[1]:
            raise KnowledgeError(f"{where}: bounds {bounds} are not in order")
    _check_source(analyte.source, knowledge, where)


def _check_panel(panel: Panel, knowledge: Knowledge) -> None:
    known = [*knowledge.analytes, *_in_words(knowledge)]
    for name in panel.of:
        if name not in known:
            hint = nearest(name, known)
            raise KnowledgeError(f"panel {panel.id!r}: no analyte named {name!r}{hint}")
    suggested = {name for rule in knowledge.rules.values() for name in rule.suggest}
    if not panel.of or panel.id not in suggested:
        raise KnowledgeError(f"panel {panel.id!r}: no rule suggests it, or it is of nothing")


def _in_words(knowledge: Knowledge) -> Iterator[str]:
    """List what is reported as a result in words: what a test can answer."""
    return (each.id for each in knowledge.observations.values() if each.group in AS_RESULTS)


def _check_names(knowledge: Knowledge) -> None:
    """No name may mean two analytes; names decided by the unit need units that differ."""
    claimed: dict[str, str] = {}
    shared: dict[str, list[Analyte]] = {}
    for look_alike in knowledge.look_alikes:
        if not name_key(look_alike.name):
            raise KnowledgeError(f"the look-alike {look_alike.name!r} has no letter and no digit")
        claimed[name_key(look_alike.name)] = f"the look-alike {look_alike.name!r}"
    for analyte in knowledge.analytes.values():
        for name in (*analyte.names, *analyte.loinc):
            other = claimed.setdefault(name_key(name), analyte.id)
            if other != analyte.id:
                raise KnowledgeError(f"the name {name!r} is claimed by {analyte.id!r} and {other}")
        for name in analyte.names_with_unit:
            shared.setdefault(name_key(name), []).append(analyte)
    for name, analytes in shared.items():
        if name in claimed:
            raise KnowledgeError(f"the name {name!r} is claimed by {claimed[name]} for any unit")
        for one, two in combinations(analytes, 2):
            if one.units.keys() & two.units.keys():
                raise KnowledgeError(
                    f"the name {name!r} cannot tell {one.id!r} from {two.id!r} by unit"
                )


def _check_materials(knowledge: Knowledge) -> None:
    said: dict[str, str] = {}
    for material in knowledge.materials.values():
        for word in material.words:
            other = said.setdefault(name_key(word), material.id)
            if other != material.id:
                raise KnowledgeError(f"the word {word!r} means both {material.id!r} and {other!r}")


def _check_limit(limit: Limit, knowledge: Knowledge) -> None:
    where = f"limit {limit.id!r}"
    _known(limit.analyte, knowledge.analytes, "analyte", where)
    for source in limit.sources:
        _check_source(source, knowledge, where)
    if not limit.strata and not limit.from_interval:
        raise KnowledgeError(f"{where}: no strata")
    if limit.strata:
        check_strata(limit.strata, where)
    accepted = knowledge.analytes[limit.analyte].units
    for stratum in limit.strata:
        if bool(stratum.values) == bool(stratum.no_limit):
            raise KnowledgeError(f"{where}: a stratum needs either values or no_limit = reason")
        if stratum.floor and stratum.values:
            raise KnowledgeError(f"{where}: a floor belongs to a stratum without a limit")
        for unit in (*stratum.values, *stratum.floor):
            _known(unit, accepted, "accepted unit", where)
        _check_comments(stratum.comment, knowledge, where)
    codes = filter(None, (limit.interval_comment, limit.no_interval_comment))
    _check_comments(codes, knowledge, where)


def _check_pregnancy(knowledge: Knowledge) -> None:
    said = knowledge.pregnancy
    for name, kind in ((said.stated, "yes-no"), (said.after, "yes-no"), (said.trimester, "number")):
        _known(name, knowledge.observations, "observation", "pregnancy")
        if knowledge.observations[name].kind != kind:
            raise KnowledgeError(f"pregnancy: the observation {name!r} is not a {kind}")


def _check_adjustment(adjustment: Adjustment, knowledge: Knowledge) -> None:
    where = f"adjustment {adjustment.id!r}"
    for name in adjustment.limits:
        _known(name, knowledge.limits, "limit", where)
        accepted = knowledge.analytes[knowledge.limits[name].analyte].units
        _known(adjustment.unit, accepted, "accepted unit", where)
    _known(adjustment.observation, knowledge.observations, "observation", where)
    if knowledge.observations[adjustment.observation].kind != "number":
        raise KnowledgeError(f"{where}: the observation {adjustment.observation!r} is no number")
    starts = [start for start, _ in adjustment.steps]
    if not starts or starts != sorted(set(starts)):
        raise KnowledgeError(f"{where}: steps must go upward")
    _check_source(adjustment.source, knowledge, where)
    _check_comments(adjustment.comment, knowledge, where)


def _check_artifact(artifact: Artifact, knowledge: Knowledge) -> None:
    where = f"artifact {artifact.id!r}"
    _check_condition(artifact.when, knowledge, where)
    for part in walk(artifact.when):
        if isinstance(part, RuleIs | Undecided | ArtifactIs):
            raise KnowledgeError(f"{where}: a specimen is doubted before any rule is asked")
    if not artifact.touches:
        raise KnowledgeError(f"{where}: it touches nothing")
    for touch in artifact.touches:
        if touch.analyte != ANY:
            among = (*knowledge.analytes, *_in_words(knowledge))
            _known(touch.analyte, among, "analyte", where)
    _check_source(artifact.source, knowledge, where)
    _check_comments(artifact.comment, knowledge, where)


def _check_rule(rule: Rule, knowledge: Knowledge) -> None:
    where = f"rule {rule.id!r}"
    for condition in rule.conditions:
        _check_condition(condition, knowledge, where)
        if not rule.shadow:
            _refuse_shadows([condition], knowledge, where)
    if rule.shadow and not rule.shown:
        raise KnowledgeError(f"{where}: give either shadow = true or shown = false")
    depths = [list(Grade).index(step.grade) for step in rule.grades]
    if depths != sorted(depths, reverse=True) or len(set(depths)) != len(depths):
        raise KnowledgeError(f"{where}: grades must stand deepest first, each once")
    _check_comments(rule.comment, knowledge, where)
    _check_comments((remark.comment for remark in rule.remarks), knowledge, where)


def _check_condition(condition: Condition | None, knowledge: Knowledge, where: str) -> None:
    for part in walk(condition):
        match part:
            case Compare(limit=name):
                _known(name, knowledge.limits, "limit", where)
            case Interval(analyte=name):
                _known(name, knowledge.analytes, "analyte", where)
            case RuleIs(rule=name) | Undecided(rule=name):
                _known(name, knowledge.rules, "rule", where)
            case Group(partial_comment=comment) if comment:
                _check_comments((comment,), knowledge, where)
            case Observed(observation=name):
                _known(name, knowledge.observations, "observation", where)
            case Since(observation=name) | Precedes(observation=name):
                _check_start(name, knowledge, where)
            case Baseline(since=name) | Seen(since=name) if name:
                _check_start(name, knowledge, where)
            case Earlier(at_least_days=least) if least < 1:
                raise KnowledgeError(f"{where}: earlier needs at_least_days of 1 or more")
            case Change():
                _check_change(part, knowledge, where)
            case Outside(bounds=bounds, unless=unless):
                for name in bounds:
                    _known(name, knowledge.limits, "limit", where)
                for name in unless:
                    _known(name, knowledge.rules, "rule", where)
            case Reported(analyte=name) | HeldAs(analyte=name) if name != ANY:
                _known(name, knowledge.analytes, "analyte", where)
            case Formula(of=operands, apart_from=other):
                for name in filter(None, (*operands, other)):
                    _known(name, knowledge.analytes, "analyte", where)
            case Contradiction():
                _check_contradiction(part, knowledge, where)
            case SetAside(artifact=name):
                _known(name, knowledge.artifacts, "artifact", where)
                if not any(
                    isinstance(p, Contradiction) for p in walk(knowledge.artifacts[name].when)
                ):
                    raise KnowledgeError(f"{where}: {name!r} asks for no contradiction")
            case ArtifactIs(artifact=name) if name != ANY:
                _known(name, knowledge.artifacts, "artifact", where)


def _check_change(change: Change, knowledge: Knowledge, where: str) -> None:
    _known(change.analyte, knowledge.analytes, "analyte", where)
    if change.since:
        _check_start(change.since, knowledge, where)
    if change.unless_artifact:
        _known(change.unless_artifact, knowledge.artifacts, "artifact", where)
    for name in change.not_across:
        _check_dated(name, knowledge, where)
    for unit, _ in (*change.less_than, *change.at_least, *change.more_than):
        if unit != SHARE:
            _known(unit, knowledge.analytes[change.analyte].units, "accepted unit", where)


def _check_contradiction(contradiction: Contradiction, knowledge: Knowledge, where: str) -> None:
    _known(contradiction.analyte, knowledge.analytes, "analyte", where)
    units = knowledge.analytes[contradiction.analyte].units
    for name in contradiction.not_across:
        _check_dated(name, knowledge, where)
    for name in contradiction.not_by:
        _known(name, knowledge.observations, "observation", where)
    for apart in contradiction.apart:
        for unit, _ in (*apart.more_than, *apart.one_below, *apart.other_above):
            _known(unit, units, "accepted unit", where)


def _check_start(name: str, knowledge: Knowledge, where: str) -> None:
    """Refuse what is neither an observation with a date nor an inferred one."""
    if name not in knowledge.inferred:
        _check_dated(name, knowledge, where)


def _check_dated(name: str, knowledge: Knowledge, where: str) -> None:
    _known(name, knowledge.observations, "observation", where)
    if knowledge.observations[name].kind != "date":
        raise KnowledgeError(f"{where}: the observation {name!r} has no date")


def _refuse_shadows(conditions: Iterable[Condition], knowledge: Knowledge, where: str) -> None:
    """Nothing that readers see may rest on a rule that is only tried out."""
    for name in rules_in(conditions):
        if knowledge.rules[name].shadow:
            raise KnowledgeError(f"{where}: {name!r} is a shadow rule; nothing shown may use it")


def _check_comments(codes: Iterable[str], knowledge: Knowledge, where: str) -> None:
    for code in codes:
        _known(code, knowledge.comments, "comment", where)


def _check_source(source: str, knowledge: Knowledge, where: str) -> None:
    if source != CONVENTION:
        _known(source, knowledge.sources, "source", where)


def _known(name: str, among: Iterable[str], kind: str, where: str) -> None:
    names = list(among)
    if name not in names:
        close = get_close_matches(name, names, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise KnowledgeError(f"{where}: no {kind} named {name!r}{hint}")
