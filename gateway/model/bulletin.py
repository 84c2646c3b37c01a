"""A bulletin: a message for many, and an enterprise that takes notices."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

BulletinKind = Literal["anti_fraud", "safety", "notice", "incident_notice"]
Medium = Literal["screens", "tvs", "phones", "staff"]
BulletinState = Literal["scheduled", "showing", "ended", "withdrawn"]

#: What each sort is called where there is no room for more.
KIND_WORDS: dict[BulletinKind, dict[str, str]] = {
    "anti_fraud": {"zh": "防诈骗提示", "en": "Anti-fraud tip"},
    "safety": {"zh": "安全提示", "en": "Safety notice"},
    "notice": {"zh": "通知", "en": "Notice"},
    "incident_notice": {"zh": "警情通报", "en": "Incident notice"},
}


class Draft(msgspec.Struct, frozen=True):
    """What a bulletin says, to whom and when. Texts are `{"zh", "en"}`, times aware; `areas` None: the whole station.

    `enterprises` are ids; `incident` is the number of the one it is about.
    """

    kind: BulletinKind
    title: dict[str, str]
    text: dict[str, str]
    areas: list[str] | None
    media: list[Medium]
    enterprises: list[int]
    starts_at: datetime
    ends_at: datetime
    incident: int | None = None
    urgent: bool = False


class Bulletin(Draft, frozen=True, kw_only=True):
    """A bulletin that was made."""

    id: int
    station: str
    made_by: str
    made_at: datetime
    withdrawn_by: str | None = None
    withdrawn_at: datetime | None = None
    #: Up to which person (id) it was spread, and when everybody had been told.
    spread_to: str = ""
    spread_at: datetime | None = None

    def state(self, now: datetime) -> BulletinState:
        """Return how it stands at a moment."""
        if self.withdrawn_at is not None:
            return "withdrawn"
        if now < self.starts_at:
            return "scheduled"
        return "showing" if now < self.ends_at else "ended"

    def public(self, now: datetime) -> dict[str, Any]:
        """Return it as people see it."""
        told = {name: value for name, value in msgspec.structs.asdict(self).items() if name != "spread_to"}
        return {**told, "state": self.state(now)}

    def on_screen(self) -> dict[str, Any]:
        """Return it as a screen is told it."""
        return {
            "id": self.id,
            "kind": self.kind,
            "urgent": self.urgent,
            "title": self.title,
            "text": self.text,
            "starts_at": self.starts_at.isoformat(),
            "ends_at": self.ends_at.isoformat(),
        }


class Enterprise(msgspec.Struct, frozen=True):
    """Who takes notices by machine; where and with which secret is sealed apart."""

    id: int
    name: str
    area: str
    made_by: str
    made_at: datetime
    #: The last message to it: its `state`, when it was made (`at`), and the other side's last `answer`.
    last: dict[str, Any] | None = None
