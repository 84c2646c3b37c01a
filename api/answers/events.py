"""Events, dead letters, and what came in over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from api.answers.documented import Answer


class Event(Answer):
    """What a device said, as it is stored. `ts` is when it happened, `device_ts` what the device's own clock said."""

    device: str
    id: str
    kind: str
    ts: datetime
    device_ts: datetime
    received_at: datetime
    committed_at: datetime
    place: str | None
    skewed: bool = Field(description="the device's clock was too far off to be believed")
    data: dict[str, Any] = Field(description="by its kind")


class EventPage(Answer):
    """Events, newest first. `next` is the `cursor` of the next page."""

    items: list[Event]
    next: str | None


class DeadLetter(Answer):
    """A message that could not become an event. `payload` is base64; `seen` says how often it came."""

    id: int
    source: str
    topic: str
    reason: str
    detail: str
    payload: str
    sha256: str
    size: int = Field(description="bytes")
    received_at: datetime
    last_received_at: datetime
    seen: int
    replayed_at: datetime | None = Field(description="when it was sent on its way again; null while it stands")
    replayed_by: str | None


class DeadLetterPage(Answer):
    """Dead letters, newest first. `next` is the `before` of the next page; `counts` are all there are, by reason."""

    items: list[DeadLetter]
    next: int | None
    counts: dict[str, int]


class LetterReplayed(Answer):
    """A letter that was sent on its way again."""

    id: int
    replayed_at: datetime
    replayed_by: str


class LettersReplayed(Answer):
    """How many letters of a reason were sent again, can still be, and cannot, since they are not kept whole."""

    replayed: int
    remaining: int
    not_whole: int


class Ingested(Answer):
    """Ids in the inbox, in the order of the messages; `id` is the first's, null for an empty list."""

    id: int | None
    ids: list[int]
