"""What keeps alerts quiet for a while: shelves of people, alerts that come and go, floods."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec


class Matcher(msgspec.Struct, frozen=True):
    """Which alerts are meant: each field that is given must fit.

    `place` covers what lies in it, `area` what is below it.
    """

    rule: str | None = None
    subject: str | None = None
    place: str | None = None
    area: str | None = None

    @property
    def empty(self) -> bool:
        """Whether it would fit everything."""
        return self.rule is None and self.subject is None and self.place is None and self.area is None


class Shelf(msgspec.Struct, frozen=True):
    """Quiet that people asked for, until a moment at the latest. All times are aware, UTC.

    P1 stays heard until a second person has agreed. `until_clear`: it ends as soon as the condition clears.
    """

    station: str
    by: str
    begins_at: datetime
    ends_at: datetime
    id: int = 0
    rule: str | None = None
    subject: str | None = None
    place: str | None = None
    area: str | None = None
    until_clear: bool = False
    agreed_by: str | None = None
    agreed_at: datetime | None = None
    ended_at: datetime | None = None
    ended_by: str | None = None
    #: Why: people's own words (`gateway.words`).
    reason_sealed: bytes | None = None

    @property
    def matcher(self) -> Matcher:
        """Which alerts it is about."""
        return Matcher(self.rule, self.subject, self.place, self.area)

    def standing(self, now: datetime) -> bool:
        """Whether it holds at a moment."""
        return self.ended_at is None and self.begins_at <= now < self.ends_at

    def public(self, now: datetime) -> dict[str, Any]:
        """The shelf as the stream shows it: without why, which is for those who may see it."""
        body: dict[str, Any] = msgspec.to_builtins(self)
        del body["reason_sealed"]
        body["standing"] = self.standing(now)
        return body


class Flapping(msgspec.Struct, frozen=True):
    """How one identity (rule, subject) comes and goes.

    `turns` are the last moments it came, `last_at` when it last came or went, `since` when it began to chatter (UTC).
    """

    rule: str
    subject: str
    place: str | None = None
    device: str | None = None
    active: bool = False
    turns: tuple[datetime, ...] = ()
    last_at: datetime | None = None
    since: datetime | None = None


class FloodSpan(msgspec.Struct, frozen=True):
    """A flood of alerts at a station, from its beginning to its end (None: it stands). UTC."""

    id: int
    since: datetime
    ended_at: datetime | None = None
    report: dict[str, Any] | None = None

    def public(self) -> dict[str, Any]:
        """The flood as the API and the stream show it."""
        body: dict[str, Any] = msgspec.to_builtins(self)
        body["standing"] = self.ended_at is None
        return body
