"""The links to the county's platforms, and what became of the alarms that go there."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from api.answers.documented import Answer, Said

AlarmState = Literal["waiting", "sent", "acknowledged", "refused", "expired", "contradicted", "stopped"]


class CountyLink(Answer):
    """How a link stands, and its alarms or pictures of the last 24 hours by state; `waiting` is whatever waits."""

    name: str
    kind: Literal["gb28181", "gat1400"] = Field(description="alarms over SIP, or pictures over HTTP")
    server: str
    device_code: str = Field(description="our code of 20 digits")
    state: str = Field(description="`online`, `registering`, `waiting` (until the next try), `leaving`, `off`")
    changed_at: datetime = Field(description="since when it is online, or is not")
    status: int = Field(description="the last SIP or HTTP status that changed its state; 0: none")
    why: str
    runs: bool = Field(description="its process was heard within 15 s")
    seen_at: datetime = Field(description="when its process was heard last")
    registered_at: datetime | None
    clock_offset_s: float | None = Field(description="by how much the platform's clock is ahead of ours")
    items: int = Field(description="devices in the catalogue")
    told_at: datetime | None = Field(description="when the platform was told the whole catalogue last")
    untold: int = Field(description="devices that have a code since then")
    subscriptions: dict[str, int] = Field(description="what the platform subscribed to, and for how many seconds")
    waiting: int
    oldest: datetime | None = Field(description="since when the oldest of them waits")
    sent: int
    acknowledged: int
    refused: int
    expired: int
    contradicted: int = Field(description="taken, and then answered with an error")
    last_sent: datetime | None
    last_acknowledged: datetime | None


class CountyStep(Answer):
    """One step of what stands between a button and the county."""

    link: str = Field(description="empty for what is of all links")
    name: str = Field(description="`file`, `codes`, `process`, `registered`, `catalogue`, `clock`, `guard`, …")
    level: Literal["ok", "warn", "error"]
    said: Said
    do: Said | None = Field(description="what to do; null when there is nothing to do")


class CountyLinks(Answer):
    """Every link, and step by step whether alarms get there."""

    at: datetime
    items: list[CountyLink]
    path: list[CountyStep]


class CountyAlarm(Answer):
    """An alarm as it was put up for a platform, and what became of it."""

    id: int = Field(description="its number, also as the platform is told it (SN, below 2^31)")
    link: str
    alert: int | None
    device: str | None = Field(description="the name of the device that has the code now; null when it is gone")
    place: str | None
    channel: str = Field(description="the 20 digits it is told under")
    priority: int
    method: int
    type: int | None
    at: datetime = Field(description="when it sounded")
    put_at: datetime
    state: AlarmState
    sent_at: datetime | None = Field(description="when the platform answered that it has it")
    acknowledged_at: datetime | None
    expires_at: datetime
    attempts: int
    answer: str | None = Field(description="how it got there and the status: `message 200`")
    reason: str | None = Field(description="what the last try came to, or what the platform answered later")
    next_try: datetime | None


class CountyAlarmPage(Answer):
    """Alarms, newest first. `next` is the `before` of the next page."""

    items: list[CountyAlarm]
    next: int | None
