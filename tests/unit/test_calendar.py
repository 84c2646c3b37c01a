"""When a rule counts: hours, nights over midnight, Chinese holidays and shifted workdays, school holidays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from rules.calendar import Schedule, is_workday

ZONE = ZoneInfo("Asia/Shanghai")
CLASS = {"days": "workdays", "from": "07:50", "to": "17:30"}


def schedule(**told: Any) -> Schedule:
    return Schedule.model_validate(told)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("moment", "counts"),
    [
        ("2026-09-28T07:49:59", False),
        ("2026-09-28T07:50", True),
        ("2026-09-28T17:30", False),
        ("2026-10-01T09:00", False),  # national day
        ("2026-10-10T09:00", True),  # a Saturday made a workday (调休)
        ("2026-10-17T09:00", False),  # an ordinary one
        ("2026-02-17T09:00", False),  # spring festival
        ("2026-02-14T09:00", True),  # the Saturday worked for it
    ],
)
def test_class_hours_follow_the_yearly_notice(moment: str, counts: bool) -> None:
    assert schedule(**CLASS).includes(at(moment), ZONE, {}) is counts


def test_a_night_belongs_to_the_day_it_began_on() -> None:
    night = schedule(days="workdays", **{"from": "22:00", "to": "05:00"})
    assert night.includes(at("2026-09-30T23:00"), ZONE, {})
    assert night.includes(at("2026-10-01T04:59"), ZONE, {}), "the night before the holiday"
    assert not night.includes(at("2026-10-01T23:00"), ZONE, {})


def test_outside_is_everything_else_and_left_out_is_never() -> None:
    off = schedule(**CLASS, outside=True, **{"except": [["07-05", "08-31"]]})
    assert off.includes(at("2026-09-28T20:00"), ZONE, {})
    assert off.includes(at("2026-10-01T09:00"), ZONE, {})
    assert not off.includes(at("2026-09-28T09:00"), ZONE, {})
    assert not off.includes(at("2026-07-20T20:00"), ZONE, {})
    winter = schedule(**{"except": [["12-20", "02-10"]]})
    assert not winter.includes(at("2026-01-05T09:00"), ZONE, {})
    assert winter.includes(at("2026-03-05T09:00"), ZONE, {})


def test_a_place_may_have_hours_of_its_own() -> None:
    hours = schedule(**CLASS, hours="class_hours")
    assert hours.includes(at("2026-09-28T18:00"), ZONE, {"class_hours": "08:30-18:30"})
    assert not hours.includes(at("2026-09-28T08:00"), ZONE, {"class_hours": "08:30-18:30"})
    assert hours.includes(at("2026-09-28T08:00"), ZONE, {"class_hours": "all day"}), "no span: the rule's own hours"


def test_a_wait_goes_on_while_it_counts_only() -> None:
    ten = timedelta(minutes=10)
    hours = schedule(**CLASS)
    assert hours.after(at("2026-09-28T07:00"), ten, ZONE, {}) == at("2026-09-28T08:00")
    assert hours.after(at("2026-09-28T09:00"), ten, ZONE, {}) == at("2026-09-28T09:10")
    assert hours.after(at("2026-09-30T17:25"), ten, ZONE, {}) == at("2026-10-08T07:55"), "over the golden week"
    never = schedule(**{"except": [["01-01", "12-31"]]})
    assert never.after(at("2026-09-30T17:25"), ten, ZONE, {}) is None


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 11, 30)),
    st.integers(1, 50 * 3600),
    st.sampled_from(
        [
            CLASS,
            {"from": "22:00", "to": "05:00"},
            {"days": "rest_days"},
            {**CLASS, "outside": True},
            {"from": "18:00", "to": "00:00", "days": "workdays"},
        ]
    ),
)
def test_waiting_in_two_steps_is_waiting_in_one(moment: datetime, seconds: int, told: dict[str, Any]) -> None:
    hours, since = schedule(**told), moment.replace(tzinfo=UTC)
    whole = hours.after(since, timedelta(seconds=seconds), ZONE, {})
    half = hours.after(since, timedelta(seconds=seconds / 2), ZONE, {})
    assert whole is not None
    assert half is not None
    assert hours.after(half, timedelta(seconds=seconds / 2), ZONE, {}) == whole
    assert since <= half <= whole


def test_days_of_the_week_count_holidays_or_not() -> None:
    market = schedule(days=["fri", "sat"], **{"from": "19:00", "to": "01:00"})
    assert market.includes(at("2026-10-02T20:00"), ZONE, {}), "a Friday of the golden week"
    assert market.includes(at("2026-10-04T00:30"), ZONE, {})
    assert not market.includes(at("2026-10-04T20:00"), ZONE, {})


@pytest.mark.parametrize(
    ("told", "moment", "day"),
    [
        (CLASS, "2026-09-28T09:00", "2026-09-28"),
        ({"from": "22:00", "to": "05:00"}, "2026-09-28T22:00", "2026-09-28"),
        ({"from": "22:00", "to": "05:00"}, "2026-09-29T04:59", "2026-09-28"),
        ({"from": "08:00", "to": "08:00"}, "2026-09-29T07:59", "2026-09-28"),
        ({}, "2026-09-29T00:00", "2026-09-29"),
        ({**CLASS, "outside": True}, "2026-10-03T12:00", "2026-10-02"),
        ({**CLASS, "outside": True}, "2026-10-03T17:30", "2026-10-03"),
    ],
)
def test_hours_belong_to_the_day_they_began_on(told: dict[str, Any], moment: str, day: str) -> None:
    assert schedule(**told).began(at(moment), ZONE, {}).isoformat() == day


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 11, 30)),
    st.integers(1, 10 * 86_400),
    st.integers(0, 10 * 86_400),
    st.sampled_from(
        [
            CLASS,
            {"from": "22:00", "to": "05:00", "days": "workdays"},
            {"days": ["mon", "sun"], "outside": True},
            {**CLASS, "outside": True, "except": [["03-01", "05-20"]]},
        ]
    ),
)
def test_windows_are_what_is_included(since: datetime, seconds: int, later: int, told: dict[str, Any]) -> None:
    hours, begin = schedule(**told), since.replace(tzinfo=UTC)
    until = begin + timedelta(seconds=seconds)
    windows = list(hours.windows(begin, until, ZONE, {}))
    assert all(begin <= opens < closes <= until for opens, closes in windows)
    assert windows == sorted(windows)
    moment = begin + timedelta(seconds=later % seconds)
    assert any(opens <= moment < closes for opens, closes in windows) is hours.includes(moment, ZONE, {})


def test_a_year_nobody_knows_yet_has_its_statutory_days() -> None:
    assert not is_workday(datetime(2027, 1, 1).date())
    assert not is_workday(datetime(2027, 5, 1).date())
    assert is_workday(datetime(2027, 3, 3).date())


@pytest.mark.parametrize(
    "told",
    [
        {"from": "25:00"},
        {"days": "mondays"},
        {"days": ["monday"]},
        {"days": []},
        {"from": 480, "to": "17:30"},
        {"outside": True},
        {"except": [["02-30x", "03-01"]]},
        {"hour": "class_hours"},
    ],
)
def test_what_is_no_schedule_is_refused(told: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        schedule(**told)
