"""The sums behind the statistics: buckets, intervals, shares of time, tables that spreadsheets open harmlessly."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.figures import alarms, mix, period, rules
from gateway.figures.alarms import attended, deal, positions_of
from gateway.figures.period import Period
from gateway.figures.sheet import BOM, RISKY, Column, Sheet, cell, to_csv
from gateway.figures.spread import median, share, spread, wilson
from gateway.figures.target import Target
from gateway.model.errors import BadInput
from gateway.store.desk import Seat
from rules.backtest import forecast

SHANGHAI = ZoneInfo("Asia/Shanghai")
T0 = datetime(2026, 8, 10, 10, tzinfo=UTC)
SECONDS = st.lists(st.floats(-10, 1e6), max_size=60)


def minutes(number: float) -> datetime:
    return T0 + timedelta(minutes=number)


# ── buckets, median, share, interval ─────────────────────────────────────────────────────────────────────────────────


def test_an_edge_is_still_in_time() -> None:
    told = spread([0, 30, 30.001, 60, 181], [30, 60, 120, 180])
    assert [bucket.count for bucket in told.buckets] == [2, 2, 0, 0, 1]
    assert [bucket.share for bucket in told.buckets] == [0.4, 0.4, 0, 0, 0.2]
    assert [(bucket.above_s, bucket.to_s) for bucket in told.buckets] == [
        (0, 30), (30, 60), (60, 120), (120, 180), (180, None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("seconds", "middle", "p90"),
    [
        ([7], 7, 7),
        ([10, 20], 15, 20),
        ([30, 10, 20], 20, 30),
        (list(range(1, 11)), 5.5, 9),
        (list(range(1, 12)), 6, 10),
        ([-5, 1], 0.5, 1),
    ],
)
def test_median_and_the_slowest_tenth(seconds: list[float], middle: float, p90: float) -> None:
    told = spread(seconds, [30])
    assert (told.n, told.median_s, told.p90_s) == (len(seconds), middle, p90)


def test_nothing_has_no_median() -> None:
    told = spread([], [30, 60])
    assert (told.n, told.median_s, told.p90_s) == (0, None, None)
    assert [(bucket.count, bucket.share) for bucket in told.buckets] == [(0, None)] * 3
    assert median([]) is None


@given(SECONDS, st.lists(st.floats(1, 1e5), max_size=6, unique=True).map(sorted))
def test_every_case_is_in_one_bucket(seconds: list[float], edges: list[float]) -> None:
    told = spread(seconds, edges)
    assert sum(bucket.count for bucket in told.buckets) == told.n == len(seconds)
    for bucket in told.buckets:
        within = [one for one in (max(0.0, s) for s in seconds) if bucket.to_s is None or one <= bucket.to_s]
        above = [one for one in within if one > bucket.above_s or (bucket is told.buckets[0])]
        assert bucket.count == len(above)


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [
        (1, 3, 0.0615, 0.7923), (3, 3, 0.4385, 1.0), (0, 3, 0.0, 0.5615), (50, 100, 0.4038, 0.5962),
        (8, 10, 0.4902, 0.9433),
    ],
)  # fmt: skip
def test_wilson(hits: int, n: int, low: float, high: float) -> None:
    assert wilson(hits, n) == (low, high)


def test_wilson_of_nothing() -> None:
    assert wilson(0, 0) is None


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_the_share(case: tuple[int, int]) -> None:
    hits, n = case
    interval = wilson(hits, n)
    assert interval is not None
    assert 0 <= interval[0] <= round(hits / n, 4) <= interval[1] <= 1


def test_share_of_nothing() -> None:
    assert share(0, 0) is None
    assert share(1, 3) == 0.3333


def test_targets() -> None:
    between = Target.at_most("x", {}, 1.5, 1, 2)
    assert (between.ok, between.on_target) == (True, False)
    assert Target.at_most("x", {}, 2.1, 1, 2).ok is False
    assert Target.at_most("x", {}, None, 1, 2).ok is None
    assert Target.at_least("x", {}, 0.8, 0.8).ok is True
    assert Target.at_least("x", {}, 0.79, 0.8).ok is False


# ── periods ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def local(year: int, month: int, day: int = 1, hour: int = 0) -> datetime:
    return datetime(year, month, day, hour, tzinfo=SHANGHAI)


def test_the_month_before_is_a_calendar_month() -> None:
    march = Period(local(2026, 3), local(2026, 4))
    assert period.before(march, SHANGHAI) == Period(local(2026, 2), local(2026, 3))
    assert period.before(Period(local(2026, 1), local(2026, 4)), SHANGHAI) == Period(local(2025, 10), local(2026, 1))
    utc = Period(local(2026, 3).astimezone(UTC), local(2026, 4).astimezone(UTC))
    assert period.before(utc, SHANGHAI) == Period(local(2026, 2), local(2026, 3))


def test_any_other_stretch_is_compared_with_as_long_a_one() -> None:
    week = Period(local(2026, 3, 2), local(2026, 3, 9))
    assert period.before(week, SHANGHAI) == Period(local(2026, 2, 23), local(2026, 3, 2))


def test_a_leap_day_a_year_ago_is_the_month_s_last() -> None:
    asked = Period(local(2028, 2, 29), local(2028, 3, 1))
    assert period.year_before(asked, SHANGHAI) == Period(local(2027, 2, 28), local(2027, 3, 1))


def test_periods_that_cannot_be() -> None:
    now = local(2026, 3)
    assert period.period(None, None, now) == Period(now - timedelta(days=30), now)
    for since, until in ((now, now), (now, now - timedelta(1)), (now - timedelta(400), now)):
        with pytest.raises(BadInput):
            period.period(since, until, now)
    for far in (datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)):
        with pytest.raises(BadInput):
            period.period(far, far + timedelta(hours=1), now)
        with pytest.raises(BadInput):
            period.period(None, far, now)
    assert period.month("2026-12", SHANGHAI) == Period(local(2026, 12), local(2027, 1))
    for wrong in ("2026-13", "0001-01", "9999-12", "today"):
        with pytest.raises(BadInput):
            period.month(wrong, SHANGHAI)


def test_changes() -> None:
    assert mix.change(3, 2) == 0.5
    assert mix.change(3, 0) is None
    rows = [
        {"category": "care", "priority": "P2", "incidents": 3},
        {"category": "entry", "priority": "P2", "incidents": 1},
    ]
    then = [{"category": "order", "priority": "P2", "incidents": 2}]
    told = {one.key: one for one in mix.compare(rows, then, None, "category")}
    assert (told["care"].share, told["care"].before, told["care"].change) == (0.75, 0, None)
    assert (told["order"].incidents, told["order"].change, told["order"].year_before) == (0, -1.0, None)
    assert mix.compare([], None, None, None)[0].incidents == 0


# ── rules ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_duplicates_and_drills_say_nothing_of_a_rule() -> None:
    outcomes = {"real": 3, "nuisance": 1, "duplicate": 5, "drill": 2, "handed_over": 1, "open": 4}
    told = rules.judged(
        [{"rule": "r", "outcome": o, "incidents": n} for o, n in outcomes.items()], {"r": 9, "quiet": 2}
    )
    mine = told[0]
    assert (mine.rule, mine.alerts, mine.n, mine.real, mine.precision) == ("r", 9, 4, 3, 0.75)
    assert mine.apart == {"duplicate": 5, "drill": 2, "handed_over": 1, "open": 4}
    assert (told[1].rule, told[1].precision, told[1].interval) == ("quiet", None, None)


def test_shares_against_80_15_5() -> None:
    good = rules.shares({"P1": 5, "P2": 15, "P3": 60, "P4": 20})
    assert [(one.code, one.value, one.ok) for one in good] == [
        ("high", 0.05, True),
        ("medium", 0.15, True),
        ("low", 0.8, True),
    ]
    assert [one.ok for one in rules.shares({"P1": 6, "P2": 15, "P3": 79})] == [False, True, False]
    assert [one.ok for one in rules.shares({})] == [None, None, None]


# ── the desk ─────────────────────────────────────────────────────────────────────────────────────────────────────────

DAY = Period(minutes(-600), minutes(840))


def seat(number: int, begins: float, ends: float, *pauses: tuple[float, float]) -> Seat:
    paused = [[minutes(since), minutes(until)] for since, until in pauses]
    return Seat(number, f"u{number}", f"U{number}", minutes(begins), minutes(ends), pauses=paused)


def test_a_pause_is_not_at_the_desk() -> None:
    assert attended(seat(1, 0, 60, (10, 20), (30, 40)), DAY) == [
        (minutes(0), minutes(10)), (minutes(20), minutes(30)), (minutes(40), minutes(60)),
    ]  # fmt: skip
    assert attended(seat(1, 0, 60, (0, 20)), DAY) == [(minutes(20), minutes(60))]
    assert attended(seat(1, 0, 60, (50, 60)), DAY) == [(minutes(0), minutes(50))]
    assert attended(seat(1, 0, 60, (10, 20)), Period(minutes(15), minutes(30))) == [(minutes(20), minutes(30))]
    assert attended(seat(1, 0, 60), Period(minutes(60), minutes(70))) == []


def test_alerts_are_dealt_in_turn_to_who_is_there() -> None:
    heard = [(minutes(number), "P3") for number in range(-1, 10)]
    dealt, unattended = deal(heard, {1: [(minutes(0), minutes(8))], 2: [(minutes(4), minutes(6))]})
    assert unattended == 3, "one before, and two at and after the end"
    assert len(dealt[1]) + len(dealt[2]) == 8
    assert len(dealt[2]) == 1, "there for two alerts, of which they met one"


@given(
    st.lists(st.floats(-60, 200), max_size=40).map(sorted),
    st.lists(st.tuples(st.floats(0, 100), st.floats(1, 60)), max_size=5),
)
def test_no_alert_is_dealt_twice_or_lost(moments: list[float], stretches: list[tuple[float, float]]) -> None:
    at_desk = {n: [(minutes(since), minutes(since + long))] for n, (since, long) in enumerate(stretches)}
    dealt, unattended = deal([(minutes(one), "P3") for one in moments], at_desk)
    assert sum(len(heard) for heard in dealt.values()) + unattended == len(moments)
    for desk, heard in dealt.items():
        assert all(at_desk[desk][0][0] <= moment < at_desk[desk][0][1] for moment, _ in heard)


def test_floods_are_those_of_backtests() -> None:
    heard = [(T0 + timedelta(seconds=10 * n), "P3") for n in range(12)]
    positions, unattended = positions_of(heard, [seat(1, -60, 60, (30, 45))], DAY)
    (mine,) = positions
    assert unattended == 0
    assert (mine.attended_s, mine.alarms, mine.peak_10_min, mine.floods) == (6300, 12, 12, 1)
    assert mine.average_per_10_min == round(12 / 10.5, 3)
    (flood,) = forecast(heard).floods
    assert (flood.begins, flood.ends) == (T0 + timedelta(seconds=100), T0 + timedelta(seconds=670))
    assert mine.flood_share == round(570 / 6300, 4)


def test_two_at_the_desk_share_what_would_flood_one() -> None:
    heard = [(T0 + timedelta(seconds=10 * n), "P3") for n in range(12)]
    positions, _ = positions_of(heard, [seat(1, -60, 60), seat(2, -60, 60)], DAY)
    assert [(one.alarms, one.floods, one.peak_10_min) for one in positions] == [(6, 0, 6), (6, 0, 6)]


def test_a_flood_ends_for_whom_the_shift_ends() -> None:
    heard = [(T0 + timedelta(seconds=10 * n), "P3") for n in range(12)]
    (mine,), _ = positions_of(heard, [seat(1, 0, 2)], DAY)
    assert mine.flood_share == round(20 / 120, 4)


def test_where_nobody_says_they_are_there_one_position_is_assumed() -> None:
    known = alarms.Read([(T0, "P1"), (minutes(5), "P3")], [], [], [], 0, 0)
    told = alarms.alarms(known, DAY, minutes(840))
    assert (told.assumed, told.unattended, told.positions[0].alarms) == (True, None, 2)
    assert told.positions[0].attended_s == 24 * 3600
    assert {one.code for one in told.indicators} >= {"average", "peak", "flood_share", "stale"}
    assert "unattended" not in {one.code for one in told.indicators}


def test_a_period_that_has_not_begun_has_no_figures() -> None:
    told = alarms.alarms(alarms.Read([], [], [], [], 0, 0), DAY, minutes(-700))
    assert told.days == 0
    assert {one.code: one.value for one in told.indicators}["average"] is None


# ── tables ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+86",
        "-2",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        " =1",
        "　＝1",
        "＋1",
        "－1",
        "＠x",
        "=cmd|' /C calc'!A0",
    ],
)
def test_no_text_becomes_a_formula(text: str) -> None:
    assert cell(text, "zh", SHANGHAI) == f"'{text}"


@given(st.text(max_size=20))
def test_no_text_at_all_becomes_a_formula(text: str) -> None:
    shown = str(cell(text, "en", SHANGHAI))
    assert not shown.startswith(RISKY)
    assert shown.removeprefix("'") == text.removeprefix("'")


def test_cells() -> None:
    assert cell(-3, "zh", SHANGHAI) == -3, "a number is no formula"
    assert cell(None, "zh", SHANGHAI) == ""
    assert (cell(True, "zh", SHANGHAI), cell(False, "en", SHANGHAI)) == ("是", "no")
    assert cell(datetime(2026, 10, 31, 17, tzinfo=UTC), "zh", SHANGHAI) == "2026-11-01 01:00:00"
    assert cell({"zh": "东街", "en": "=East"}, "en", SHANGHAI) == "'=East"


def test_a_table_opens_in_excel() -> None:
    sheet = Sheet([Column("a", "名称", "name"), Column("b", "数", "count")], [{"a": '东街, "一"', "b": 1}, {"a": "x"}])
    text = to_csv(sheet, "zh", SHANGHAI)
    assert text.startswith(BOM)
    assert list(csv.reader(io.StringIO(text.removeprefix(BOM)))) == [["名称", "数"], ['东街, "一"', "1"], ["x", ""]]
    assert to_csv(sheet, "en", SHANGHAI).startswith(BOM + "name,count\r\n")
