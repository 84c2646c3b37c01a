"""What an act makes of an incident: the state machine, pure. Rows, texts and messages are others' business.

The order of the questions: may this role do it, is what it needs said, has it been done already (a lost answer asked
again), has somebody else moved it meanwhile, is the act one for this state, and are two people needed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from gateway.incidents.actor import Actor
from gateway.model.errors import BadInput, Conflict, Forbidden
from gateway.model.incident import (
    ACTS,
    COMMAND_ROOM_ROLES,
    DISPOSITIONS,
    OVER,
    RESPONDER_ROLES,
    SAYS_FALSE,
    Incident,
)
from gateway.model.policy import Policy

#: What a line of the timeline says when a first person wants a P1 closed as false.
PROPOSED = "proposed"
#: Lines the clocks write: they grow the version, and whoever acts need not have seen them.
CLOCKS = frozenset({"urged", "supervised"})
#: Lines that move an incident without changing its state.
_MOVES = frozenset({PROPOSED, "dispatch", "decline", "dispute", "took_over"})
#: Whoever does this in one of these roles is on it from then on.
_JOINS = {"sign": RESPONDER_ROLES, **dict.fromkeys(("depart", "arrive", "handle"), frozenset({"officer"}))}
#: What must be said with an act, beside a disposition: the field, and how to ask for it.
_NEEDS = {
    "handle": ("text", "say what was found and done"),
    "reopen": ("reason", "say why it is opened again"),
    "cancel": ("reason", "say why it is cancelled"),
    "note": ("text", "a note needs a text"),
    "dispatch": ("assignees", "say who is sent"),
    "merge": ("into", "say into which incident"),
}


class Asked(msgspec.Struct, frozen=True):
    """An act as it is asked for. `version`: the one seen. `text` and `reason` are free text and end up sealed.

    `client_id` is the asking device's own id of it, `into` another incident, `assignees` user names.
    """

    act: str
    version: int | None = None
    disposition: str | None = None
    reason: str | None = None
    text: str | None = None
    assignees: tuple[str, ...] = ()
    into: int | None = None
    client_id: str | None = None


class Decision(msgspec.Struct, frozen=True):
    """What comes of an act: the incident afterwards (its version not grown yet) and the line of the timeline.

    `repeated`: it had been done already, nothing is to be written.
    """

    incident: Incident
    act: str
    detail: dict[str, Any] = {}
    repeated: bool = False


class Overtaken(Conflict):
    """Somebody else moved the incident; `facts` says who did what, when, and how it stands."""

    def __init__(self, message: str, facts: dict[str, Any]) -> None:
        super().__init__(message)
        self.facts = facts


def decide(
    incident: Incident,
    asked: Asked,
    actor: Actor,
    timeline: Sequence[Mapping[str, Any]],
    policy: Policy,
    *,
    withdrawn: bool = False,
) -> Decision:
    """Return what an act makes of an incident.

    `timeline` is the incident's, oldest first; `withdrawn` says that it has alerts and every one was taken back.
    Raises `Forbidden`, `BadInput`, and `Overtaken` with who did what instead.
    """
    spec = ACTS[asked.act]
    must_be_allowed(actor, asked.act)
    _must_be_whole(asked)
    if _done_already(incident, asked, actor, timeline):
        return Decision(incident, asked.act, repeated=True)
    if incident.state not in spec.sources or is_stale(incident, asked.version, timeline):
        raise overtaken(incident, timeline)
    if asked.act == "cancel":
        _must_be_cancellable(incident, actor, withdrawn=withdrawn)
    if asked.act == "close" and needs_two(incident, asked.disposition):
        first = incident.proposed
        if first is None or first["by"] == actor.username or first["disposition"] != asked.disposition:
            return _proposal(incident, asked, actor)
        if actor.role not in COMMAND_ROOM_ROLES:
            raise Forbidden(
                f"{first['by']} wants this P1 closed as {asked.disposition}; an operator or a commander has to agree"
            )
    return _moved(incident, asked, actor, policy, spec.target or incident.state)


def must_be_allowed(actor: Actor, act: str) -> None:
    """Raise `Forbidden` unless somebody's role may do an act at all."""
    if actor.role not in ACTS[act].roles:
        raise Forbidden(f"the role {actor.role} may not {act} incidents")


def may(incident: Incident, actor: Actor, *, withdrawn: bool = False) -> list[str]:
    """Return the acts somebody may do now."""
    allowed = [name for name, spec in ACTS.items() if actor.role in spec.roles and incident.state in spec.sources]
    if "cancel" in allowed and not _cancellable(incident, actor, withdrawn=withdrawn):
        allowed.remove("cancel")
    return allowed


def needs_two(incident: Incident, disposition: str | None) -> bool:
    """Say whether two different people have to close an incident as this."""
    return incident.priority == "P1" and not incident.drill and disposition in SAYS_FALSE


def due(priority: str, state: str, policy: Policy, at: datetime) -> datetime | None:
    """Return by when an incident that came into a state at this moment is to leave it."""
    seconds = policy.deadline(priority, state) if state not in OVER else None
    return at + timedelta(seconds=seconds) if seconds is not None else None


def overtaken(incident: Incident, timeline: Sequence[Mapping[str, Any]]) -> Overtaken:
    """Return the refusal that tells the second one what the first one did."""
    facts: dict[str, Any] = {"state": incident.state, "version": incident.version}
    last = next((step for step in reversed(timeline) if _is_move(step)), None)
    told = "nothing has happened yet"
    if last is not None:
        facts |= {"by": last["actor"], "act": last["act"], "at": last["at"].isoformat()}
        told = f"{last['actor']} did «{last['act']}» at {last['at'].isoformat()}"
    if incident.merged_into is not None:
        facts["merged_into"] = incident.merged_into
    return Overtaken(f"incident {incident.id} is {incident.state}: {told}; look at it again", facts)


