"""What is printed as published was published; what the profile proposes itself says so."""

import pytest

from pipeline.knowledge.describe import describe_limit
from pipeline.knowledge.load import load_knowledge
from pipeline.knowledge.rule_groups import EVERY
from pipeline.knowledge.rules_page import rules_page
from pipeline.report.wording import describe_rules
from pipeline.texts import ENGLISH, LANGUAGES

KNOWLEDGE = load_knowledge(groups=EVERY)
LIMITS = KNOWLEDGE.limits.values()

# No publication gives these numbers as limits, or the publications differ. A number that leaves
# this list needs a source that was read.
CONVENTIONS = {
    *("platelets.recovered", "white-cells.recovered"),
    *("egfr.preserved", "ferritin.depleted", "homocysteine.high", "rdw.wide"),
    *("mch.high", "mchc.ceiling", "mchc.swollen", "mcv.moderate", "mcv.swollen"),
    *("red-cells.few", "reticulocytes.many", "white-cells.interfere"),
    # Order of the worklist, and what is called.
    *("hemoglobin.first", "hemoglobin.second", "hemoglobin.critical"),
    "mcv.persistent",
    *("hemoglobin.critical-high", "platelets.critical-high", "white-cells.critical-high"),
    *("platelets.first", "platelets.second", "platelets.third", "platelets.critical"),
    *("neutrophils.first", "neutrophils.second", "white-cells.second"),
    "white-cells.alarm-first",
    # What is unusual where no interval is printed.
    *("hemoglobin.wide", "platelets.wide", "white-cells.wide", "neutrophils.wide"),
    "lymphocytes.wide",
}
# Their numbers could not be read in the work itself.
UNREAD = (
    "Berg", "Wolffenbuttel", "Langan", "Devalia", "British Society", "BSH", "Fedosov", "RCPath",
    "Royal College", "UpToDate", "Green",
)  # fmt: skip


def test_the_profiles_own_numbers_are_these():
    assert {limit.id for limit in LIMITS if not limit.is_published} == CONVENTIONS


@pytest.mark.parametrize("work", UNREAD)
def test_nothing_is_cited_that_could_not_be_read(work):
    cited = [f"{source.title} {source.where}" for source in KNOWLEDGE.sources.values()]
    assert not [said for said in (*cited, *(limit.wording for limit in LIMITS)) if work in said]


def test_every_source_is_one_of_something():
    """A title that nothing rests on would look like a citation of everything."""
    profiles = ("who-nhanes", "mayo", "labcorp", "uk-pregnancy", "lab-interval")
    several = [KNOWLEDGE, *(load_knowledge(None, name, groups=EVERY) for name in profiles)]
    used = {
        source
        for each in several
        for thing in (*each.limits.values(), *each.analytes.values())
        for source in getattr(thing, "sources", (thing.source,))
    }
    used |= {each.source for each in KNOWLEDGE.artifacts.values()}
    used |= {each.source for each in KNOWLEDGE.derived}
    used |= {each.source for each in KNOWLEDGE.variations.values()}
    used |= {each.source for each in KNOWLEDGE.adjustments}
    assert set(KNOWLEDGE.sources) - used == set()


@pytest.mark.parametrize("limit", LIMITS, ids=lambda each: each.id)
def test_a_limit_is_described_as_what_it_is(limit):
    said = "\n".join(describe_limit(limit, KNOWLEDGE))
    (own,) = (line for line in said.splitlines() if limit.wording and limit.wording in line)
    assert own.strip().startswith("published as: " if limit.is_published else "convention: ")
    assert said.endswith("laboratory convention of this profile") == (not limit.is_published)


def test_the_page_of_rules_calls_a_convention_one():
    page = rules_page()
    for limit in LIMITS:
        own = page.split(f"### `{limit.id}` (")[1].split("\n### ")[0]
        assert (f"\nConvention: {limit.wording}\n" in own) == (not limit.is_published)
        assert (f"\nPublished as: {limit.wording}\n" in own) == limit.is_published
        assert ("Source: laboratory convention of this profile" in own) == (not limit.is_published)


@pytest.mark.parametrize(
    ("texts", "convention"),
    [
        (ENGLISH, "Laboratory convention of this profile"),
        (LANGUAGES["de"], "Laborinterne Festlegung dieses Profils"),
    ],
    ids=["en", "de"],
)
def test_reports_call_a_convention_one(texts, convention):
    rules = describe_rules(KNOWLEDGE, texts)
    for rule in KNOWLEDGE.shown_rules():
        told = rules[rule.id]
        limits = list(KNOWLEDGE.limits_of(rule.when))
        for limit in limits:
            place = told.wording if limit.is_published else told.conventions
            assert limit.wording in place
        keys = {source for limit in limits for source in limit.sources}
        assert (convention in map(str, told.citations)) == ("convention" in keys)
        assert bool(told.conventions) == any(not limit.is_published for limit in limits)
