"""Is one process of ours well: for whoever watches it (Compose, systemd, a load balancer), the doctor and `/readyz`."""

from __future__ import annotations

import urllib.request
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from gateway.clock import clock_of
from gateway.model.errors import StoreUnavailable
from gateway.settings import Settings
from gateway.store import accounts, county
from gateway.store.pool import connect, reaching_store

#: A gateway says how it is once a second; one that has not for so long is not there.
STALE = timedelta(seconds=15)
ANSWER_S = 5.0


class Reason(StrEnum):
    """What can be wrong with a gateway. The words stay as they are: the console knows them in both languages."""

    NEVER_RAN = "no gateway has run yet"
    SILENT = "the gateway is not running"
    NOT_SUBSCRIBED = "the gateway is not subscribed to the broker"
    NOT_DELIVERING = "the delivery loop is not running"


class Degraded(StrEnum):
    """What is not as it should be while a press still rings."""

    PROVIDER = "a channel's provider fails, and people are told another way"
    COUNTY = "the county's platform is out of reach"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is wrong: `reason` is one of a few fixed texts, `detail` what it is in this case, may be empty."""

    reason: str
    detail: str = ""

    def __str__(self) -> str:
        """Both, for people."""
        return f"{self.reason}: {self.detail}" if self.detail else self.reason


def troubles(told: tuple[datetime, dict[str, Any]] | None, now: datetime) -> list[Trouble]:
    """Judge a gateway's process by what it last said of itself and when (aware); `told` is None when it never did.

    A gateway that is not there has that one trouble: what it said before it went is not judged.
    """
    if told is None:
        return [Trouble(Reason.NEVER_RAN)]
    said_at, facts = told
    if now - said_at > STALE:
        return [Trouble(Reason.SILENT, f"it has said nothing for {(now - said_at).total_seconds():.0f} s")]
    found: list[Trouble] = []
    if not facts.get("subscribed"):
        found.append(Trouble(Reason.NOT_SUBSCRIBED))
    if not facts.get("delivering"):
        found.append(Trouble(Reason.NOT_DELIVERING))
    return found


def degraded(told: tuple[datetime, dict[str, Any]] | None, now: datetime) -> list[Trouble]:
    """Return what of a running gateway is not as it should be, without making it unwell: a provider is not ours.

    So far: each channel whose breaker is not closed, with since when.
    """
    if told is None or now - told[0] > STALE:
        return []
    breakers: dict[str, dict[str, Any]] = told[1].get("breakers", {})
    return [
        Trouble(Degraded.PROVIDER, f"{channel} is {breaker['state']} since {breaker['since'] or 'its start'}")
        for channel, breaker in sorted(breakers.items())
        if breaker["state"] != "closed"
    ]


@dataclass(frozen=True, slots=True)
class Judgement:
    """How a process is: `unwell` is what is wrong with it, `degraded` what ails around it; empty when nothing does."""

    unwell: str = ""
    degraded: str = ""


def judge_gateway(settings: Settings) -> Judgement:
    """Judge the gateway by what it last said in the database."""
    try:
        with reaching_store(), connect(settings.database, "health") as connection:
            told = accounts.health(connection, settings.station).get("gateway")
    except StoreUnavailable as error:
        return Judgement(str(error))
    now = clock_of(settings.clock).now()
    return Judgement("; ".join(map(str, troubles(told, now))), "; ".join(map(str, degraded(told, now))))


def judge_county(settings: Settings) -> Judgement:
    """Judge the process of the county's links by what it last said; how a platform answers is not its fault."""
    now = clock_of(settings.clock).now()
    try:
        with reaching_store(), connect(settings.database, "health") as connection:
            links = county.links(connection, settings.station, now)
    except StoreUnavailable as error:
        return Judgement(str(error))
    if not any(now - link["seen_at"] <= STALE for link in links):
        return Judgement("the process of the county's links is not running")
    down = [f"{link['name']} is {link['state']}" for link in links if link["state"] != "online"]
    return Judgement(degraded="; ".join(down))


def judge_api(settings: Settings) -> Judgement:
    """Judge the API on this machine by whether it answers."""
    anywhere = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104  # where it listens, not where we do
    host = anywhere.get(settings.http_host, settings.http_host)
    try:
        with urllib.request.urlopen(f"http://{host}:{settings.http_port}/healthz", timeout=ANSWER_S):
            return Judgement()
    except OSError as error:
        return Judgement(f"no answer at {host}:{settings.http_port}: {error}")
