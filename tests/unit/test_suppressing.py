"""Shelves against a brute-force oracle; chatter and floods by their figures; what is explained by design."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.alert import Alert
from gateway.model.policy import Chatter, Flood
from gateway.model.quiet import Flapping, Matcher, Shelf
from gateway.model.registry import Area, Device, Drill, Place, Registry, Station
from gateway.suppressing.chatter import chatters, turned
from gateway.suppressing.design import by_design, spans
from gateway.suppressing.flood import after, course, most_needed, within_window
from gateway.suppressing.shelf import fits, shelved_until
from rules.load import CATALOG, read_definition

T0 = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def seconds(count: float) -> datetime:
    return T0 + timedelta(seconds=count)


ALERT = Alert(
    station="s", rule="r", rule_version=1, subject="device:d", stream="alert", priority="P3", title={}, explanation={},
    first_action={}, raised_at=T0, last_event_at=T0,
)  # fmt: skip

# ── shelves ──────────────────────────────────────────────────────────────────────────────────────────────────────────

AREAS = ["a0", "a1", "a2", "a3"]
PLACES = ["p0", "p1", "p2", "p3", "p4"]


@st.composite
def registries(draw: st.DrawFn) -> Registry:
    """Trees of areas and places, now and then broken: somebody's own ancestor."""
    parents = {one: draw(st.sampled_from([None, *AREAS])) for one in AREAS}
    lies = {one: draw(st.sampled_from([None, *PLACES])) for one in PLACES}
    return Registry(
        station=Station("s", "所", "Asia/Shanghai"),
        areas=[Area(one, "grid", one, parents[one]) for one in AREAS],
        places=[Place(one, "flat", draw(st.sampled_from(AREAS)), one, parent=lies[one]) for one in PLACES],
    )


def maybe(values: list[str]) -> st.SearchStrategy[str | None]:
    return st.sampled_from([None, *values])


MATCHERS = st.builds(
    Matcher, rule=maybe(["r", "q"]), subject=maybe(["device:d", "device:e"]), place=maybe(PLACES), area=maybe(AREAS)
)


def closure(start: str, parents: dict[str, str | None]) -> set[str]:
    """What lies in something, however deep: found from above, by trying all of them again and again."""
    found = {start}
    for _ in parents:
        found |= {one for one, parent in parents.items() if parent in found}
    return found


def oracle(matcher: Matcher, alert: Alert, registry: Registry) -> bool:
    told = [
        matcher.rule and matcher.rule == alert.rule,
        matcher.subject and matcher.subject == alert.subject,
        matcher.place
        and alert.place in closure(matcher.place, {one.id: one.parent for one in registry.places.values()}),
        matcher.area and alert.area in closure(matcher.area, {one.id: one.parent for one in registry.areas.values()}),
    ]
    asked = [matcher.rule, matcher.subject, matcher.place, matcher.area]
    return any(asked) and all(bool(answer) for answer, question in zip(told, asked, strict=True) if question)


@given(registries(), MATCHERS, maybe(PLACES), maybe(AREAS), st.sampled_from(["r", "x"]))
def test_a_shelf_covers_what_brute_force_says(
    registry: Registry, matcher: Matcher, place: str | None, area: str | None, rule: str
) -> None:
    alert = msgspec.structs.replace(ALERT, rule=rule, place=place, area=area)
    assert fits(matcher, alert, registry) is oracle(matcher, alert, registry)


REGISTRY = Registry(
    station=Station("s", "所", "Asia/Shanghai"),
    areas=[Area("beat", "beat", "b"), Area("grid", "grid", "g", "beat")],
    places=[
        Place("campus", "school", "grid", "校园", attributes={"closed": [["2027-01-20", "2027-02-25"]]}),
        Place("gate", "school_gate", "grid", "校门", parent="campus"),
    ],
    devices=[
        Device("gw", "gateway", "gate", "网关"),
        Device("lock", "door_contact", "gate", "门磁", "gw"),
        Device("cam", "camera", "gate", "摄像机"),
    ],
    drills=[Drill("cam", T0, seconds(600), "")],
)


