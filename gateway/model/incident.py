"""What people do about alerts: the states of an incident, the acts that move it, and who may do them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal, NamedTuple

import msgspec

#: States in which somebody still has to answer: the phones' rungs climb only in these.
UNANSWERED = frozenset({"new", "acknowledged", "dispatched", "reopened"})
#: Somebody has signed and is on it.
ANSWERED = frozenset({"signed", "departed", "on_scene", "handled"})
OPEN = UNANSWERED | ANSWERED
OVER = frozenset({"closed", "merged", "cancelled"})
#: Somebody was there and has said what they found: nobody is on it any more.
HANDLED = "handled"
#: Somebody has it; with nobody assigned, only a desk.
SIGNED = "signed"
#: Priorities of which each call is to be answered by somebody.
URGENT = frozenset({"P1", "P2"})
DISPOSITIONS = (
    "real",
    "false_sensor",
    "false_human",
    "nuisance",
    "drill",
    "duplicate",
    "unfounded",
    "handed_over",
)
#: The alarm was wrong: what a rule's precision counts against it.
SAYS_FALSE = frozenset({"false_sensor", "false_human", "nuisance", "unfounded"})
#: Nothing real happened here: a P1 is closed with one of these by two people only. A drill that was announced is marked
#: as one and needs no second person; what was reported twice is merged, then it is told where it really happened.
TAKES_TWO = SAYS_FALSE | {"drill", "duplicate"}

#: What sort of thing happened: the mix of the statistics, and what may join what.
Category = Literal[
    "school", "distress", "care", "entry", "order", "fire", "traffic", "dispute", "premises", "system", "other"
]

#: For how long, in seconds, whoever acknowledged may take it back.
TAKEN_BACK_WITHIN_S = 30

#: Who may acknowledge and reset alerts.
COMMAND_ROOM_ROLES = frozenset({"operator", "commander"})
#: Who goes there.
RESPONDER_ROLES = frozenset({"officer", "commander"})


class Act(NamedTuple):
    """A step of the loop: from which states, to which state (None: it stays as it is), and by which roles."""

    sources: frozenset[str]
    target: str | None
    roles: frozenset[str]


_ANYONE = COMMAND_ROOM_ROLES | RESPONDER_ROLES
_WITH_GRID = _ANYONE | {"grid_worker"}

#: 接警 → 派警 → 签收 → 出警 → 到场 → 处置/反馈 → 办结. Earlier steps may be skipped: an officer who is nearest
#: signs before anybody dispatched.
ACTS: dict[str, Act] = {
    "ack": Act(frozenset({"new"}), "acknowledged", COMMAND_ROOM_ROLES),
    #: The wrong row, or the wrong key: within `TAKEN_BACK_WITHIN_S`, while nothing has happened since.
    "unack": Act(frozenset({"acknowledged"}), "new", COMMAND_ROOM_ROLES),
    "dispatch": Act(UNANSWERED | {"signed"}, "dispatched", COMMAND_ROOM_ROLES),
    "sign": Act(UNANSWERED, "signed", _ANYONE),
    #: Somebody has signed already, and one more comes too: the clock stays that of the first.
    "assist": Act(frozenset({"signed", "departed", "on_scene"}), None, RESPONDER_ROLES),
    #: Whoever was called cannot come: the next rung is climbed now.
    "decline": Act(UNANSWERED, None, RESPONDER_ROLES),
    "depart": Act(frozenset({"signed"}), "departed", _ANYONE),
    "arrive": Act(frozenset({"signed", "departed"}), "on_scene", _ANYONE),
    "handle": Act(frozenset({"signed", "departed", "on_scene"}), "handled", _ANYONE),
    "close": Act(OPEN, "closed", _ANYONE),
    #: Take back what was proposed: that a P1 be closed as nothing real.
    "withdraw": Act(OPEN, None, _ANYONE),
    "reopen": Act(frozenset({"closed", "cancelled"}), "reopened", COMMAND_ROOM_ROLES),
    "merge": Act(OPEN, "merged", COMMAND_ROOM_ROLES),
    #: A drill that is over, or what was opened by mistake.
    "cancel": Act(OPEN, "cancelled", COMMAND_ROOM_ROLES),
    "note": Act(OPEN | OVER, None, _WITH_GRID),
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
    category: str = "other"
    origin: str = "alert"
    opened_by: str | None = None
    place: str | None = None
    area: str | None = None
    person: str | None = None
    assignees: list[str] = []
    due_at: datetime | None = None
    overdue: int = 0
    proposed: dict[str, Any] | None = None
    merged_into: int | None = None
    detail: dict[str, Any] = {}
    follow_up_on: date | None = None
    disposition: str | None = None
    closed_at: datetime | None = None
    drill: bool = False
    version: int = 1

    def public(self, alerts: list[int]) -> dict[str, Any]:
        """The incident as the API, the stream and the command room see it."""
        body: dict[str, Any] = msgspec.to_builtins(self)
        body["alerts"] = alerts
        return body
