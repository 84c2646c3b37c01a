"""A roster's gaps: found ahead exactly where the last resort would be needed, named, and found quickly."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.duty.coverage import Gap, answerable, gaps
from gateway.duty.doubts import doubts
from gateway.duty.roster import answering
from gateway.duty.said import doubt_said, gap_said, gaps_said
from gateway.model.contact import Contact
from gateway.model.duty import Duty, Shift, Swap
from gateway.model.registry import Area, Place, Registry, Responder, Station
from rules.calendar import Schedule

ZONE = ZoneInfo("Asia/Shanghai")
AREAS = [
    Area("beat", "beat", "警务区"),
    Area("grid", "grid", "网格", "beat"),
    Area("market", "special_grid", "夜市", "beat"),
]
PEOPLE = "abcdmn"  # m and n are mute


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)


def registry(**told: Any) -> Registry:
    people = [Responder(one, one, "officer", contacts=[] if one in "mn" else [Contact(1, "phone")]) for one in PEOPLE]
    station = Station("s", "派出所", "Asia/Shanghai")
    return Registry(station=station, **{"areas": AREAS, "responders": people, **told})


def shift(ident: str, people: str, area: str | None = "grid", duty_as: str = "officer", **more: Any) -> Shift:
    return Shift(ident, duty_as, list(people), area=area, **more)  # type: ignore[arg-type]


def found(told: Registry, since: str = "2026-09-28T00:00", days: float = 14) -> list[tuple[str | None, str, str]]:
    def local(moment: datetime) -> str:
        return f"{moment.astimezone(ZONE):%m-%d %H:%M}"

    return [(gap.area, local(gap.from_), local(gap.until)) for gap in gaps(told, at(since), days=days)]


# ── gaps ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_standing_duty_above_or_the_stations_covers_all_below() -> None:
    assert found(registry(duties=[Duty("beat", "a")])) == []
    assert found(registry(duties=[Duty(None, "a")])) == []
    assert found(registry(duties=[Duty("grid", "a")])) == [("market", "09-28 00:00", "10-12 00:00")]


def test_an_office_roster_leaves_nights_weekends_and_the_golden_week() -> None:
    office = {"days": "workdays", "from": "08:00", "to": "18:00"}
    told = registry(shifts=[shift("day", "ab", "beat", hours=office)])
    in_grid = [(since, until) for area, since, until in found(told) if area == "grid"]
    assert in_grid == [
        ("09-28 00:00", "09-28 08:00"),
        ("09-28 18:00", "09-29 08:00"),
        ("09-29 18:00", "09-30 08:00"),
        ("09-30 18:00", "10-08 08:00"),
        ("10-08 18:00", "10-09 08:00"),
        ("10-09 18:00", "10-10 08:00"),  # the Saturday is worked
        ("10-10 18:00", "10-12 00:00"),
    ]


def test_two_halves_that_meet_leave_no_gap_and_a_minute_between_them_is_one() -> None:
    day = shift("day", "ab", None, hours={"from": "08:00", "to": "20:00"})
    night = shift("night", "cd", None, hours={"from": "20:00", "to": "08:00"})
    assert found(registry(shifts=[day, night])) == []
    late = shift("night", "cd", None, hours={"from": "20:01", "to": "08:00"})
    assert found(registry(shifts=[day, late]), days=2) == [
        (area, f"09-{n} 20:00", f"09-{n} 20:01") for area in ("grid", "market") for n in (28, 29)
    ]


def test_a_roster_that_begins_later_leaves_the_time_until_then() -> None:
    told = registry(shifts=[shift("all", "ab", None, since=date(2026, 10, 1))])
    assert found(told)[0] == ("grid", "09-28 00:00", "10-01 00:00")


def test_a_span_left_out_is_a_gap() -> None:
    told = registry(shifts=[shift("all", "ab", None, hours={"except": [["10-01", "10-03"]]})])
    assert found(told)[0] == ("grid", "10-01 00:00", "10-04 00:00")


def test_the_turn_of_somebody_who_cannot_be_reached_is_a_gap_that_names_them() -> None:
    told = registry(shifts=[shift("all", "am", None, since=date(2026, 9, 28))])
    gap = gaps(told, at("2026-09-28T00:00"), days=2)[0]
    assert gap == Gap("grid", at("2026-09-29T00:00"), at("2026-09-30T00:00"), {"code": "unreachable", "people": ["m"]})
    assert gap_said(told, gap)["zh"] == "网格 自 2026-09-29 00:00 至 2026-09-30 00:00 排了 m，但没有联系方式"
    swapped = registry(shifts=told.shifts, swaps=[Swap("all", date(2026, 9, 29), "m", "b")])
    assert gaps(swapped, at("2026-09-28T00:00"), days=2) == []


def test_a_swap_with_somebody_who_cannot_be_reached_is_a_gap() -> None:
    told = registry(shifts=[shift("all", "a", None)], swaps=[Swap("all", date(2026, 9, 29), "a", "m")])
    assert found(told)[0] == ("grid", "09-29 00:00", "09-30 00:00")


def test_guards_commanders_and_leaders_do_not_keep_an_area() -> None:
    others = [shift(duty_as, "a", None, duty_as) for duty_as in ("guard", "commander", "leader")]
    assert found(registry(shifts=others), days=1) == [
        (area, "09-28 00:00", "09-29 00:00") for area in ("grid", "market")
    ]


def test_a_deputy_keeps_an_area_and_it_is_said() -> None:
    told = registry(duties=[Duty(None, "m", "a")])
    assert found(told) == []
    assert [doubt.code for doubt in doubts(told, at("2026-09-28T00:00"))] == [
        "no_contact",
        "deputy_only",
        "deputy_only",
    ]


def test_an_area_above_others_is_looked_at_when_it_has_places_of_its_own() -> None:
    assert answerable(registry()) == ["grid", "market"]
    assert answerable(registry(places=[Place("square", "square", "beat", "广场")])) == ["beat", "grid", "market"]
    own = [Duty("grid", "a"), Duty("market", "b")]
    assert found(registry(duties=own)) == []
    assert found(registry(duties=own, places=[Place("square", "square", "beat", "广场")]))[0][0] == "beat"


def test_no_roster_at_all_is_allowed_and_doubted() -> None:
    assert gaps(registry(), at("2026-09-28T00:00")) == []
    assert [doubt.code for doubt in doubts(registry(), at("2026-09-28T00:00"))] == ["no_roster"]


def test_an_error_names_the_first_gaps_and_counts_the_rest() -> None:
    told = registry(shifts=[shift("day", "ab", None, hours={"from": "08:00", "to": "20:00"})])
    sentence = gaps_said(told, gaps(told, at("2026-09-28T08:00"), days=3))
    assert "网格: nobody from 2026-09-28 20:00 to 2026-09-29 08:00" in sentence
    assert "and 3 more" in sentence


# ── doubts ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_odd_is_said_in_both_languages() -> None:
    told = registry(
        duties=[Duty("beat", "a")],
        shifts=[
            shift("mute", "mn"),
            shift("closed", "b", hours={"except": [["01-01", "12-31"]]}),
            shift("post", "c", duty_as="guard"),
            shift("night", "bc", hours={"from": "20:00", "to": "06:00"}, since=date(2026, 9, 28)),
            shift("room", "d", None, hours={"from": "04:00", "to": "12:00"}),
            shift("unread", "a", hours={"from": "8 o'clock"}),
        ],
        swaps=[
            Swap("night", date(2026, 9, 28), "b", "d"),  # d serves in the duty room from four
            Swap("night", date(2026, 9, 29), "b", "a"),  # it is c's turn
        ],
        responders=[*registry().responders.values(), Responder("d", "", "grid_worker", contacts=[Contact(1, "sms")])],
    )
    said = [(doubt.code, doubt_said(told, doubt)["en"]) for doubt in doubts(told, at("2026-09-28T12:00"))]
    assert ("no_contact", "m has no contact") in said
    assert ("cannot_sign", "d has the role grid_worker, which may not sign incidents") in said
    codes = [code for code, _ in said]
    assert sorted(codes) == [
        "cannot_sign", "guard_without_place", "never_opens", "never_opens", "no_contact", "no_contact", "swap_in_vain",
        "swap_twice", "unreachable_shift",
    ]  # fmt: skip
    assert "on 2026-09-28 d stands in for b in night and serves in room at the same time" in dict(said)["swap_twice"]
    assert all(doubt_said(told, doubt)["zh"] for doubt in doubts(told, at("2026-09-28T12:00")))


# ── the point of it ──────────────────────────────────────────────────────────────────────────────────────────────────

HOURS = st.fixed_dictionaries(
    {},
    optional={
        "days": st.sampled_from(["all", "workdays", "rest_days", ["fri", "sat"]]),
        "from": st.sampled_from(["00:00", "07:20", "08:00", "20:00", "22:30"]),
        "to": st.sampled_from(["00:00", "06:00", "08:00", "20:00"]),
        "outside": st.booleans(),
        "except": st.sampled_from([[["10-01", "10-03"]], [["09-29", "09-29"]]]),
    },
)
SHIFTS = st.builds(
    Shift,
    id=st.sampled_from(["s1", "s2", "s3", "s4"]),
    duty_as=st.sampled_from(["officer", "officer", "officer", "deputy", "guard", "commander"]),
    people=st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=3),
    area=st.sampled_from([None, "beat", "grid", "market"]),
    hours=HOURS,
    since=st.sampled_from([date(2026, 1, 1), date(2026, 9, 29)]),
    turn_days=st.integers(1, 3),
)
DUTIES = st.builds(
    Duty,
    area=st.sampled_from(["beat", "grid", "market"]),
    officer=st.sampled_from(PEOPLE),
    deputy=st.one_of(st.none(), st.sampled_from(PEOPLE)),
)
SWAPS = st.builds(
    Swap,
    shift=st.sampled_from(["s1", "s2", "s3"]),
    day=st.dates(date(2026, 9, 27), date(2026, 10, 5)),
    instead_of=st.sampled_from(PEOPLE),
    by=st.sampled_from(PEOPLE),
)


@settings(max_examples=300)
@given(
    st.lists(DUTIES, max_size=1),
    st.lists(SHIFTS, min_size=1, max_size=4, unique_by=lambda one: one.id),
    st.lists(SWAPS, max_size=6),
    st.lists(st.integers(0, 8 * 1440 - 1), min_size=5, max_size=20),
)
def test_a_gap_is_exactly_where_the_last_resort_is_needed(
    duties: list[Duty], shifts: list[Shift], swaps: list[Swap], minutes: list[int]
) -> None:
    since = at("2026-09-28T00:00")
    told = registry(duties=duties, shifts=shifts, swaps=swaps)
    holes = gaps(told, since, days=8)
    edges = [edge - since for gap in holes for edge in (gap.from_, gap.until)]
    moments = {timedelta(minutes=one) for one in minutes} | {
        edge + step for edge in edges for step in (timedelta(seconds=-1), timedelta())
    }
    for area in ("grid", "market"):
        for moment in (since + one for one in moments if timedelta() <= one < timedelta(days=8)):
            answers = answering(told, area, moment)
            assert {one.user for one in answers if one.duty_as == "officer"} - {"m", "n"}, "never nobody"
            alone = any(one.why["code"] == "last_resort" for one in answers)
            within = [gap for gap in holes if gap.area == area and gap.from_ <= moment < gap.until]
            assert bool(within) is alone, (area, moment)


def test_a_hundred_grids_over_sixty_days_are_looked_at_where_something_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    areas = [Area(f"g{n}", "grid", f"网格{n}", "beat") for n in range(100)]
    shifts = [
        Shift(
            f"{area.id}-{part}", "officer", list("abc"), area=area.id, turn_days=1 + n % 5,
            hours={"from": begins, "to": ends, "days": "all" if n % 2 else "workdays"},
        )
        for n, area in enumerate(areas)
        for part, begins, ends in (("day", "08:00", "20:00"), ("night", "20:00", "07:30"), ("noon", "12:00", "14:00"))
    ]  # fmt: skip
    told = registry(areas=[AREAS[0], *areas], shifts=shifts)
    asked = 0
    inside = Schedule._inside

    def counted(self: Schedule, *about: Any) -> bool:
        nonlocal asked
        asked += 1
        return inside(self, *about)

    monkeypatch.setattr(Schedule, "_inside", counted)
    holes = gaps(told, at("2026-09-28T00:00"))
    assert all(len([gap for gap in holes if gap.area == area]) == 60 for area in ("g1", "g99"))
    assert asked < 100 * 3 * 61 * 4, "not by the minute"
    before = asked
    doubts(told, at("2026-09-28T00:00"))
    assert asked == before, "what is known already is not worked out again"
