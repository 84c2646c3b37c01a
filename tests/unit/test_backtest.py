"""What a backtest makes of verdicts: spans, counts by grid and hour, floods, a difference, a precision."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from gateway.backtest_text import told
from gateway.model.judgement import Explanation, Verdict
from rules.backtest import Judged, Span, Spans, difference, forecast, precision, tally

START = datetime(2026, 11, 1, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def verdict(action: str, minutes: float, subject: str = "device:a", **more: Any) -> Verdict:
    explanation = Explanation("r", 1, {"zh": f"第{minutes:g}分", "en": f"minute {minutes:g}"}, {})
    return Verdict(action, "r", subject, at(minutes), explanation, "P2", place="here", **more)  # type: ignore[arg-type]


def gathered(*verdicts: Verdict, since: datetime = START) -> list[Span]:
    spans = Spans(since)
    for one in verdicts:
        spans(one, one.at)
    return spans.gathered(lambda _: "grid-1")


def span(subject: str, raised: float, cleared: float | None = None) -> Span:
    return gathered(
        verdict("raise", raised, subject), *([verdict("clear", cleared, subject)] if cleared is not None else [])
    )[0]


# ── spans ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_span_is_raised_once_and_ends_when_it_clears() -> None:
    spans = gathered(verdict("raise", 1), verdict("extend", 2), verdict("raise", 3), verdict("clear", 4))
    (one,) = spans
    assert (one.raised_at, one.last_event_at, one.cleared_at, one.seen) == (at(1), at(3), at(4), 3)
    assert one.explanation.summary["en"] == "minute 1", "why it rang, not why it went on"
    assert one.area == "grid-1"


def test_a_clear_older_than_the_last_event_ends_nothing() -> None:
    assert gathered(verdict("raise", 5), verdict("clear", 4))[0].cleared_at is None


def test_a_retraction_ends_whatever_its_time_and_says_so() -> None:
    (one,) = gathered(verdict("raise", 5), verdict("retract", 4))
    assert (one.retracted, one.cleared_at) == (True, at(4))


def test_what_is_not_open_is_neither_cleared_nor_retracted() -> None:
    assert gathered(verdict("clear", 1), verdict("retract", 2)) == []


def test_subjects_do_not_share_a_span() -> None:
    assert len(gathered(verdict("raise", 1), verdict("raise", 1, "device:b"))) == 2


def test_the_warm_up_only_says_what_stands() -> None:
    since = at(10)
    over = [verdict("raise", 1), verdict("clear", 2)]
    standing = [verdict("raise", 3, "device:b"), verdict("clear", 12, "device:b")]
    new = [verdict("raise", 11, "device:c")]
    spans = gathered(*over, *standing, *new, since=since)
    assert [(one.subject, one.before) for one in spans] == [("device:b", True), ("device:c", False)]
    counts = tally(spans, since, at(20), SHANGHAI)
    assert (counts.raised, counts.standing_before, counts.standing) == (1, 1, 1)


# ── counts ──────────────────────────────────────────────────────────────────────────────────────────────


def test_counts_are_by_the_stations_day_and_hour() -> None:
    spans = [span("a", 60 * 15.5), span("b", 60 * 16.5, 60 * 17), span("b", 60 * 17.5)]
    counts = tally(spans, START, START + timedelta(days=2), SHANGHAI)
    assert counts.by_hour == {0: 1, 1: 1, 23: 1}
    assert counts.by_day == {"2026-11-01": 1, "2026-11-02": 2}
    assert (counts.raised, counts.subjects, counts.standing, counts.per_day) == (3, 2, 2, 1.5)
    assert counts.by_area == {"grid-1": 3}


# ── floods ──────────────────────────────────────────────────────────────────────────────────────────────


def test_ten_alerts_in_ten_minutes_are_no_flood_eleven_are() -> None:
    ten = [(at(n * 0.5), "P2") for n in range(10)]
    assert forecast(ten).floods == []
    (flood,) = forecast([*ten, (at(5), "P1")]).floods
    assert (flood.begins, flood.alerts) == (at(5), 11)
    # It ends when the seventh has left the window and four are in it.
    assert flood.ends == at(3 + 10)
    told = forecast([*ten, (at(5), "P1")])
    assert (told.worst, told.worst_at, told.by_priority) == (11, at(0), {"P1": 1, "P2": 10})


def test_a_flood_goes_on_while_five_come_in_ten_minutes() -> None:
    burst = [(at(n * 0.1), "P3") for n in range(11)]
    trickle = [(at(5 + n), "P3") for n in range(20)]
    (flood,) = forecast([*burst, *trickle]).floods
    assert (flood.ends, flood.alerts) == (at(30), 31)


def test_no_alerts_are_no_flood() -> None:
    assert (forecast([]).floods, forecast([]).worst, forecast([]).worst_at) == ([], 0, None)


@given(st.lists(st.integers(0, 600), max_size=60))
def test_floods_follow_the_definition(seconds: list[int]) -> None:
    moments = sorted(START + timedelta(seconds=10 * second) for second in seconds)
    told = forecast((moment, "P3") for moment in moments)
    window = timedelta(minutes=10)
    worst = max((sum(moment - window < other <= moment for other in moments) for moment in moments), default=0)
    assert told.worst == worst
    assert bool(told.floods) == (worst > 10)
    for flood in told.floods:
        assert sum(flood.begins - window < other <= flood.begins for other in moments) > 10
        assert sum(flood.ends - window < other <= flood.ends for other in moments) < 5


# ── two versions ────────────────────────────────────────────────────────────────────────────────────────


def test_spans_of_one_subject_that_overlap_are_the_same_to_people() -> None:
    candidate = [span("a", 10, 20), span("b", 10, 20), span("c", 30, 40)]
    running = [span("a", 15, 60), span("b", 25, 30), span("d", 1)]
    told = difference(candidate, running)
    assert told.both == 1
    assert [one.subject for one in told.only_candidate] == ["b", "c"]
    assert [one.subject for one in told.only_running] == ["b", "d"]


def test_what_stood_before_is_company_and_no_difference() -> None:
    before = span("a", -10)
    before.before = True
    assert difference([span("a", 5, 6)], [before]).only_candidate == []
    assert difference([before], []).only_candidate == []


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 50), st.integers(0, 9))))
def test_a_version_does_not_differ_from_itself(told: list[tuple[str, int, int]]) -> None:
    spans = [span(subject, begin, begin + length) for subject, begin, length in told]
    same = difference(spans, spans)
    assert (same.both, same.only_candidate, same.only_running) == (len(spans), [], [])


# ── what people said ────────────────────────────────────────────────────────────────────────────────────


def test_precision_is_of_what_it_would_raise_and_says_what_it_rests_on() -> None:
    spans = [span("a", 10, 20), span("b", 10)]
    judged = [
        Judged("a", at(11), at(12), "real"),
        Judged("b", at(30), None, "false_sensor"),
        Judged("b", at(40), at(41), "real"),
        Judged("a", at(10), at(20), "nuisance"),
        Judged("c", at(10), at(20), "real"),
        Judged("a", at(30), at(31), "false_human"),
    ]
    told = precision(spans, judged)
    assert (told.value, told.real, told.false, told.rests_on) == (round(2 / 3, 4), 2, 1, 3)
    assert (told.missed_real, told.spared_false) == (1, 1)
    assert told.dispositions == {"real": 3, "false_sensor": 1, "false_human": 1, "nuisance": 1}


def test_precision_of_nothing_judged_is_none() -> None:
    assert precision([span("a", 1)], [Judged("a", at(1), None, "duplicate")]).value is None


# ── as text ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_report_reads_in_the_stations_time_with_what_decides_first() -> None:
    spans = [span("device:a", 10, 20), span("device:b", 30)]
    counts = tally(spans, START, at(60), SHANGHAI)
    floods = forecast((one.heard_at, one.priority) for one in spans)
    report = {
        "rule": "r", "version": 2, "title": {"zh": "标题", "en": "Title"}, "since": START, "until": at(60),
        "time_zone": "Asia/Shanghai", "warm_up_from": START, "events": 5, "seconds": 0.1, "tally": counts,
        "areas": {"grid-1": "东街网格"}, "spans": spans, "floods": {"alone": floods, "with_others": floods},
        "compared": {
            "version": 1, "running": counts, "both": 1, "only_candidate": 1, "only_running": 0,
            "first_only_candidate": spans[1:], "first_only_running": [],
        },
        "precision": precision(spans, [Judged("device:a", at(10), at(12), "real")]),
    }  # fmt: skip
    text = "\n".join(told(msgspec.to_builtins(report), "zh"))
    for part in (
        "标题 · Title",
        "2026-11-01 08:10  P2  device:a",
        "第10分",
        "东街网格",
        "only this one (all 1)",
        "100%",
    ):
        assert part in text
    bare = report | {"precision": None, "compared": None, "floods": None}
    assert "no dispositions" in "\n".join(told(msgspec.to_builtins(bare), "en"))
