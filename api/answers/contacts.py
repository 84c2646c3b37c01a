"""The ways people are reached, who on duty can be, and how far a message has come."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from api.answers.documented import Answer, absent
from api.answers.words import DutyAs, MessageState, Priority
from gateway.telling.reach import Reach


class ContactShown(Answer):
    """A way to reach somebody; of its address the last characters."""

    id: int
    channel: str
    label: str
    state: Literal["active", "retired"]
    retired_why: str | None
    added_at: datetime
    tested_at: datetime | None
    reached_at: datetime | None
    address: str


class ContactList(Answer):
    """The ways to somebody, those that were retired last."""

    items: list[ContactShown]
    next: None


class ContactAdded(Answer):
    """The id of a way to be reached."""

    id: int


class TestSent(Answer):
    """The message that tries a contact: how far it comes is at `/notifications/{id}`."""

    notification: int


class PushKey(Answer):
    """The key a browser subscribes with (VAPID, base64url)."""

    key: str


class ContactReach(Answer):
    """Whether one way can be relied on."""

    id: int
    channel: str
    label: str
    tested_at: datetime | None
    reached_at: datetime | None
    reach: Reach


class DutyOf(Answer):
    """As what somebody is on duty, in which area (null: the station's)."""

    area: str | None
    duty_as: DutyAs = Field(alias="as")


class OnDuty(Answer):
    """Somebody on duty now, and whether they can be reached: the best of their contacts."""

    user: str
    name: str
    duty: list[DutyOf]
    reach: Reach
    contacts: list[ContactReach]


class OnDutyList(Answer):
    """Who is on duty now, within one's areas."""

    items: list[OnDuty]
    next: None


class MessageShown(Answer):
    """One message to somebody, and how far it has come."""

    id: int
    channel: str
    user: str
    purpose: str
    priority: Priority
    incident: int | None
    state: MessageState
    created_at: datetime
    accepted_at: datetime | None
    delivered_at: datetime | None
    seen_at: datetime | None
    acknowledged_at: datetime | None
    expires_at: datetime
    attempts: int
    instead_of: int | None = Field(description="the message this one makes good for")
    last_answer: str | None


class ReportsTaken(Answer):
    """How many reports a provider sent, and how many of them were of messages we know."""

    reports: int
    known: int
    code: Literal[0] = absent("what Alibaba Cloud wants to read")
