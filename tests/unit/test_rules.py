"""Definitions, matchers and the loader: what is refused, and with which sentence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.model.errors import Misconfigured
from gateway.model.event import Event
from rules.check import check_file, span
from rules.load import CATALOG, TEST_SUFFIX, RuleBook, bring_to_life, parse_definition, read_definitions
from rules.match import compile_matcher

T0 = datetime(2026, 11, 22, tzinfo=UTC)
FILES = sorted(path for path in CATALOG.glob("*.yaml") if not path.name.endswith(TEST_SUFFIX))


def event(**more: Any) -> Event:
    told = {"data": {}, "kind": "door.opened", "device_kind": "door_controller", **more}
    return Event(
        station="s", device="d", id="1", ts=T0, device_ts=T0, received_at=T0, digest=1, place="p", place_kind="door",
        attributes={"restricted": True, "floor": 3}, **told
    )  # fmt: skip


def definition(**changes: Any) -> dict[str, Any]:
    told: dict[str, Any] = yaml.safe_load((CATALOG / "repeated-denied-entry.yaml").read_text(encoding="utf-8"))
    return {**told, **changes}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_catalogue_passes_its_own_tests(path: Path) -> None:
    assert check_file(path) == []


@pytest.mark.parametrize(
    ("where", "data", "matches"),
    [
        ({"data.x": 1}, {"x": 1}, True),
        ({"data.x": 1}, {"x": 2}, False),
        ({"data.x": 1}, {}, False),
        ({"data.x": [1, 2]}, {"x": 2}, True),
        ({"data.x": {"min": 0.5}}, {"x": 0.5}, True),
        ({"data.x": {"min": 0.5, "max": 1}}, {"x": 1.1}, False),
        ({"data.x": {"min": 0}}, {"x": True}, False),
        ({"data.x": {"min": 0}}, {"x": "1"}, False),
        ({"data.x": {"pattern": "^card:"}}, {"x": "card:1"}, True),
        ({"data.x": {"pattern": "^card:"}}, {"x": 1}, False),
        ({"data.x": 1, "device_kind": "camera"}, {"x": 1}, False),
        ({"attributes.restricted": True}, {}, True),
        ({"attributes.floor": {"min": 4}}, {}, False),
        ({"place_kind": "door", "skewed": False, "under_care": False}, {}, True),
        ({"cel": "data.x > 2 && attributes.floor == 3"}, {"x": 3}, True),
        ({"cel": "data.x > 2"}, {"x": 2}, False),
        ({"cel": "data.x > 2"}, {}, False),
        ({"cel": "data.x > 2"}, {"x": "three"}, False),
        ({"cel": "data.x"}, {"x": 3}, False),
        ({"cel": "data.people.exists(one, one == 'a')", "kind": "door.opened"}, {"people": ["b", "a"]}, True),
    ],
)
def test_matchers(where: dict[str, Any], data: dict[str, Any], matches: bool) -> None:
    matcher = compile_matcher(where)
    assert matcher is not None
    assert matcher(event(data=data)) is matches


@pytest.mark.parametrize(
    "where",
    [
        {"colour": 1},
        {"data.x": {"pattern": "("}},
        {"data.x": {"like": 1}},
        {"data": 1},
        {"attributes.": 1},
        {"cel": "data.x >"},
        {"cel": "colour == 1"},
        {"data.x": {"pattern": r"(a)\1"}},
    ],
)
def test_a_condition_that_cannot_be_is_refused(where: dict[str, Any]) -> None:
    with pytest.raises(Misconfigured):
        compile_matcher(where)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"rationalisation": None}, "rationalisation"),
        ({"priority": "P1"}, "makes P2"),
        ({"kind": "magic"}, "none of absence"),
        ({"params": {}}, "needs params.limit"),
        ({"params": {"limit": "many", "window_s": 1, "clear_after_s": 1}}, "params do not fit"),
        ({"colour": "red"}, "colour"),
        ({"id": "Bad Id"}, "id"),
        ({"explain": {"zh": "因"}}, "explain.en"),
    ],
)
def test_a_definition_that_cannot_work_is_refused_with_the_reason(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Misconfigured, match=sentence):
        parse_definition(definition(**changes), "x.yaml")


def test_a_rule_without_tests_or_with_a_taken_id_does_not_load(tmp_path: Path) -> None:
    (tmp_path / "repeated-denied-entry.yaml").write_text(yaml.safe_dump(definition()), encoding="utf-8")
    with pytest.raises(Misconfigured, match="no tests"):
        read_definitions([tmp_path])
    (tmp_path / "repeated-denied-entry.test.yaml").write_text("cases: []", encoding="utf-8")
    with pytest.raises(Misconfigured, match="taken"):
        read_definitions([CATALOG, tmp_path])


def test_nothing_explains_a_person_away(tmp_path: Path) -> None:
    told = yaml.safe_load((CATALOG / "area-offline.yaml").read_text(encoding="utf-8"))
    for name, rule in (
        ("area-offline", told),
        ("own", definition(id="own", inhibited_by=["area-offline"])),
    ):
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(rule), encoding="utf-8")
        (tmp_path / f"{name}.test.yaml").touch()
    with pytest.raises(Misconfigured, match="nobody is explained away"):
        read_definitions([tmp_path])
    (tmp_path / "own.yaml").unlink()
    silent = yaml.safe_load((CATALOG / "device-silent.yaml").read_text(encoding="utf-8"))
    (tmp_path / "device-silent.yaml").write_text(yaml.safe_dump({**silent, "inhibited_by": ["no-such-rule"]}))
    (tmp_path / "device-silent.test.yaml").touch()
    with pytest.raises(Misconfigured, match="no-such-rule"):
        read_definitions([tmp_path])


def test_a_test_that_expects_something_else_fails(tmp_path: Path) -> None:
    path = tmp_path / "repeated-denied-entry.yaml"
    path.write_text(yaml.safe_dump(definition()), encoding="utf-8")
    case = {"name": "wrong", "events": [], "expect": [{"at": 0, "action": "raise", "subject": "device:d"}]}
    path.with_name("repeated-denied-entry.test.yaml").write_text(yaml.safe_dump({"cases": [case]}), encoding="utf-8")
    (failure,) = check_file(path)
    assert "expected [('raise'" in failure


def test_events_meet_only_rules_of_their_kind() -> None:
    rules = [bring_to_life(d) for d in read_definitions([CATALOG])]
    book = RuleBook(rules)
    asks = {rule.id: set(rule.event_kinds) for rule in rules}
    for kind in ("door.denied", "alarm.pressed", "something.new"):
        cares = {rule for rule, kinds in asks.items() if kinds & {kind, "*"}}
        assert {rule.id for rule in book.for_kind(kind)} == cares
    assert "school-one-touch-alarm" not in {rule.id for rule in book.for_kind("door.denied")}


def test_spans() -> None:
    assert span(90) == span("90") == span("90s") == span("1m30s") == timedelta(seconds=90)
    assert span("2h") == timedelta(hours=2)
    for wrong in ("", "soon", "-1"):
        with pytest.raises(Misconfigured):
            span(wrong)


def test_the_order_of_arrival_does_not_change_what_is_counted() -> None:
    from itertools import permutations  # noqa: PLC0415

    from gateway.model.registry import Device, Registry, Station  # noqa: PLC0415
    from rules.rule import Facts  # noqa: PLC0415

    facts = Facts(Registry(station=Station("s", "", "UTC"), devices=[Device("d", "door_controller", "p", "")]))
    rule = bring_to_life(parse_definition(definition(), "x"))
    times = [0, 20, 40, 60, 110]
    for order in permutations(times):
        state, raised = None, 0
        for at in order:
            told = event(kind="door.denied", data={"at": at})
            moved = type(told)(
                **{f: getattr(told, f) for f in told.__struct_fields__}
                | {"ts": T0 + timedelta(seconds=at), "id": str(at)}
            )
            judgement = rule.on_event(moved, "device:d", state, moved.ts, facts)
            assert judgement is not None
            state = judgement.state
            raised += sum(v.action == "raise" for v in judgement.verdicts)
        assert raised == 1, order


def test_a_defect_of_the_expression_engine_ends_the_rule_and_not_the_gateway(monkeypatch: pytest.MonkeyPatch) -> None:
    class PanicException(BaseException):  # its name in the library
        pass

    class Program:
        broken = False

        def execute(self, _: object) -> bool:
            if self.broken:
                raise PanicException("attempt to divide by zero")
            return True

    program = Program()
    monkeypatch.setattr("rules.match.cel.compile", lambda _: program)
    matcher = compile_matcher({"cel": "data.x > 2"})
    assert matcher is not None
    program.broken = True
    with pytest.raises(ArithmeticError, match="divide by zero"):
        matcher(event(data={"x": 3}))
