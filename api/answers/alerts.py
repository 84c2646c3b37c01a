"""Alerts, and the work items beside them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from api.answers.county import CountyAlarm
from api.answers.documented import Answer, Said, absent
from api.answers.events import Event
from api.answers.words import AlertState, Priority
from gateway.model.judgement import Stream


class Prevention(Answer):
    """What would have kept a rule quiet; empty for what the gateway says of itself."""

    zh: str = absent()
    en: str = absent()


class Explanation(Answer):
    """Why a rule said what it said: structured facts first, sentences made from them."""

    rule: str
    version: int
    summary: Said
    facts: dict[str, Any] = Field(description="by the rule's kind")
    limit: str | None = Field(description="what was exceeded")
    limit_source: str | None = Field(description="where that limit came from")
    prevented_by: Prevention


class Alert(Answer):
    """What a rule saw, from the first raise until it is over; as `work_item` it is maintenance and never sounds."""

    id: int
    station: str
    rule: str
    rule_version: int
    subject: str = Field(description="`device:…`, `place:…`, `building:…`, `person:…`, …")
    stream: Stream
    priority: Priority
    title: Said
    explanation: Explanation
    first_action: Said
    raised_at: datetime
    last_event_at: datetime
    place: str | None
    area: str | None
    device: str | None
    person: str | None
    events: list[str] = Field(description="references, `device/id`, of the events that counted, newest last")
    seen: int = Field(description="how often it was raised")
    sounded: int = Field(description="how often people were told")
    last_sounded_at: datetime | None
    active: bool = Field(description="the condition stands")
    latched: bool = Field(description="it holds until somebody resets it")
    acknowledged: bool
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    shelved_until: datetime | None
    suppressed_by: str | None = Field(description="why it is quiet: a reason, or the rule whose alert explains it")
    suppressed_at: datetime | None
    told_of: list[str] = Field(description="places and persons people were told of, like `place:mall`")
    cleared_at: datetime | None
    retracted: bool
    reset_by: str | None
    ended_at: datetime | None
    previous: int | None = Field(description="the alert before it of the same rule and subject")
    drill: bool
    version: int
    state: AlertState


class AlertWhole(Alert):
    """One alert, or work item, with what led to it."""

    away_until: str | None = Field(description="until when its person is registered as away, however long ago that was")
    evidence: list[Event]
    incidents: list[int]
    county: list[CountyAlarm] = Field(description="the alarms it became at the county's platforms, newest first")


class AlertPage(Answer):
    """Alerts, or work items, newest first. `next` is the `before` of the next page."""

    items: list[Alert]
    next: int | None
