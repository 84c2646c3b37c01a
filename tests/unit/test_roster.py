"""Who is on duty: turns, hours over midnight, Chinese holidays, swaps, guards, deputies, and never nobody."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gateway.duty.answer import Footprint, metres_between, nearest, who_answers
from gateway.duty.roster import Answer, answering, starting_between
from gateway.model.contact import Contact
from gateway.model.duty import Duty, Shift, Swap
from gateway.model.registry import Area, Place, Registry, Responder, Station

ZONE = ZoneInfo("Asia/Shanghai")
REACHED = [Contact(1, "phone")]
AREAS = [
    Area("beat", "beat", "警务区"),
    Area("grid", "grid", "网格", "beat"),
    Area("other", "grid", "别的网格", "beat"),
]
PLACES = [
    Place("school", "school", "grid", "实验小学", 33.150, 109.100, attributes={"class_hours": "07:40-16:20"}),
    Place("gate", "school_gate", "grid", "校门", parent="school"),
    Place("yard", "yard", "grid", "操场", parent="school"),
    Place("room", "duty_room", "other", "中心警务室", 33.159, 109.100),
    Place("shop", "shop", "grid", "商店", 33.151, 109.100),
]
GUARD = {"days": "workdays", "from": "07:20", "to": "08:10", "except": [["07-05", "08-31"]]}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)


def registry(*, mute: str = "", **told: Any) -> Registry:
    """A station whose people are a to z, officers; c and l are commanders, o is an operator. `mute` have no contact."""
    roles = {"c": "commander", "l": "commander", "o": "operator"}
    people = [
        Responder(one, one, roles.get(one, "officer"), contacts=[] if one in mute else REACHED)
        for one in "abcdefglowxyz"
    ]
    return Registry(
        station=Station("s", "派出所", "Asia/Shanghai"),
        **{"areas": AREAS, "places": PLACES, "responders": people, **told},
    )


def told(answers: list[Answer]) -> list[tuple[str, str]]:
    return [(one.user, one.duty_as) for one in answers]


def officers(found: Registry, moment: str, area: str | None = "grid") -> list[str]:
    return [one.user for one in answering(found, area, at(moment)) if one.duty_as == "officer"]


def one_shift(people: str, duty_as: str = "officer", *, ident: str = "s1", **more: Any) -> Shift:
    return Shift(ident, duty_as, list(people), **{"area": "grid", **more})  # type: ignore[arg-type]


# ── the nearest answers ──────────────────────────────────────────────────────────────────────────────────────────────


def test_in_each_capacity_the_nearest_area_answers() -> None:
    found = registry(duties=[Duty("grid", "a"), Duty("beat", "b", "d"), Duty(None, "e", "f", "c", "l")])
    assert told(answering(found, "grid", at("2026-11-01T12:00"))) == [
        ("a", "officer"), ("d", "deputy"), ("c", "commander"), ("l", "leader"),
    ]  # fmt: skip
    assert told(answering(found, "other", at("2026-11-01T12:00")))[:2] == [("b", "officer"), ("d", "deputy")]
    assert told(answering(found, None, at("2026-11-01T12:00")))[:2] == [("e", "officer"), ("f", "deputy")]
    assert told(answering(found, "unheard of", at("2026-11-01T12:00")))[:1] == [("e", "officer")]


def test_an_answer_says_why() -> None:
    found = registry(
        duties=[Duty("beat", "b")],
        shifts=[one_shift("x", "deputy")],
        swaps=[Swap("s1", date(2026, 11, 1), "x", "y")],
    )
    deputy, officer = answering(found, "grid", at("2026-11-01T12:00"))
    assert deputy == Answer("y", "deputy", {"code": "swap", "area": "grid", "shift": "s1", "instead_of": "x"})
    assert officer.why == {"code": "standing", "area": "beat", "shift": None, "instead_of": None}
    later = answering(found, "grid", at("2026-11-02T12:00"))[0]
    assert (later.user, later.why["code"]) == ("x", "shift"), "a swap is for its day only"


def test_who_serves_twice_as_the_same_is_named_once() -> None:
    found = registry(duties=[Duty("grid", "a")], shifts=[one_shift("a"), one_shift("a", "deputy", ident="s2")])
    assert told(answering(found, "grid", at("2026-11-01T12:00"))) == [("a", "officer"), ("a", "deputy")]


def test_whoever_has_no_contact_is_passed_over_when_somebody_else_is_there() -> None:
    duties = [Duty("grid", "a"), Duty("beat", "b", "d"), Duty(None, "e", None, "c")]
    assert told(answering(registry(duties=duties, mute="a"), "grid", at("2026-11-01T12:00")))[0] == ("b", "officer")
    assert officers(registry(duties=duties, mute="ab"), "2026-11-01T12:00") == ["e"]


def test_without_an_officer_the_deputy_acts_as_one() -> None:
    found = registry(duties=[Duty("grid", "a"), Duty("beat", "b", "d", "c")], mute="ab")
    deputy, commander = answering(found, "grid", at("2026-11-01T12:00"))
    assert (deputy.user, deputy.duty_as, deputy.why["acting"]) == ("d", "officer", "deputy")
    assert told([commander]) == [("c", "commander")]


# ── never nobody ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("area", [None, "grid", "unheard of"])
def test_the_last_resort_is_every_officer_and_commander_with_a_contact(area: str | None) -> None:
    found = answering(registry(mute="abdefgwxy"), area, at("2026-11-01T12:00"))
    assert told(found) == [("c", "officer"), ("l", "officer"), ("z", "officer")]
    assert {one.why["code"] for one in found} == {"last_resort"}


def test_who_is_on_duty_as_something_else_stays_so_beside_the_last_resort() -> None:
    found = answering(
        registry(duties=[Duty("grid", "a", None, "c")], mute="abdefgwxyz"), "grid", at("2026-11-01T12:00")
    )
    assert told(found) == [("c", "commander"), ("c", "officer"), ("l", "officer")]


def test_when_no_officer_has_a_contact_whoever_has_one_is_told() -> None:
    assert told(answering(registry(mute="abcdefglwxyz"), "grid", at("2026-11-01T12:00"))) == [("o", "officer")]


def test_when_nobody_at_all_has_a_contact_the_roster_is_all_there_is_to_say() -> None:
    mute = registry(duties=[Duty("grid", "a")], mute="abcdefglowxyz")
    assert told(answering(mute, "grid", at("2026-11-01T12:00"))) == [("a", "officer")]
    assert answering(registry(mute="abcdefglowxyz"), "grid", at("2026-11-01T12:00")) == []


def test_hours_that_cannot_be_read_have_nobody_and_break_nothing() -> None:
    broken = registry(shifts=[one_shift("x", hours={"from": "25:00"})], duties=[Duty("beat", "b")])
    assert officers(broken, "2026-11-01T12:00") == ["b"]


# ── turns and hours ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_people_take_turns_from_the_first_day_on_and_before_it_there_is_nobody() -> None:
    found = registry(
        shifts=[one_shift("xyz", since=date(2026, 11, 2), turn_days=2)], duties=[Duty("beat", "b")]
    )  # fmt: skip
    days = ["01", "02", "03", "04", "05", "06", "07", "08"]
    assert [officers(found, f"2026-11-{day}T12:00")[0] for day in days] == list("bxxyyzzx")


def test_a_turn_lasts_the_local_day() -> None:
    found = registry(shifts=[one_shift("xy", since=date(2026, 11, 2))])
    assert officers(found, "2026-11-02T00:00") == ["x"], "16:00 of the day before in UTC"
    assert officers(found, "2026-11-02T23:59") == ["x"]
    assert officers(found, "2026-11-03T00:00") == ["y"]


def test_a_night_belongs_to_the_day_it_began_on_with_its_turn_and_its_swap() -> None:
    night = {"from": "20:00", "to": "06:00"}
    found = registry(
        shifts=[one_shift("xy", hours=night, since=date(2026, 11, 2))],
        duties=[Duty("beat", "b")],
        swaps=[Swap("s1", date(2026, 11, 3), "y", "z")],
    )
    assert officers(found, "2026-11-02T05:00") == ["b"], "the night before the first one"
    assert officers(found, "2026-11-02T20:00") == ["x"]
    assert officers(found, "2026-11-03T05:59") == ["x"]
    assert officers(found, "2026-11-03T06:00") == ["b"]
    assert officers(found, "2026-11-04T03:00") == ["z"], "the swap of the 3rd holds until the morning of the 4th"
    assert officers(found, "2026-11-04T20:00") == ["x"]


def test_a_day_from_eight_to_eight_changes_hands_at_eight() -> None:
    whole = {"from": "08:00", "to": "08:00"}
    found = registry(shifts=[one_shift("xy", hours=whole, since=date(2026, 11, 1))])
    assert [officers(found, f"2026-11-02T{hour}")[0] for hour in ("07:59", "08:00")] == ["x", "y"]


def test_outside_of_office_hours_the_day_begins_when_the_office_closes() -> None:
    off = {"days": "workdays", "from": "08:00", "to": "18:00", "outside": True}
    found = registry(shifts=[one_shift("xy", hours=off, since=date(2026, 11, 6))], duties=[Duty("beat", "b")])
    assert officers(found, "2026-11-06T12:00") == ["b"], "a Friday"
    assert officers(found, "2026-11-06T18:00") == ["x"]
    assert officers(found, "2026-11-07T12:00") == ["x"], "all of Saturday's day is still Friday's"
    assert officers(found, "2026-11-07T18:00") == ["y"]


@pytest.mark.parametrize(
    ("day", "workday"),
    [
        ("2026-09-30", True),
        ("2026-10-01", False),  # National Day
        ("2026-10-07", False),
        ("2026-10-08", True),
        ("2026-10-10", True),  # a Saturday made a workday (调休)
        ("2026-10-17", False),  # an ordinary one
        ("2026-02-14", True),  # the Saturday worked for Spring Festival
        ("2026-02-17", False),  # Spring Festival
        ("2026-02-23", False),
        ("2026-02-24", True),
    ],
)
def test_holidays_and_shifted_workdays(day: str, workday: bool) -> None:
    office = {"days": "workdays", "from": "08:00", "to": "18:00"}
    rest = {"days": "rest_days", "from": "08:00", "to": "18:00"}
    found = registry(shifts=[one_shift("x", hours=office), one_shift("y", ident="s2", hours=rest)])
    assert officers(found, f"{day}T09:00") == ["x" if workday else "y"]


def test_a_night_market_is_staffed_by_the_day_of_the_week() -> None:
    market = {"days": ["fri", "sat"], "from": "19:00", "to": "01:00"}
    found = registry(shifts=[one_shift("x", hours=market)], duties=[Duty("beat", "b")])
    assert officers(found, "2026-11-06T20:00") == ["x"]
    assert officers(found, "2026-11-08T00:30") == ["x"], "Saturday's night"
    assert officers(found, "2026-11-08T20:00") == ["b"], "a Sunday"


# ── guards ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("place", ["gate", "yard", "school"])
def test_a_guard_answers_for_what_happens_at_their_place_or_in_its_building_before_the_grid(place: str) -> None:
    found = registry(shifts=[one_shift("g", "guard", hours=GUARD, place="gate")], duties=[Duty("grid", "a")])
    answers = who_answers(found, place, None, at("2026-11-02T07:30"))
    assert told(answers) == [("g", "guard"), ("a", "officer")]
    assert answers[0].why == {"code": "guard", "area": "grid", "shift": "s1", "instead_of": None, "place": "gate"}


@pytest.mark.parametrize(
    ("place", "moment"),
    [
        ("shop", "2026-11-02T07:30"),  # elsewhere in the grid
        ("gate", "2026-11-02T08:10"),  # school has begun
        ("gate", "2026-11-01T07:30"),  # a Sunday
        ("gate", "2026-10-05T07:30"),  # a holiday
        ("gate", "2026-07-06T07:30"),  # school holidays
    ],
)
def test_a_guard_answers_nowhere_else_and_at_no_other_time(place: str, moment: str) -> None:
    found = registry(shifts=[one_shift("g", "guard", hours=GUARD, place="gate")], duties=[Duty("grid", "a")])
    assert told(who_answers(found, place, None, at(moment))) == [("a", "officer")]
    assert told(answering(found, "grid", at("2026-11-02T07:30"))) == [("a", "officer")]


def test_a_guard_without_a_contact_is_left_out_and_a_swapped_one_is_there() -> None:
    shifts = [one_shift("g", "guard", hours=GUARD, place="gate")]
    duties = [Duty("grid", "a")]
    assert told(
        who_answers(registry(shifts=shifts, duties=duties, mute="g"), "gate", None, at("2026-11-02T07:30"))
    ) == [("a", "officer")]
    swapped = registry(shifts=shifts, duties=duties, swaps=[Swap("s1", date(2026, 11, 2), "g", "w")])
    guard = who_answers(swapped, "gate", None, at("2026-11-02T07:30"))[0]
    assert (guard.user, guard.why["code"], guard.why["instead_of"]) == ("w", "guard", "g")


def test_a_guard_may_go_by_the_places_own_hours() -> None:
    hours = {"days": "workdays", "hours": "class_hours"}
    found = registry(shifts=[one_shift("g", "guard", hours=hours, place="school")], duties=[Duty("grid", "a")])
    assert told(who_answers(found, "school", None, at("2026-11-02T07:40")))[0] == ("g", "guard")
    assert told(who_answers(found, "school", None, at("2026-11-02T16:20")))[0] == ("a", "officer")


def test_the_area_counts_where_the_place_is_unknown() -> None:
    found = registry(duties=[Duty("grid", "a"), Duty("other", "b")])
    assert told(who_answers(found, "room", "grid", at("2026-11-02T07:30"))) == [("b", "officer")]
    assert told(who_answers(found, "nowhere", "grid", at("2026-11-02T07:30"))) == [("a", "officer")]
    assert told(who_answers(found, None, "grid", at("2026-11-02T07:30"))) == [("a", "officer")]


# ── the nearest ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_thousandth_of_a_degree_is_a_hundred_and_eleven_metres() -> None:
    assert metres_between((33.15, 109.1), (33.151, 109.1)) == pytest.approx(111.2, abs=0.1)
    assert metres_between((0, 0), (0, 180)) == pytest.approx(20_015_115, abs=1)


def test_the_nearest_is_first_and_who_is_nowhere_known_is_last() -> None:
    now = at("2026-11-02T12:00")
    found = registry(
        duties=[Duty("grid", "a", "d")], shifts=[one_shift("x", "deputy", area="other", place="room")], mute="f"
    )
    steps = [
        Footprint("b", now - timedelta(minutes=29), 33.152, 109.1),
        Footprint("b", now - timedelta(hours=3), 33.15, 109.1),
        Footprint("e", now - timedelta(minutes=30), 33.15, 109.1),  # too old
        Footprint("z", now + timedelta(minutes=5), 33.15, 109.1),  # to come
        Footprint("f", now, 33.15, 109.1),  # cannot be reached, is not on duty
        Footprint("d", now, 33.1505, 109.1),
    ]
    near = nearest(found, "gate", now, steps)
    assert [(one.user, one.distance_m, one.where) for one in near] == [
        ("d", 56, "footprint"), ("b", 222, "footprint"), ("x", 1001, "shift"), ("a", None, None),
    ]  # fmt: skip
    assert [one.duty_as for one in near] == [("deputy",), (), (), ("officer",)]
    assert near[0].seen_at == now
    assert near[2].seen_at is None


def test_without_coordinates_nobody_has_a_distance_and_who_answers_comes_first() -> None:
    now = at("2026-11-02T12:00")
    near = nearest(registry(duties=[Duty("grid", "a")]), None, now, [Footprint("b", now, 33.1, 109.1)], "grid")
    assert [(one.user, one.distance_m, one.where) for one in near] == [("a", None, None), ("b", None, "footprint")]


# ── before a shift ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_whose_turn_begins_within_a_time() -> None:
    night = one_shift("xy", ident="night", hours={"from": "20:00", "to": "06:00"}, since=date(2026, 11, 2))
    week = one_shift("ab", ident="week", turn_days=7, since=date(2026, 11, 2))
    found = registry(shifts=[night, week], swaps=[Swap("night", date(2026, 11, 3), "y", "z")])
    begins = starting_between(found, at("2026-11-03T00:00"), at("2026-11-10T00:00"))
    assert [(shift.id, user, begin) for shift, user, begin in begins[:3]] == [
        ("night", "z", at("2026-11-03T20:00")),
        ("night", "x", at("2026-11-04T20:00")),
        ("night", "y", at("2026-11-05T20:00")),
    ]
    assert [(user, begin) for shift, user, begin in begins if shift is week] == [("b", at("2026-11-09T00:00"))]
    assert starting_between(found, at("2026-11-03T20:00:01"), at("2026-11-04T20:00")) == []