def _must_be_whole(asked: Asked) -> None:
    if asked.act == "close" and asked.disposition not in DISPOSITIONS:
        raise BadInput(f"closing needs a disposition, one of {', '.join(DISPOSITIONS)}", reason="disposition")
    if asked.act in _NEEDS:
        field, sentence = _NEEDS[asked.act]
        told = getattr(asked, field)
        if not (told.strip() if isinstance(told, str) else told):
            raise BadInput(f"{sentence} ({field})", reason=field)


def _done_already(incident: Incident, asked: Asked, actor: Actor, timeline: Sequence[Mapping[str, Any]]) -> bool:
    """Say whether the last move was this very act by this very person: a lost answer asked again."""
    if asked.act == "note":
        return asked.client_id is not None and any(
            (step["act"], step["actor"], step.get("client_id")) == ("note", actor.username, asked.client_id)
            for step in timeline
        )
    last = next((step for step in reversed(timeline) if _is_move(step)), None)
    if last is None or last["actor"] != actor.username:
        return False
    if asked.act == "close" and last["act"] == PROPOSED and incident.proposed is not None:
        return bool(incident.proposed["disposition"] == asked.disposition)
    return bool(
        last["act"] == asked.act
        and incident.state == (ACTS[asked.act].target or incident.state)
        and {key: last["detail"].get(key) for key in ("disposition", "into", "assignees")}
        == {
            "disposition": asked.disposition if asked.act == "close" else None,
            "into": asked.into if asked.act == "merge" else None,
            "assignees": list(dict.fromkeys(asked.assignees)) if asked.act == "dispatch" else None,
        }
    )


def _is_move(step: Mapping[str, Any]) -> bool:
    """Whether a line moved the incident; sounding again, escalating and notes do not."""
    return bool(step["from_state"] != step["to_state"] or step["act"] in _MOVES)


def is_stale(incident: Incident, seen: int | None, timeline: Sequence[Mapping[str, Any]]) -> bool:
    """Say whether the incident has moved since the version seen; what the clocks wrote is no move of anybody's."""
    if seen is None or seen == incident.version:
        return False
    urged: int = sum(
        step["act"] in CLOCKS and step.get("version") is not None and step["version"] >= seen for step in timeline
    )
    return incident.version - seen != urged


def _must_be_cancellable(incident: Incident, actor: Actor, *, withdrawn: bool) -> None:
    if _cancellable(incident, actor, withdrawn=withdrawn):
        return
    if incident.origin == "person":
        raise Forbidden("a P1 opened by hand is cancelled by somebody else than who opened it; ask a colleague")
    raise BadInput(
        "only a drill, what was opened by hand, and what was taken back can be cancelled; close it with a disposition",
        reason="cancel",
    )


def _cancellable(incident: Incident, actor: Actor, *, withdrawn: bool) -> bool:
    """A drill; opened by hand by mistake (of a P1 a second person says so); or all its alerts were taken back."""
    if incident.drill or withdrawn:
        return True
    return incident.origin == "person" and (incident.priority != "P1" or incident.opened_by != actor.username)


def _proposal(incident: Incident, asked: Asked, actor: Actor) -> Decision:
    proposed = {"disposition": asked.disposition, "by": actor.username, "at": actor.at.isoformat()}
    after = msgspec.structs.replace(incident, proposed=proposed, changed_at=actor.at)
    return Decision(after, PROPOSED, {"disposition": asked.disposition})


def _moved(incident: Incident, asked: Asked, actor: Actor, policy: Policy, target: str) -> Decision:
    if asked.act == "note":
        return Decision(incident, "note")
    if asked.act == "decline":
        others = [user for user in incident.assignees if user != actor.username]
        return Decision(msgspec.structs.replace(incident, assignees=others, changed_at=actor.at), "decline")
    detail: dict[str, Any] = {}
    changes: dict[str, Any] = {"assignees": _assignees(incident, asked, actor), "disposition": incident.disposition}
    if asked.act == "dispatch":
        detail["assignees"] = changes["assignees"]
    elif asked.act == "close":
        detail["disposition"] = changes["disposition"] = asked.disposition
    elif asked.act == "reopen":
        detail["was"] = incident.disposition
        changes["disposition"] = None
    elif asked.act == "merge":
        detail["into"] = changes["merged_into"] = asked.into
    if incident.proposed is not None:
        agreed = asked.act == "close" and needs_two(incident, asked.disposition)
        detail["agreed_with" if agreed else "withdrawn"] = {
            key: incident.proposed[key] for key in ("disposition", "by")
        }
    after = msgspec.structs.replace(
        incident,
        state=target,
        changed_at=actor.at,
        closed_at=actor.at if target in OVER else None,
        due_at=due(incident.priority, target, policy, actor.at),
        overdue=0,
        proposed=None,
        **changes,
    )
    return Decision(after, asked.act, detail)


def _assignees(incident: Incident, asked: Asked, actor: Actor) -> list[str]:
    if asked.act == "dispatch":
        return list(dict.fromkeys(asked.assignees))
    joins = actor.role in _JOINS.get(asked.act, ()) and actor.username not in incident.assignees
    return [*incident.assignees, actor.username] if joins else incident.assignees
