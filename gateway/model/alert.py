"""What a rule saw: one open alert per (rule, subject), from the first raise until it is over."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

#: Why an alert of the past is quiet: back-filled, it rings nobody. What is heard of it live, is.
HISTORY = "history"
#: A work item: it never sounds in the command room.
MAINTENANCE = "maintenance"
#: People put it on the shelf for a while.
SHELVED = "shelved"
#: It comes and goes too often.
CHATTER = "chatter"
#: Folded into the incident of the first of its rule and building, while there is more than people can read.
FLOOD = "flood"
#: The gateway that speaks for the device is gone.
PARENT = "parent"
#: The place is closed today.
CLOSED = "closed"
#: A consequence of a test of the device.
DRILL = "drill"
#: Why an alert is quiet; besides these, the id of the rule whose open alert explains it.
REASONS = (HISTORY, MAINTENANCE, SHELVED, CHATTER, FLOOD, PARENT, CLOSED, DRILL)
#: Events an alert names; older ones stay in the store.
MOST_EVENTS = 50


class Alert(msgspec.Struct, frozen=True):
    """One alert (or, with `stream` work_item, one maintenance item). All times are aware, UTC.

    Open = active or latched or unacknowledged; `ended_at` is set when none of these holds any more.
    """

    station: str
    rule: str
    rule_version: int
    subject: str
    stream: str
    priority: str
    title: dict[str, str]
    explanation: dict[str, Any]
    first_action: dict[str, str]
    raised_at: datetime
    last_event_at: datetime
    id: int = 0
    place: str | None = None
    area: str | None = None
    device: str | None = None
    person: str | None = None
    events: list[str] = []
    seen: int = 1
    sounded: int = 0
    last_sounded_at: datetime | None = None
    active: bool = True
    latched: bool = False
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    shelved_until: datetime | None = None
    suppressed_by: str | None = None
    #: When it was last kept from sounding.
    suppressed_at: datetime | None = None
    #: The places and persons people were told of, like `place:mall`.
    told_of: list[str] = []
    cleared_at: datetime | None = None
    retracted: bool = False
    reset_by: str | None = None
    ended_at: datetime | None = None
    previous: int | None = None
    drill: bool = False
    version: int = 1

    @property
    def state(self) -> str:
        """`active`, `latched` (the condition is gone, the alert holds until reset), `cleared` or `ended`."""
        if self.ended_at is not None:
            return "ended"
        if self.active:
            return "active"
        return "latched" if self.latched else "cleared"

    def public(self) -> dict[str, Any]:
        """The alert as the API, the stream and the command room see it: no person's name."""
        body: dict[str, Any] = msgspec.to_builtins(self)
        body["state"] = self.state
        body["acknowledged"] = self.acknowledged_at is not None
        return body
