"""What people do about alerts: the states of an incident, the acts that move it, and who may do them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import msgspec

#: States in which somebody still has to answer: the phones' rungs climb only in these.
UNANSWERED = frozenset({"new", "acknowledged", "dispatched"})
OVER = frozenset({"closed", "merged", "cancelled"})
DISPOSITIONS = (
    "real",
    "false_sensor",
    "false_human",
    "nuisance",
    "drill",
    "duplicate",
    "handed_over",
)


#: Who may acknowledge and reset alerts.
COMMAND_ROOM_ROLES = frozenset({"operator", "commander"})


class Act(NamedTuple):
    """A step of the loop: from which states, to which state, and by which roles."""

    sources: frozenset[str]
    target: str
    roles: frozenset[str]


_ANYONE = COMMAND_ROOM_ROLES | {"officer"}
_ALL_OPEN = frozenset({"new", "acknowledged", "dispatched", "signed", "departed", "on_scene", "handled"})

#: 接警 → 派警 → 签收 → 出警 → 到场 → 处置/反馈 → 办结. Earlier steps may be skipped: an officer who is nearest
#: signs before anybody dispatched.
ACTS: dict[str, Act] = {
    "ack": Act(frozenset({"new"}), "acknowledged", COMMAND_ROOM_ROLES),
    "sign": Act(UNANSWERED, "signed", _ANYONE),
    "close": Act(_ALL_OPEN, "closed", _ANYONE),
}


class Incident(msgspec.Struct, frozen=True):
    """One incident. `ladder` is who answers, frozen when it opened. All times are aware, UTC."""

    station: str
    priority: str
    title: dict[str, str]
    opened_at: datetime
    changed_at: datetime
    ladder: list[dict[str, Any]]
    id: int = 0
    state: str = "new"
    place: str | None = None
    area: str | None = None
    disposition: str | None = None
    closed_at: datetime | None = None
    drill: bool = False
    version: int = 1

    def public(self, alerts: list[int]) -> dict[str, Any]:
        """The incident as the API, the stream and the command room see it."""
        body: dict[str, Any] = msgspec.to_builtins(self)
        body["alerts"] = alerts
        return body
