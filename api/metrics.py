"""Figures for Prometheus, by the road's stop names."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from api.deps import Parts
from gateway.county.path import SILENT
from gateway.model.errors import StoreUnavailable
from gateway.store import accounts, county, events, outbox

#: What the road's counts of what was kept quiet begin with; the reason follows.
SUPPRESSED = "suppressed_"
#: An alarm's states in the outbox, as they are told of a county's link.
COUNTY = {
    "queued": "waiting", "accepted": "sent", "acknowledged": "acknowledged", "refused": "refused", "expired": "expired"
}  # fmt: skip
#: How far a channel's breaker is from letting messages through.
BREAKER = {"closed": 0, "half-open": 1, "open": 2}


def render(have: Parts) -> tuple[bytes, str]:
    """Return the figures of this moment and their content type."""
    registry = CollectorRegistry()
    registry.register(_Figures(have))
    return generate_latest(registry), CONTENT_TYPE_LATEST


class _Figures(Collector):
    def __init__(self, have: Parts) -> None:
        self._have = have

    def collect(self) -> Iterator[Metric]:
        have = self._have
        yield GaugeMetricFamily("anxin_streams", "Open live streams.", value=have.follower.streams)
        try:
            with have.pool.transaction() as connection:
                health = accounts.health(connection, have.settings.station)
                dead = events.dead_letter_counts(connection, have.settings.station)
                backlog = outbox.backlog(connection, have.settings.station)
                standing = county.standing(connection, have.settings.station)
                alarms = county.totals(connection, have.settings.station)
        except StoreUnavailable:
            yield GaugeMetricFamily("anxin_database_up", "Whether the database answers.", value=0)
            return
        yield GaugeMetricFamily("anxin_database_up", "Whether the database answers.", value=1)
        letters = CounterMetricFamily("anxin_dead_letters", "Dead letters kept, by reason.", labels=["reason"])
        for reason, count in dead.items():
            letters.add_metric([reason], count)
        yield letters
        waiting = GaugeMetricFamily("anxin_outbox_waiting", "Messages waiting, by channel.", labels=["channel"])
        for channel, count, _oldest in backlog:
            waiting.add_metric([channel], count)
        yield waiting
        yield from _county(standing, alarms, have.clock.now())
        if "gateway" in health:
            yield from _gateway(health["gateway"][1], (have.clock.now() - health["gateway"][0]).total_seconds())


def _gateway(facts: dict[str, Any], age: float) -> Iterator[Metric]:
    yield GaugeMetricFamily("anxin_gateway_age_seconds", "Since the gateway last said how it is.", value=age)
    if facts.get("horizon_lag_s") is not None:
        yield GaugeMetricFamily(
            "anxin_gateway_horizon_lag_seconds",
            "How far timers are behind now.",
            value=facts["horizon_lag_s"],
        )
    watchdog = facts.get("watchdog", {})
    if watchdog.get("age_s") is not None:
        yield GaugeMetricFamily(
            "anxin_watchdog_age_seconds", "Since the gateway's own probe last came through.", value=watchdog["age_s"]
        )
        yield GaugeMetricFamily("anxin_watchdog_late", "Whether a probe is missed.", value=1 if watchdog["late"] else 0)
    if watchdog.get("took_s") is not None:
        yield GaugeMetricFamily(
            "anxin_watchdog_took_seconds", "How long the last probe travelled.", value=watchdog["took_s"]
        )
    yield GaugeMetricFamily("anxin_gateway_memory_megabytes", "Peak resident memory.", value=facts["memory_mb"])
    spent = CounterMetricFamily("anxin_gateway_stop_seconds", "Time spent, by stop of the road.", labels=["stop"])
    for stop, seconds in facts["stop_seconds"].items():
        spent.add_metric([stop], seconds)
    yield spent
    counts = CounterMetricFamily("anxin_gateway_road", "What travelled the road, by what it was.", labels=["what"])
    quiet = CounterMetricFamily("anxin_suppressed", "Alerts kept quiet, by the reason.", labels=["reason"])
    for what, count in facts["counts"].items():
        counts.add_metric([what], count)
        if what.startswith(SUPPRESSED):
            quiet.add_metric([what.removeprefix(SUPPRESSED)], count)
    yield counts
    yield quiet
    held = GaugeMetricFamily("anxin_gateway_source_backlog", "Handed over, not yet taken.", labels=["source"])
    for source, told in facts["sources"].items():
        held.add_metric([source], told["backlog"])
    yield held
    yield from _delivery(facts)


def _county(
    standing: list[dict[str, Any]], alarms: list[tuple[str, str, int, datetime]], now: datetime
) -> Iterator[Metric]:
    up = GaugeMetricFamily("anxin_county_up", "Whether a county's platform has us.", labels=["link"])
    oldest = GaugeMetricFamily(
        "anxin_county_oldest_waiting_seconds", "Since the oldest waiting alarm was put up.", labels=["link"]
    )
    kept = GaugeMetricFamily("anxin_county_alarms", "Alarms kept, by what became of them.", labels=["link", "state"])
    since = {link: at for link, state, _count, at in alarms if state == "queued"}
    for row in standing:
        link = row["name"]
        up.add_metric([link], int(row["state"] == "online" and now - row["seen_at"] <= SILENT))
        oldest.add_metric([link], max((now - since.get(link, now)).total_seconds(), 0))
        counts = {state: count for of, state, count, _at in alarms if of == link}
        for state, name in COUNTY.items():
            kept.add_metric([link, name], counts.get(state, 0))
    yield up
    yield oldest
    yield kept


def _delivery(facts: dict[str, Any]) -> Iterator[Metric]:
    sent = CounterMetricFamily("anxin_gateway_deliveries", "Delivery attempts.", labels=["channel", "result"])
    for channel, results in facts["delivery"].items():
        for result, count in results.items():
            sent.add_metric([channel, result], count)
    yield sent
    broken = GaugeMetricFamily(
        "anxin_channel_breaker", "A channel's breaker: 0 closed, 1 half-open, 2 open.", labels=["channel"]
    )
    for channel, breaker in facts.get("breakers", {}).items():
        broken.add_metric([channel], BREAKER[breaker["state"]])
    yield broken
