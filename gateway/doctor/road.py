"""The gateway, by what it last said of itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.clock import clock_of
from gateway.doctor.finding import Finding, bad, graded, warn, well
from gateway.health import Reason, degraded, troubles
from gateway.settings import Settings
from gateway.store import accounts

LAG_WARN_S, LAG_BAD_S = 5.0, 60.0


def look(connection: Connection[TupleRow], settings: Settings) -> Iterator[Finding]:
    """Look at the gateway."""
    told = accounts.health(connection, settings.station).get("gateway")
    if told is None:
        yield warn("gateway", Reason.NEVER_RAN, "start it: `anxin run`")
        return
    now = clock_of(settings.clock).now()
    wrong = {trouble.reason for trouble in troubles(told, now)}
    if Reason.SILENT in wrong:
        yield bad("gateway", f"not running: last heard {told[0]:%Y-%m-%d %H:%M:%S} UTC", "start it: `anxin run`")
        return
    facts = told[1]
    age_s = max((now - told[0]).total_seconds(), 0)
    yield well("gateway", f"heard {age_s:.0f} s ago, {facts.get('memory_mb', 0):.0f} MB")
    yield _sources(facts, subscribed=Reason.NOT_SUBSCRIBED not in wrong)
    yield _horizon(facts)
    yield _rules(facts)
    yield _delivery(facts, delivers=Reason.NOT_DELIVERING not in wrong)
    ails = [trouble.detail for trouble in degraded(told, now)]
    if ails:
        yield warn(
            "gateway channels",
            f"left alone because their providers fail: {'; '.join(ails)}",
            "look at the provider; who has another way is told there, and what waits goes out when it answers again",
        )
    else:
        yield well("gateway channels", "each provider answers, as far as it was asked")


def _sources(facts: dict[str, Any], *, subscribed: bool) -> Finding:
    sources: dict[str, dict[str, Any]] = facts.get("sources", {})
    if not subscribed:
        deaf = sorted(name for name, source in sources.items() if not source.get("subscribed"))
        return bad(
            "gateway sources",
            f"not subscribed: {', '.join(deaf) or 'all of them'}",
            "see the broker's findings here and gateway.log",
        )
    return well("gateway sources", f"subscribed: {', '.join(sorted(sources))}")


def _horizon(facts: dict[str, Any]) -> Finding:
    lag = facts.get("horizon_lag_s")
    if lag is None:
        return warn("gateway horizon", "not known yet", "look again in a few seconds; the broker must return markers")
    return graded(
        "gateway horizon",
        lag,
        f"timers are {lag:.1f} s behind now",
        warn_at=LAG_WARN_S,
        bad_at=LAG_BAD_S,
        do="a backlog is being read (wait), or the broker returns no markers (its round trip, below)",
    )


def _rules(facts: dict[str, Any]) -> Finding:
    aside = facts.get("quarantined", [])
    if aside:
        return bad(
            "gateway rules",
            f"put aside because they threw: {', '.join(aside)}",
            "see gateway.log, mend the rule, restart the gateway",
        )
    return well("gateway rules", f"{len(facts.get('rules', {}))} run")


def _delivery(facts: dict[str, Any], *, delivers: bool) -> Finding:
    if not delivers:
        return bad("gateway delivery", "nobody delivers messages", "restart the gateway and see gateway.log")
    return well("gateway delivery", f"channels: {', '.join(facts.get('channels', [])) or 'none'}")
