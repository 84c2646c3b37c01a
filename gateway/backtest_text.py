"""A backtest's report as text, for a terminal: what a commander reads before deciding."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

MOST_EXPLAINED = 20
MOST_AREAS = 12
#: Widest bar of the hours.
BAR = 40


def told(report: Mapping[str, Any], language: str) -> Iterator[str]:
    """Yield the lines of a report (plain data, as it is kept)."""
    local = _Local(report["time_zone"])
    counts = report["tally"]
    yield f"{report['rule']} version {report['version']}: {report['title']['zh']} · {report['title']['en']}"
    yield (
        f"{local(report['since'])} to {local(report['until'])} ({report['time_zone']}); read from "
        f"{local(report['warm_up_from'])} on: {report['events']:,} events in {report['seconds']:.1f} s"
    )
    yield ""
    yield (
        f"would have been raised: {counts['raised']} ({counts['per_day']:g} a day) about {counts['subjects']} "
        f"subjects; {counts['retracted']} taken back; {counts['standing']} stand at the end"
    )
    if counts["standing_before"]:
        yield f"  {counts['standing_before']} stood already when the stretch began"
    if counts["raised"]:
        yield from _where_and_when(counts, report["areas"])
        yield from _explained("what would have been raised", report["spans"], counts["raised"], local, language)
    if report["compared"] is not None:
        yield from _compared(report["compared"], local, language)
    if report["floods"] is not None:
        yield from _floods(report["floods"], local)
    yield from _precision(report["precision"])


def _where_and_when(counts: Mapping[str, Any], areas: Mapping[str, str]) -> Iterator[str]:
    yield ""
    yield "per grid"
    for area, count in list(counts["by_area"].items())[:MOST_AREAS]:
        yield f"  {count:>6}  {areas.get(area, area) or 'nowhere'}"
    if (more := len(counts["by_area"]) - MOST_AREAS) > 0:
        yield f"          and {more} more"
    most = max(counts["by_hour"].values())
    yield "per hour of the day"
    for hour, count in sorted(counts["by_hour"].items(), key=lambda item: int(item[0])):
        yield f"  {int(hour):02d} h {count:>6}  {'#' * max(1, round(BAR * count / most))}"
    worst = max(counts["by_day"], key=counts["by_day"].__getitem__)
    yield f"worst day: {worst} with {counts['by_day'][worst]}"


def _explained(title: str, spans: list[Any], count: int, local: _Local, language: str) -> Iterator[str]:
    shown = spans[:MOST_EXPLAINED]
    yield ""
    yield f"{title} ({f'the first {len(shown)} of {count}' if count > len(shown) else f'all {count}'})"
    for span in shown:
        over = f"until {local(span['cleared_at'])}" if span["cleared_at"] else "still stands"
        over += ", taken back" if span["retracted"] else ""
        yield f"  {local(span['heard_at'])}  {span['priority']}  {span['subject']}  ({over})"
        yield f"      {span['explanation']['summary'][language]}"


def _compared(compared: Mapping[str, Any], local: _Local, language: str) -> Iterator[str]:
    yield ""
    yield (
        f"against version {compared['version']}, which runs and would have raised {compared['running']['raised']}: "
        f"{compared['both']} by both, {compared['only_candidate']} only by this one, "
        f"{compared['only_running']} only by the running one"
    )
    if compared["only_candidate"]:
        yield from _explained(
            "only this one", compared["first_only_candidate"], compared["only_candidate"], local, language
        )
    if compared["only_running"]:
        yield from _explained(
            "only the running one", compared["first_only_running"], compared["only_running"], local, language
        )


def _floods(floods: Mapping[str, Any], local: _Local) -> Iterator[str]:
    yield ""
    yield "for one operator (a flood: more than 10 alerts in 10 minutes, until fewer than 5)"
    for name, forecast in (("this rule alone", floods["alone"]), ("with the others", floods["with_others"])):
        worst = f"at worst {forecast['worst']} in the 10 minutes from {local(forecast['worst_at'])}"
        shares = ", ".join(f"{priority} {count}" for priority, count in forecast["by_priority"].items())
        yield (
            f"  {name}: floods: {len(forecast['floods'])}; {worst if forecast['worst_at'] else 'no alert at all'}"
            f"{f'; {shares}' if shares else ''}"
        )


def _precision(precision: Mapping[str, Any] | None) -> Iterator[str]:
    yield ""
    if precision is None:
        yield "precision: no dispositions: nobody has closed an incident of this rule's alerts in that time"
        return
    if precision["value"] is None:
        yield "precision: none of the alerts people judged as real or false would have been raised"
    else:
        yield (
            f"precision: {precision['value']:.0%} ({precision['real']} real, {precision['false']} false; "
            f"it rests on {precision['rests_on']} closed incidents)"
        )
    yield (
        f"  real ones it would have missed: {precision['missed_real']}; "
        f"false ones it would have spared: {precision['spared_false']}"
    )


class _Local:
    """Moments as people at the station write them."""

    def __init__(self, zone: str) -> None:
        self._zone = ZoneInfo(zone)

    def __call__(self, moment: str | None) -> str:
        """Return a moment (RFC 3339) to the minute; a dash for none."""
        if moment is None:
            return "—"
        return datetime.fromisoformat(moment).astimezone(self._zone).strftime("%Y-%m-%d %H:%M")