def shelf(**told: Any) -> Shelf:
    return Shelf("s", "operator", T0, seconds(600), rule="r", **told)


def test_a_shelf_ends_by_itself_and_takes_two_people_for_a_p1() -> None:
    urgent = msgspec.structs.replace(ALERT, priority="P1")
    assert shelved_until(ALERT, [shelf()], REGISTRY, T0) == seconds(600)
    assert shelved_until(ALERT, [shelf()], REGISTRY, seconds(600)) is None
    assert shelved_until(ALERT, [shelf(ended_at=T0)], REGISTRY, seconds(1)) is None
    assert shelved_until(urgent, [shelf()], REGISTRY, T0) is None
    assert shelved_until(urgent, [shelf(), shelf(agreed_by="commander")], REGISTRY, T0) == seconds(600)
    longer = msgspec.structs.replace(shelf(), ends_at=seconds(900))
    assert shelved_until(ALERT, [longer, shelf()], REGISTRY, T0) == seconds(900), "the longest counts"


# ── chatter ──────────────────────────────────────────────────────────────────────────────────────────────────────────

CHATTER = Chatter(turns=3, within_s=60, calm_s=600)


def lived(turns: list[tuple[float, bool]], policy: Chatter = CHATTER) -> Flapping:
    known = Flapping("r", "device:d")
    for at, active in turns:
        known = turned(known, seconds(at), policy, active=active)
    return known


def test_three_turns_within_a_minute_chatter_until_ten_minutes_of_calm() -> None:
    twice = [(0.0, True), (5.0, False), (10.0, True), (15.0, False)]
    assert not chatters(lived(twice), seconds(16), CHATTER)
    known = lived([*twice, (59.0, True)])
    assert known.since == seconds(59)
    assert chatters(known, seconds(658), CHATTER)
    assert not chatters(known, seconds(659), CHATTER)
    assert not chatters(lived([*twice, (61.0, True)]), seconds(61), CHATTER), "one turn too slow"
    on = lived([*twice, (59.0, True), (650.0, False)])
    assert chatters(on, seconds(1249), CHATTER), "it went once more: it was not calm"


def test_more_of_the_same_is_no_turn() -> None:
    known = lived([(float(n), True) for n in range(50)])
    assert (len(known.turns), known.since, known.last_at) == (1, None, T0)


@given(st.lists(st.tuples(st.floats(0.1, 400), st.booleans()), max_size=40), st.integers(2, 5))
def test_chatter_begins_and_ends_as_counting_says(steps: list[tuple[float, bool]], turns: int) -> None:
    policy = Chatter(turns=turns, within_s=60, calm_s=300)
    known, now, was, came, moved, since = Flapping("r", "s"), T0, False, [], [], None
    for pause, active in steps:
        now += timedelta(seconds=pause)
        if since is not None and now - moved[-1] >= timedelta(seconds=300):
            since = None
        if active != was:
            moved.append(now)
            if active:
                came.append(now)
                lately = [one for one in came if now - one <= timedelta(seconds=60)]
                if since is None and len(lately) >= turns:
                    since = now
            was = active
        known = turned(known, now, policy, active=active)
        assert chatters(known, now, policy) is (since is not None)


# ── floods ───────────────────────────────────────────────────────────────────────────────────────────────────────────

FLOOD = Flood(begins_above=10, ends_below=5, window_s=600)


def test_a_flood_begins_with_the_eleventh_within_ten_minutes() -> None:
    moments = [seconds(n) for n in range(11)]
    assert after(None, moments[:10], seconds(9), FLOOD) is None
    assert after(None, moments, seconds(10), FLOOD) == seconds(10)
    slow = [seconds(61 * n) for n in range(30)]
    assert all(after(None, slow[: n + 1], slow[n], FLOOD) is None for n in range(30)), "ten a window is no flood"


