"""What the gateway process says of itself, once a second: the facts health is judged by and the API shows."""

from __future__ import annotations

import resource
from collections.abc import Sequence
from datetime import datetime

from connectors.mqtt import MqttSource
from gateway.driver import Driver
from gateway.telling.loop import Telling
from gateway.watchdog import Watchdog


def facts_of(
    driver: Driver | None, sources: Sequence[MqttSource], telling: Telling, watchdog: Watchdog, now: datetime
) -> dict[str, object]:
    """Return how the gateway is; without a driver it has no road yet."""
    road = driver.road if driver is not None else None
    horizon = driver.read_until() if driver is not None else None
    lag = (now - horizon).total_seconds() if horizon is not None and horizon.year > 1 else None
    return {
        "sources": {
            source.name: {
                "connected": source.connected,
                "subscribed": source.subscribed,
                "denied": source.denied,
                "backlog": source.backlog,
                "received": source.received,
                "redelivered": source.redelivered,
            }
            for source in sources
        },
        "subscribed": bool(sources) and all(source.subscribed for source in sources),
        "horizon_lag_s": lag,
        "counts": dict(road.counts) if road is not None else {},
        "stop_seconds": {name: round(spent, 3) for name, spent in road.seconds.items()} if road else {},
        "subjects": road.states.subjects if road is not None else 0,
        "rules": {rule.id: rule.version for rule in road.book} if road is not None else {},
        "quarantined": sorted(road.quarantined) if road is not None else [],
        "delivery": {name: dict(deliverer.counts) for name, deliverer in telling.deliverers.items()},
        "breakers": {name: deliverer.breaker.facts() for name, deliverer in telling.deliverers.items()},
        "delivering": telling.alive,
        "channels": sorted(telling.deliverers),
        "watchdog": watchdog.facts(),
        "memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }
