"""From a verdict and the open alert to the alert afterwards: the table of what sounds and what ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from gateway.batch import Turn
from gateway.model.alert import Alert
from gateway.model.judgement import Explanation, Verdict
from gateway.stops.lifecycle import conclude
from gateway.stops.suppress import reason_for_quiet

T0 = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
AGAIN = timedelta(minutes=10)


def minutes(count: float) -> datetime:
    return T0 + timedelta(minutes=count)


def verdict(action: str, at: float = 0, **more: Any) -> Verdict:
    explanation = Explanation("r", 1, {"zh": "因", "en": "why"}, {})
    return Verdict(action, "r", "device:d", minutes(at), explanation, "P1", **more)  # type: ignore[arg-type]


BLANK = Alert(
    station="s", rule="r", rule_version=1, subject="device:d", stream="alert", priority="P1", title={}, explanation={},
    first_action={}, raised_at=T0, last_event_at=T0,
)  # fmt: skip
OPEN = msgspec.structs.replace(BLANK, id=1, sounded=1, last_sounded_at=T0)


def after(known: Alert | None, told: Verdict, now: float) -> Any:
    return conclude(told, known, minutes(now), AGAIN, BLANK)


def acked(alert: Alert, at: float) -> Alert:
    return msgspec.structs.replace(alert, acknowledged_at=minutes(at), acknowledged_by="operator")


def test_the_first_raise_is_a_new_alert_that_sounds() -> None:
    turn = after(None, verdict("raise"), 0)
    assert (turn.turn, turn.sounds, turn.alert.id, turn.alert.sounded) == (Turn.RAISED, True, 0, 1)


@pytest.mark.parametrize(
    ("known", "told", "now", "sounds", "why"),
    [
        (OPEN, verdict("raise", 1, occurrence=True), 1, False, "pressed again before anybody looked"),
        (OPEN, verdict("raise", 10), 10, True, "ten minutes after the last sound"),
        (
            msgspec.structs.replace(OPEN, last_sounded_at=minutes(1440)),
            verdict("raise", 10),
            10,
            True,
            "the last sound was tomorrow: the clock was put back",
        ),
        (acked(OPEN, 1), verdict("raise", 2, occurrence=True), 2, True, "a new press after the acknowledgement"),
        (acked(OPEN, 1), verdict("raise", 2), 2, False, "more of the same after the acknowledgement"),
        (
            acked(OPEN, 3),
            verdict("raise", 2, occurrence=True),
            3,
            True,
            "a new press from a button whose clock is slow",
        ),
        (
            msgspec.structs.replace(acked(OPEN, 1), active=False, latched=True),
            verdict("raise", 2),
            2,
            True,
            "a new episode after the acknowledgement",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_when_it_sounds_again(known: Alert, told: Verdict, now: float, sounds: bool, why: str) -> None:
    turn = after(known, told, now)
    assert turn.sounds is sounds, why
    assert turn.alert.seen == 2
    assert turn.alert.sounded == known.sounded + sounds
    if sounds:
        assert turn.alert.acknowledged_at is None, "what sounds wants to be acknowledged"


def quiet(alert: Alert, at: float) -> Alert:
    """As suppress leaves what was not heard."""
    return msgspec.structs.replace(
        alert, sounded=0, last_sounded_at=None, suppressed_by="shelved", suppressed_at=minutes(at)
    )


URGENT = msgspec.structs.replace(OPEN, priority="P3")
SOMEWHERE = msgspec.structs.replace(OPEN, place="mall", person="p-1")


@pytest.mark.parametrize(
    ("known", "told", "now", "sounds", "why"),
    [
        (quiet(OPEN, 1), verdict("raise", 2), 2, True, "a sound that was kept quiet is no sound that was heard"),
        (quiet(acked(OPEN, 1), 1), verdict("raise", 2), 2, False, "somebody saw it in the list a minute ago"),
        (quiet(acked(OPEN, 1), 1), verdict("raise", 11), 11, True, "and ten minutes ago"),
        (URGENT, verdict("raise", 1), 1, True, "it has become more urgent"),
        (
            msgspec.structs.replace(acked(OPEN, 1), priority="P1"),
            msgspec.structs.replace(verdict("raise", 2), priority="P3"),
            2,
            False,
            "it has become less urgent",
        ),
        (SOMEWHERE, verdict("raise", 1, place="mall", person="p-1"), 1, False, "the same place and person"),
        (SOMEWHERE, verdict("raise", 1, place="school", person="p-1"), 1, True, "another place"),
        (SOMEWHERE, verdict("raise", 1, place="mall", person="p-2"), 1, True, "another person"),
        (SOMEWHERE, verdict("raise", 1), 1, False, "no word of a place"),
        (OPEN, verdict("raise", 1, place="mall"), 1, False, "it began without a place: none is new against that"),
        (
            msgspec.structs.replace(SOMEWHERE, told_of=["place:mall", "person:p-1", "place:school"]),
            verdict("raise", 1, place="school"),
            1,
            False,
            "people were told of that place already",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_pause_counts_from_what_was_heard_and_news_break_it(
    known: Alert, told: Verdict, now: float, sounds: bool, why: str
) -> None:
    assert after(known, told, now).sounds is sounds, why


def test_what_broke_through_is_known_from_then_on() -> None:
    turn = after(SOMEWHERE, verdict("raise", 1, place="school", person="p-1"), 1)
    assert turn.alert.told_of == ["place:mall", "person:p-1", "place:school"]
    assert (turn.alert.place, turn.before) == ("mall", SOMEWHERE), "where it began stays, and so does its jurisdiction"
    assert not after(turn.alert, verdict("raise", 2, place="school"), 2).sounds
    assert not after(turn.alert, verdict("raise", 3, place="mall"), 3).sounds
    assert after(URGENT, verdict("raise", 1), 1).alert.priority == "P1"


def test_clearing_ends_an_acknowledged_alert_and_leaves_others_open() -> None:
    assert after(OPEN, verdict("clear", 1), 1).alert.ended_at is None, "somebody must still look"
    assert after(acked(OPEN, 1), verdict("clear", 2), 2).alert.ended_at == minutes(2)
    latched = msgspec.structs.replace(acked(OPEN, 1), latched=True)
    cleared = after(latched, verdict("clear", 2), 2).alert
    assert (cleared.state, cleared.ended_at) == ("latched", None)
    item = msgspec.structs.replace(OPEN, stream="work_item")
    assert after(item, verdict("clear", 1), 1).alert.ended_at == minutes(1)


def test_a_clear_from_before_the_last_evidence_does_not_count() -> None:
    later = msgspec.structs.replace(OPEN, last_event_at=minutes(5))
    assert after(later, verdict("clear", 4), 6) is None
    assert after(None, verdict("clear"), 0) is None


def test_a_retracted_alert_ends_at_once_and_says_so() -> None:
    turn = after(OPEN, verdict("retract", 1), 2)
    assert (turn.turn, turn.alert.retracted, turn.alert.ended_at, turn.sounds) == (
        Turn.RETRACTED, True, minutes(2), False,
    )  # fmt: skip


def test_evidence_is_bounded_and_the_newest_is_kept() -> None:
    full = msgspec.structs.replace(OPEN, events=[f"d/{n}" for n in range(50)])
    events = after(full, verdict("raise", 1, events=("d/50",)), 1).alert.events
    assert (len(events), events[0], events[-1]) == (50, "d/1", "d/50")


def test_why_something_is_kept_quiet() -> None:
    assert reason_for_quiet(OPEN, T0) is None
    assert reason_for_quiet(msgspec.structs.replace(OPEN, stream="work_item"), T0) == "maintenance"
    shelved = msgspec.structs.replace(OPEN, shelved_until=minutes(5), priority="P3")
    assert reason_for_quiet(shelved, T0) == "shelved"
    assert reason_for_quiet(shelved, minutes(6)) is None, "every shelf ends by itself"
    assert reason_for_quiet(msgspec.structs.replace(shelved, priority="P1"), T0) is None