def test_it_ends_with_fewer_than_five_a_whole_window_later_at_the_soonest() -> None:
    begun, moments = seconds(10), [seconds(n) for n in range(11)]
    assert after(begun, moments, seconds(605), FLOOD) == begun, "four are left, but it has not lasted a window"
    assert after(begun, moments, seconds(610), FLOOD) is None
    five = [*moments, *(seconds(500 + n) for n in range(5))]
    assert after(begun, five, seconds(620), FLOOD) == begun
    assert after(begun, five, seconds(1101), FLOOD) is None


def test_what_comes_at_once_is_looked_at_together() -> None:
    assert course(None, [], [T0] * 10, FLOOD) == {T0: None}
    assert course(None, [], [T0] * 11, FLOOD) == {T0: T0}


POLICIES = st.builds(
    lambda above, below, window: Flood(above, min(below, above), window),
    st.integers(1, 12), st.integers(1, 12), st.floats(1, 900),
)  # fmt: skip


@given(st.lists(st.floats(0, 300), min_size=1, max_size=120), POLICIES)
def test_a_flood_never_begins_twice_within_a_window(pauses: list[float], policy: Flood) -> None:
    now, since, moments, begun = T0, None, [], []
    for pause in pauses:
        now += timedelta(seconds=pause)
        moments.append(now)
        kept = moments[-most_needed(policy) :]
        told = course(since, kept[:-1], [now], policy)[now]
        assert (told is None) is (after(since, moments, now, policy) is None), "the latest few are enough"
        if told is not None and told != since:
            begun.append(told)
            assert within_window(moments, now, policy) > policy.begins_above
        if told is None and since is not None:
            assert within_window(moments, now, policy) < policy.ends_below
        since = told
    window = timedelta(seconds=policy.window_s)
    assert all(later - earlier >= window for earlier, later in pairwise(begun))


# ── by design ────────────────────────────────────────────────────────────────────────────────────────────────────────


def about(rule: str, device: str, priority: str = "P4", **told: Any) -> tuple[Alert, Any]:
    definition = read_definition(CATALOG / f"{rule}.yaml")
    alert = msgspec.structs.replace(ALERT, rule=rule, device=device, place="gate", priority=priority, **told)
    return alert, definition


WINTER = datetime(2027, 2, 25, 15, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("rule", "device", "priority", "now", "gone", "reason"),
    [
        ("device-silent", "lock", "P4", T0, {"gw"}, "parent"),
        ("device-silent", "lock", "P4", T0, set(), None),
        ("device-silent", "cam", "P4", T0 + timedelta(hours=1), {"gw"}, None),
        ("device-tamper", "lock", "P3", T0, {"gw"}, None),
        ("device-silent", "lock", "P2", T0, {"gw"}, None),
        ("device-tamper", "lock", "P3", WINTER, set(), "closed"),
        ("device-tamper", "lock", "P3", WINTER + timedelta(minutes=1), set(), None),
        ("school-gate-open", "lock", "P2", WINTER, set(), None),
        ("school-gate-open", "lock", "P3", WINTER, set(), "closed"),
        ("school-one-touch-alarm", "lock", "P1", WINTER, set(), None),
        ("door-held", "lock", "P3", WINTER, set(), None),
        ("device-tamper", "cam", "P3", T0, set(), "drill"),
        ("device-offline", "cam", "P4", T0, set(), "drill"),
        ("device-offline", "cam", "P4", seconds(600), set(), None),
        ("loitering", "cam", "P3", T0, set(), None),
        ("school-one-touch-alarm", "cam", "P1", T0, set(), None),
    ],
)
def test_what_is_explained_by_design(
    rule: str, device: str, priority: str, now: datetime, gone: set[str], reason: str | None
) -> None:
    alert, definition = about(rule, device, priority)
    assert by_design(alert, definition, REGISTRY, now, gone) == reason


def test_an_attribute_that_cannot_be_read_closes_nothing() -> None:
    for told in (None, "2027", [["2027-01-20"]], [["x", "y"]], [1], {"a": 1}):
        assert list(spans(told)) == []
    assert by_design(ALERT, None, REGISTRY, WINTER, {"gw"}) is None
