"""`anxin health`: is one process of ours well, for whoever watches it (Compose, systemd, a load balancer)."""

from __future__ import annotations

import urllib.request
from datetime import timedelta

from gateway.clock import clock_of
from gateway.model.errors import StoreUnavailable
from gateway.settings import Settings
from gateway.store import accounts
from gateway.store.pool import connect, reaching_store

#: A gateway says how it is once a second; one that has not for so long is not there.
STALE = timedelta(seconds=15)
ANSWER_S = 5.0


def why_gateway_is_unwell(settings: Settings) -> str | None:
    """Return what is wrong with the gateway, from what it last said in the database; None when it is well."""
    try:
        with reaching_store(), connect(settings.database, "health") as connection:
            told = accounts.health(connection, settings.station).get("gateway")
    except StoreUnavailable as error:
        return str(error)
    if told is None:
        return "no gateway has run yet"
    age = clock_of(settings.clock).now() - told[0]
    if age > STALE:
        return f"it has said nothing for {age.total_seconds():.0f} s"
    if not told[1].get("subscribed"):
        return "it is not subscribed to the broker"
    if not told[1].get("delivering"):
        return "its delivery loop does not run"
    return None


def why_api_is_unwell(settings: Settings) -> str | None:
    """Return what is wrong with the API on this machine; None when it answers."""
    anywhere = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104  # where it listens, not where we do
    host = anywhere.get(settings.http_host, settings.http_host)
    try:
        with urllib.request.urlopen(f"http://{host}:{settings.http_port}/healthz", timeout=ANSWER_S):
            return None
    except OSError as error:
        return f"no answer at {host}:{settings.http_port}: {error}"
