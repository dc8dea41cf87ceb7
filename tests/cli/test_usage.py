"""Wrong usage ends with 2 and says what is expected; help is where people look for it."""

import pytest
from click.testing import CliRunner

from pipeline.cli import main
from pipeline.config import load_settings
from pipeline.errors import ArgumentError, ConfigError, Exit, exit_code
from pipeline.knowledge.describe import require_rule
from pipeline.knowledge.load import load_knowledge


def run(*arguments):
    return CliRunner().invoke(main, [str(each) for each in arguments])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["purge", "--older-than", "yesterday"], "90d"),
        (["rules", "show", "macrocytic"], "did you mean"),
        (["rules", "diff", "default", "mayo"], "DATA"),
        (["rules", "evaluate", "README.md"], "DATA"),
        (["help", "nonsense"], "no verb"),
        (["help", "run", "more"], "no verb"),
    ],
)
def test_wrong_usage_ends_with_two(tmp_path, monkeypatch, arguments, says):
    (tmp_path / "README.md").write_text("x", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    done = run(*arguments)
    assert done.exit_code == Exit.USAGE
    assert says in done.output
    assert not (tmp_path / "reports").exists()


def test_a_name_that_is_not_there_is_wrong_usage():
    with pytest.raises(ArgumentError) as caught:
        require_rule("macrocytic", load_knowledge())
    assert exit_code(caught.value) == Exit.USAGE


@pytest.mark.parametrize(
    ("verbs", "usage"),
    [
        ([], "Usage: main [OPTIONS] COMMAND"),
        (["run"], "Usage: main run [OPTIONS]"),
        (["check"], "--show-cells"),
        (["rules", "show"], "Usage: main rules show"),
        (["watch"], "[default: 30]"),
    ],
)
def test_help_is_a_verb_too(verbs, usage):
    done = run("help", *verbs)
    assert done.exit_code == 0
    assert usage in done.output


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ('rule_groups = "critical"', 'rule_groups: write a list, rule_groups = ["critical"]'),
        ("rule_groups = true", "rule_groups: write a list"),
        ('hold_all = "maybe"', "hold_all: write hold_all = true or hold_all = false"),
        ("hold_all = yes", "true, false, or a list"),
        ('interval = "x"', "interval: write a number without quotation marks, interval = 30"),
        ('most_results = "many"', "most_results: write a whole number"),
        ('laboratory = "x"', "laboratory: write a table, [laboratory]"),
        ("inbox = 3", "inbox: write a path in quotation marks"),
        ("encoding = 3", "encoding: write a text in quotation marks"),
        ('language = "fr"', "language: write one of 'en' or 'de'"),
    ],
)
def test_a_wrong_entry_is_answered_with_the_form_expected(tmp_path, entry, says):
    path = tmp_path / "labflag.toml"
    path.write_text(entry, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_settings(path)
    assert says in str(caught.value)
    assert exit_code(caught.value) == Exit.SETTINGS
    assert "Input should" not in str(caught.value)
