"""What an act makes of an incident: the state machine, pure. Rows, texts and messages are others' business.

The order of the questions: may this role do it, is what it needs said, has it been done already (a lost answer asked
again), has somebody else moved it meanwhile, is the act one for this state, and are two people needed.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec

from gateway.incidents.actor import Actor
from gateway.incidents.earlier import ASSIST, PROPOSED, Lines, is_stale, last_move, overtaken, signed_by
from gateway.incidents.proposal import needs_two, withdrawn
from gateway.incidents.undo import UNACK, clock_of, undoable, undone
from gateway.model.errors import BadInput, Forbidden
from gateway.model.incident import (
    ACTS,
    COMMAND_ROOM_ROLES,
    DISPOSITIONS,
    OVER,
    RESPONDER_ROLES,
    UNANSWERED,
    Incident,
)
from gateway.model.policy import Policy

#: Whoever does this in one of these roles is on it from then on.
_JOINS = {
    **dict.fromkeys(("sign", ASSIST), RESPONDER_ROLES),
    **dict.fromkeys(("depart", "arrive", "handle"), frozenset({"officer"})),
}
#: What moves neither the state nor its clock.
_BESIDE = frozenset({ASSIST, "decline", "withdraw"})
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


def decide(
    incident: Incident, asked: Asked, actor: Actor, timeline: Lines, policy: Policy, *, stand: bool | None = None
) -> Decision:
    """Return what an act makes of an incident.

    `timeline` is the incident's, oldest first; `stand` says whether any of its alerts was not taken back, None that it
    has none. Raises `Forbidden`, `BadInput`, and `Overtaken` with who did what instead.
    """
    must_be_allowed(actor, asked.act)
    _must_be_whole(asked)
    if asked.act == "sign" and _comes_too(incident, actor):
        asked = msgspec.structs.replace(asked, act=ASSIST)
    if _done_already(incident, asked, actor, timeline):
        return Decision(incident, asked.act, repeated=True)
    spec = ACTS[asked.act]
    # Whoever comes too is right to, whatever the others have done on their way.
    stale = asked.act != ASSIST and is_stale(incident, asked.version, timeline, asked.act, actor.username)
    if incident.state not in spec.sources or stale:
        raise overtaken(incident, timeline, asked.act if stale else None)
    if asked.act == UNACK:
        before, told = undone(incident, actor, timeline)
        return Decision(before, UNACK, told)
    if asked.act == "cancel":
        _must_be_cancellable(incident, actor, stand)
    if asked.act == "withdraw":
        _must_be_withdrawable(incident, actor, timeline)
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


def may(incident: Incident, actor: Actor, timeline: Lines = (), *, stand: bool | None = None) -> list[str]:
    """Return the acts somebody may do now."""
    allowed = [name for name, spec in ACTS.items() if actor.role in spec.roles and incident.state in spec.sources]
    not_now = {
        "cancel": not _cancellable(incident, actor, stand),
        "withdraw": not _withdrawable(incident, actor),
        UNACK: not undoable(incident, actor, timeline),
        ASSIST: actor.username in signed_by(timeline),
    }
    return [name for name in allowed if not not_now.get(name, False)]


def due(priority: str, state: str, policy: Policy, at: datetime) -> datetime | None:
    """Return by when an incident that came into a state at this moment is to leave it."""
    seconds = policy.deadline(priority, state) if state not in OVER else None
    return at + timedelta(seconds=seconds) if seconds is not None else None


def _must_be_whole(asked: Asked) -> None:
    if asked.act == "close" and asked.disposition not in DISPOSITIONS:
        raise BadInput(f"closing needs a disposition, one of {', '.join(DISPOSITIONS)}", reason="disposition")
    if asked.act in _NEEDS:
        field, sentence = _NEEDS[asked.act]
        told = getattr(asked, field)
        if not (told.strip() if isinstance(told, str) else told):
            raise BadInput(f"{sentence} ({field})", reason=field)


def _comes_too(incident: Incident, actor: Actor) -> bool:
    """Whether who signs was sent, and somebody has signed before them: they say that they come too."""
    spec = ACTS[ASSIST]
    return incident.state in spec.sources and actor.role in spec.roles and actor.username in incident.assignees


def _done_already(incident: Incident, asked: Asked, actor: Actor, timeline: Lines) -> bool:
    """Say whether the last move was this very act by this very person: a lost answer asked again."""
    if asked.act == ASSIST:
        return incident.state in ACTS[ASSIST].sources and actor.username in signed_by(timeline)
    if asked.act == "note":
        return asked.client_id is not None and any(
            (step["act"], step["actor"], step.get("client_id")) == ("note", actor.username, asked.client_id)
            for step in timeline
        )
    # That others come too happens beside it: whoever's answer was lost meanwhile asks for it again all the same.
    last = last_move(timeline, but=ASSIST)
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


def _must_be_withdrawable(incident: Incident, actor: Actor, timeline: Lines) -> None:
    if incident.proposed is None:
        raise overtaken(incident, timeline)
    if not _withdrawable(incident, actor):
        raise Forbidden(f"{incident.proposed['by']} proposed it; they, an operator or a commander can withdraw it")


def _withdrawable(incident: Incident, actor: Actor) -> bool:
    proposed = incident.proposed
    return proposed is not None and (proposed["by"] == actor.username or actor.role in COMMAND_ROOM_ROLES)


def _must_be_cancellable(incident: Incident, actor: Actor, stand: bool | None) -> None:
    if _cancellable(incident, actor, stand):
        return
    if incident.origin == "person" and not stand:
        raise Forbidden("a P1 opened by hand is cancelled by somebody else than who opened it; ask a colleague")
    raise BadInput(
        "only a drill, what was opened by hand and has no alert that stands, and what was taken back can be cancelled; "
        "close it with a disposition",
        reason="cancel",
    )


def _cancellable(incident: Incident, actor: Actor, stand: bool | None) -> bool:
    """A drill; opened by hand by mistake (of a P1 a second person says so); or all its alerts were taken back.

    An alert that joined what people reported and was taken back says nothing of what they reported.
    """
    if incident.drill:
        return True
    if incident.origin != "person":
        return stand is False
    return not stand and (incident.priority != "P1" or incident.opened_by != actor.username)


def _proposal(incident: Incident, asked: Asked, actor: Actor) -> Decision:
    proposed = {"disposition": asked.disposition, "by": actor.username, "at": actor.at.isoformat()}
    after = msgspec.structs.replace(incident, proposed=proposed, changed_at=actor.at)
    return Decision(after, PROPOSED, {"disposition": asked.disposition})


def _moved(incident: Incident, asked: Asked, actor: Actor, policy: Policy, target: str) -> Decision:
    if asked.act == "note":
        return Decision(incident, "note")
    if asked.act in _BESIDE:
        changed: dict[str, Any] = {"assignees": _assignees(incident, asked, actor)}
        if asked.act == "withdraw":
            changed["proposed"] = None
        told = withdrawn(incident) if asked.act == "withdraw" else {}
        return Decision(msgspec.structs.replace(incident, changed_at=actor.at, **changed), asked.act, told)
    detail: dict[str, Any] = {"clock": clock_of(incident)} if asked.act == "ack" else {}
    changes: dict[str, Any] = {"assignees": _assignees(incident, asked, actor), "disposition": incident.disposition}
    if asked.act == "dispatch":
        detail["assignees"] = changes["assignees"]
        if incident.state not in UNANSWERED:
            detail["climbs"] = True
    elif asked.act == "close":
        detail["disposition"] = changes["disposition"] = asked.disposition
    elif asked.act == "reopen":
        detail["was"] = incident.disposition
        changes["disposition"] = None
    elif asked.act == "merge":
        detail["into"] = changes["merged_into"] = asked.into
    for said in withdrawn(incident).values():
        agreed = asked.act == "close" and needs_two(incident, asked.disposition)
        detail["agreed_with" if agreed else "withdrawn"] = said
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
    if asked.act == "decline":
        return [user for user in incident.assignees if user != actor.username]
    joins = actor.role in _JOINS.get(asked.act, ()) and actor.username not in incident.assignees
    return [*incident.assignees, actor.username] if joins else incident.assignees
