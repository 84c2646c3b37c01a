"""The codes that stand in answers. Those the gateway's own model has as literals are taken from there."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from api.permissions import PERMISSIONS
from gateway.accounts.acts import Role
from gateway.model.duty import DutyAs
from gateway.model.incident import Category
from gateway.model.judgement import Priority

__all__ = [
    "Act",
    "AlertState",
    "Category",
    "Disposition",
    "DutyAs",
    "IncidentState",
    "Line",
    "May",
    "MessageState",
    "Onlooking",
    "Permission",
    "Priority",
    "Role",
]

AlertState = Literal["active", "latched", "cleared", "ended"]
IncidentState = Literal[
    "new", "acknowledged", "dispatched", "signed", "departed", "on_scene", "handled", "closed", "reopened", "merged",
    "cancelled",
]  # fmt: skip
Disposition = Literal[
    "real", "false_sensor", "false_human", "nuisance", "drill", "duplicate", "unfounded", "handed_over"
]
Act = Literal[
    "ack", "unack", "dispatch", "sign", "assist", "decline", "depart", "arrive", "handle", "close", "withdraw",
    "reopen", "merge", "cancel", "note",
]  # fmt: skip
#: What somebody may do to an incident: the acts, and what moves nothing.
May = Literal[
    "ack", "unack", "dispatch", "sign", "assist", "decline", "depart", "arrive", "handle", "close", "withdraw",
    "reopen", "merge", "cancel", "note", "attach", "dispute", "trail",
]  # fmt: skip
#: What a line of a timeline tells of: acts of people, and what the system did.
Line = Literal[
    "ack", "unack", "dispatch", "sign", "assist", "decline", "depart", "arrive", "handle", "close", "withdraw",
    "reopen", "merge", "cancel", "note", "opened", "attached", "dispute", "trail", "proposed", "took_over", "joined",
    "sounded_again", "retracted", "escalated", "expired", "urged", "supervised", "unreachable", "ladder_restarted",
    "folded", "digest",
]  # fmt: skip
MessageState = Literal["queued", "accepted", "delivered", "seen", "acknowledged", "refused", "expired", "stopped"]
#: What `GET /me` says that somebody's role allows.
Permission = Annotated[str, Field(json_schema_extra={"enum": sorted(PERMISSIONS)})]
#: Who looks: people with an account, and screens on the wall.
Onlooking = Literal[Role, "wall"]
