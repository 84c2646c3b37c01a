"""When routes of online patrol are due, and what was missed: times of day, turns of a shift, nothing before it was."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from gateway.model.duty import Shift
from gateway.model.patrol import PatrolPoint, PatrolRoute
from gateway.model.registry import Area, Place, Registry, Station
from gateway.patrol.due import Window, standing, windows
from gateway.registering.complaints import complaints
from gateway.registering.site import Site

ZONE = ZoneInfo("Asia/Shanghai")
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of November in the station's time, as UTC."""
    return datetime(2026, 11, day, hour, minute, tzinfo=ZONE).astimezone(UTC)


def registry(*shifts: Shift) -> Registry:
    return Registry(station=Station("s", "所", "Asia/Shanghai"), shifts=shifts)


def route(*times: str, within_min: int = 60, shift: str | None = None) -> PatrolRoute:
    return PatrolRoute("r", "a", "巡查", [PatrolPoint("p")], list(times), within_min, shift)


NIGHT = Shift("night", "officer", ["a", "b"], hours={"from": "22:00", "to": "06:00"}, since=date(2026, 1, 1))


def test_times_of_day_are_the_stations() -> None:
    assert windows(registry(), route("08:30", "20:00"), at(10, 0), at(11, 0)) == [
        Window(at(10, 8, 30), at(10, 9, 30)), Window(at(10, 20), at(10, 21)),
    ]  # fmt: skip


def test_a_turn_over_midnight_is_one_window() -> None:
    found = windows(registry(NIGHT), route(shift="night"), at(10, 0), at(12, 0))
    assert found == [Window(at(10, 22), at(11, 6)), Window(at(11, 22), at(12, 6))]


def test_without_times_or_with_a_shift_that_is_gone_nothing_is_due() -> None:
    told = standing(registry(), route(shift="night"), LONG_AGO, [], at(10, 23))
    assert (told.due, told.next, told.missed) == (None, None, [])


def test_due_until_it_is_walked() -> None:
    told = standing(registry(), route("20:00"), at(10, 0), [], at(10, 20, 30))
    assert told.due == Window(at(10, 20), at(10, 21))
    assert told.next == at(11, 20)
    assert told.missed == []
    walked = standing(registry(), route("20:00"), at(10, 0), [at(10, 20, 10)], at(10, 20, 30))
    assert walked.due is None


@pytest.mark.parametrize(
    ("began", "missed"),
    [(at(10, 19, 59), True), (at(10, 20), False), (at(10, 20, 59), False), (at(10, 21), True)],
)
def test_a_round_counts_that_begins_within_the_time(began: datetime, missed: bool) -> None:
    told = standing(registry(), route("20:00"), at(10, 0), [began], at(10, 22))
    assert told.missed == ([Window(at(10, 20), at(10, 21))] if missed else [])


def test_what_was_missed_is_told_for_a_week_newest_first() -> None:
    told = standing(registry(), route("20:00"), LONG_AGO, [], at(20, 12))
    assert [one.begins for one in told.missed] == [at(day, 20) for day in range(19, 12, -1)]


def test_nothing_was_due_before_the_route_was_there() -> None:
    told = standing(registry(), route("08:00", "20:00"), at(10, 8, 10), [], at(10, 22))
    assert [one.begins for one in told.missed] == [at(10, 20)]
    assert standing(registry(), route("08:00"), at(10, 8, 10), [], at(10, 8, 20)).due == Window(at(10, 8), at(10, 9))


def test_a_day_that_goes_over_midnight_is_due_after_it() -> None:
    told = standing(registry(), route("23:30"), LONG_AGO, [at(9, 23, 40)], at(11, 0, 10))
    assert told.due == Window(at(10, 23, 30), at(11, 0, 30))
    assert at(9, 23, 30) not in {one.begins for one in told.missed}


def site(*routes: PatrolRoute) -> Site:
    return Site(
        Station("s", "所", "Asia/Shanghai"),
        areas=[Area("a", "beat", "甲"), Area("g", "grid", "丙", "a"), Area("b", "beat", "乙")],
        places=[Place("p", "shop", "g", "店"), Place("far", "shop", "b", "远")],
        patrols=list(routes),
    )


def test_a_route_that_holds_together_is_taken() -> None:
    assert complaints(site(route("08:30"))) == []


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (PatrolRoute("r", "a", "x", []), "a route has 1 to 100"),
        (PatrolRoute("r", "a", "x", [PatrolPoint("far")]), "does not lie in 'a'"),
        (PatrolRoute("r", "a", "x", [PatrolPoint("gone")]), "place 'gone' is no place"),
        (PatrolRoute("r", "a", "x", [PatrolPoint("p", "gone")]), "device 'gone' is no device"),
        (PatrolRoute("r", "none", "x", [PatrolPoint("p")]), "area 'none' is no area"),
        (PatrolRoute("r", "a", "x", [PatrolPoint("p", look_for={"fr": "voir"})]), "no fr"),
        (PatrolRoute("r", "a", "x", [PatrolPoint("p", look_for={"zh": "看" * 501})]), "at most 500"),
        (route("8:30"), "no time of day"),
        (route("24:00"), "no time of day"),
        (route("08:30", "08:30"), "stands twice"),
        (route("08:30", within_min=0), "within_min 0"),
        (route(shift="gone"), "shift 'gone' is no shift"),
    ],
)
def test_what_is_wrong_with_a_route_is_said(told: PatrolRoute, why: str) -> None:
    assert any(why in one for one in complaints(site(told))), complaints(site(told))


def test_a_time_within_an_hour_that_the_clock_skips_is_some_time() -> None:
    """No zone of China skips one; a station elsewhere must not lose its page."""
    skipping = Registry(station=Station("s", "所", "Europe/Berlin"))
    since = datetime(2026, 3, 29, tzinfo=UTC) - timedelta(hours=3)
    assert len(windows(skipping, route("02:30"), since, since + timedelta(days=1))) == 1
