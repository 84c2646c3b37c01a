"""A rule that does not come back is broken off; one that waits for the machine is not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.model.event import Event
from gateway.model.judgement import Judgement
from gateway.model.registry import Device, Place, Registry, Station
from gateway.patience import Patience, RuleOverran
from rules.definition import Selector
from rules.judging import Judging
from rules.kinds.instant import Instant
from rules.kinds.tally import Tally
from rules.load import CATALOG, RuleBook, read_definition
from rules.replay import Memory
from rules.rule import Facts, Rule
from tests.station import PROBE_RULES

AT = datetime(2026, 11, 22, tzinfo=UTC)
REGISTRY = Registry(
    station=Station("s", "所", "Asia/Shanghai"),
    places=[Place("p", "door", "a", "门")],
    devices=[Device("d", "door_controller", "p", "门")],
)


class Loops(Tally):
    """Never answers."""

    def on_event(self, *_: Any, **__: Any) -> Judgement | None:
        while True:
            pass


class Waits(Tally):
    """Answers late, though it did nothing."""

    def on_event(self, *seen: Any, **named: Any) -> Judgement | None:
        time.sleep(0.6)
        return super().on_event(*seen, **named)


@pytest.fixture
def patience() -> Iterator[Patience]:
    watching = Patience(patience_s=0.2, look_every_s=0.05)
    watching.start()
    yield watching
    watching.stop()


def judged(kind: type[Tally], patience: Patience) -> tuple[list[str], Memory]:
    probe = read_definition(PROBE_RULES / "probe-tally.yaml")
    definition = probe.model_copy(update={"when": Selector(kinds=("door.forced",))})
    others = read_definition(CATALOG / "door-forced.yaml")
    failed: list[str] = []
    aside: set[str] = set()

    def put_aside(rule: Rule, error: Exception, at: datetime) -> None:
        del at
        failed.append(f"{rule.id} {type(error).__name__}")
        aside.add(rule.id)

    memory = Memory()
    judging = Judging(
        RuleBook([kind(definition), Instant(others)]), memory, Facts(REGISTRY),
        verdicts=[], failed=put_aside, put_aside=aside, guard=patience,
    )  # fmt: skip
    mounting = REGISTRY.mounting("d")
    assert mounting is not None
    for number in range(2):
        event = Event.at(
            mounting, station="s", device="d", id=str(number), ts=AT, device_ts=AT, received_at=AT,
            kind="door.forced", data={},
        )  # fmt: skip
        for rule, subject in list(judging.meetings(event)):
            judging.meet(rule, event, subject)
    assert [verdict.rule for verdict in judging.verdicts] == ["door-forced"] * 2, "the others go on"
    return failed, memory


def test_a_rule_that_does_not_come_back_is_broken_off(patience: Patience) -> None:
    failed, _ = judged(Loops, patience)
    assert failed == ["probe-tally RuleOverran"]


def test_a_rule_that_only_waited_is_not_blamed(patience: Patience) -> None:
    failed, memory = judged(Waits, patience)
    assert failed == []
    assert memory.get(("probe-tally", "device:d")).count == 2


def test_nothing_is_broken_off_after_the_answer(patience: Patience) -> None:
    """Answers that come just when patience ends: broken off within the question, or not at all."""
    broken = 0
    for length in (0.18, 0.2, 0.22, 0.24, 0.26, 0.28, 0.3):
        try:
            patience.begin("r")
            until = time.thread_time() + length
            while time.thread_time() < until:
                pass
            patience.end()
        except RuleOverran:
            broken += 1
        for _ in range(1000):
            pass  # an exception that came late would come here
    assert broken <= 7


class Throws(Tally):
    """Has a defect of its own."""

    def on_event(self, *_: Any, **__: Any) -> Judgement | None:
        raise LookupError


def test_nobody_is_broken_off_for_a_question_that_ended_in_an_error(patience: Patience) -> None:
    probe = read_definition(PROBE_RULES / "probe-tally.yaml")
    rule = Throws(probe)
    failed: list[str] = []
    judging = Judging(
        RuleBook([rule]), Memory(), Facts(REGISTRY), verdicts=[], put_aside=set(), guard=patience,
        failed=lambda rule, error, at: failed.append(f"{rule.id} {type(error).__name__} {at:%Y}"),
    )  # fmt: skip
    mounting = REGISTRY.mounting("d")
    assert mounting is not None
    event = Event.at(
        mounting, station="s", device="d", id="1", ts=AT, device_ts=AT, received_at=AT, kind="door.opened", data={}
    )
    judging.meet(rule, event, "device:d")
    assert failed == ["probe-tally LookupError 2026"]
    until = time.thread_time() + 0.6  # three times its patience, at something that is no rule's doing
    while time.thread_time() < until:
        pass
