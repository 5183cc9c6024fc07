"""The severities are the law of the published table, word for word."""

import re
from importlib import import_module
from pathlib import Path

import pytest

from ttinspect.answers.explain import EXPLANATIONS
from ttinspect.fleet import rules as fleet_rules
from ttinspect.fleet.rules import FleetRule
from ttinspect.model.finding import Severity
from ttinspect.shm.layout import LAYOUTS
from ttinspect.verify.findings import rules as all_rules
from ttinspect.verify.findings.rules import REGION_RULES, RULE_BY_ID, RULES
from ttinspect.verify.rule import Rule

# Copied by hand: v1 v2 v3 v4; E error, W warning, I info, Q inconclusive, - not judged.
LAW = """
TTS001 vanished           I I I I
TTS001 unreadable         Q Q Q Q
TTS002 not regular        W W W W
TTS003 shrunk             W - - -
TTS003 wrong              E E E E
TTS004 unknown            Q Q Q Q
TTS005 nothing yet        Q Q Q Q
TTS005 unfinished         W W W W
TTS006 writable           W W W W
TTS006 readable           - - I I
TTS006 stranger           W W W W
TTS007 disagree           E E E E
TTS008 unknown chip       W W W W
TTS008 test               I I I I
TTS008 without ids        I I I I
TTS008 ambiguous          Q Q Q Q
TTS009 in use             Q Q Q Q
TTS009 idle               I I I I
TTS009 without ids        I I I I
TTS009 nothing, in use    Q Q Q Q
TTS009 not knowable       Q Q Q Q
TTS010 two files          W W W W
TTS010 without ids        I I I I
TTS011 undecided          Q Q Q Q
TTS011 no chips           Q Q Q Q
TTS011 capacity unknown   Q Q Q Q
TTS011 too many files     Q Q Q Q
TTS020 above              E E E E
TTS020 below              I W W W
TTS020 below, nobody left I W W E
TTS021 below              I I E E
TTS021 above              I I I I
TTS022 any                W W W E
TTS023 any                E E E E
TTS024 below              E E W E
TTS024 above              I I I E
TTS025 any                E E E W
TTS025 impossible         E E E E
TTS026 any                E E E E
TTS027 any                E E E E
TTS028 chip 0             - - W W
TTS028 other chip         E E E E
TTS029 future             W W W W
TTS030 full               W W W W
TTS031 full               W W W W
TTS040 over               W W W E
TTS041 over               W W W E
TTS042 over               W W W W
TTS043 over               I I I E
TTS044 present            I - - -
TTS045 over               I I I E
TTS046 cb                 I I I E
TTS046 rest               E E E E
TTS050 ghost              W W W W
TTS051 empty              I I I I
TTS052 reused             W W W W
TTS053 foreign            Q Q Q Q
TTS054 open               I I I W
TTS060 over               E E E E
TTS061 differs            W W W W
"""

LETTERS = {
    "E": Severity.ERROR,
    "W": Severity.WARNING,
    "I": Severity.INFO,
    "Q": Severity.INCONCLUSIVE,
    "-": None,
}


def test_the_severities_are_the_law() -> None:
    law = {}
    for line in LAW.strip().splitlines():
        rule, row, *letters = re.fullmatch(r"(\w+) (.*?) +(\S) (\S) (\S) (\S)", line).groups()  # type: ignore[union-attr]
        law[(rule, row)] = tuple(LETTERS[letter] for letter in letters)
    ours = {(rule.id, row): by for rule in REGION_RULES for row, by in rule.severities.items()}
    assert {key: by if isinstance(by, tuple) else (by,) * 4 for key, by in ours.items()} == law


def test_every_id_is_there_once_and_every_name_too() -> None:
    ids = [text.id for text in EXPLANATIONS]
    assert ids == sorted(set(ids))
    assert all(re.fullmatch(r"TT[CFHPST][0-9]{3}", rule_id) for rule_id in ids)
    for family in {rule_id[:3] for rule_id in ids}:
        names = [text.name for text in EXPLANATIONS if text.id.startswith(family)]
        assert len(names) == len(set(names)), family


def test_no_rule_and_no_module_of_findings_is_forgotten() -> None:
    names = [path.stem for path in Path(all_rules.__file__).parent.glob("*.py") if path.stem != "__init__"]
    modules = [import_module(f"ttinspect.verify.findings.{name}") for name in names]
    declared = {rule.id for module in modules for rule in vars(module).values() if isinstance(rule, Rule)}
    assert sorted(declared) == [rule.id for rule in RULES]
    of_fleets = [rule for rule in vars(fleet_rules).values() if isinstance(rule, FleetRule)]
    assert of_fleets == [*fleet_rules.RULES]
    assert {text.id for text in EXPLANATIONS} == {rule.id for rule in (*RULES, *of_fleets)}


def test_a_version_from_the_future_is_judged_like_the_newest_one() -> None:
    newest = max(LAYOUTS)
    for rule in REGION_RULES:
        for row, by_version in rule.severities.items():
            assert isinstance(by_version, Severity) or len(by_version) == newest
            assert {rule.severity(row, newest + ahead) for ahead in (1, 5)} == {rule.severity(row, newest)}


def test_without_a_version_only_what_all_versions_agree_on_is_judged() -> None:
    assert RULE_BY_ID["TTS006"].severity("writable", None) is Severity.WARNING
    assert RULE_BY_ID["TTS006"].severity("readable", None) is None
    assert RULE_BY_ID["TTS006"].severity("readable", 0) is None


@pytest.mark.parametrize("rule", (*RULES, *fleet_rules.RULES), ids=lambda rule: rule.id)
def test_an_explanation_says_what_why_and_what_to_do_in_few_sentences(rule: Rule) -> None:
    for part in (rule.title, rule.meaning, rule.cause, rule.remedy):
        assert part.endswith(".")
    sentences = re.findall(r"[.!?](?:\s|$)", f"{rule.meaning} {rule.cause} {rule.remedy}")
    assert 3 <= len(sentences) <= 10
    assert len(rule.title) <= 100


OF_FLEETS = {
    Severity.ERROR: "TTF002 TTF003 TTF005 TTF006 TTF007 TTF010 TTF011 TTF012",
    Severity.WARNING: "TTF004 TTF008 TTF009 TTF013 TTF014 TTF015",
    Severity.INCONCLUSIVE: "TTF001",
}
"""Without what a check file asks for."""


def test_the_severities_of_fleets_are_the_law() -> None:
    law = {rule: severity for severity, rules in OF_FLEETS.items() for rule in rules.split()}
    assert {rule.id: rule.severity("") for rule in fleet_rules.RULES} == law
