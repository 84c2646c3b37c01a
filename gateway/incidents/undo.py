"""Taking an acknowledgement back: by whoever gave it, at once, and only while nothing has happened since. Pure.

What the machine says by itself (a rung climbed, a deadline passed) is nothing that happened, nor is what people write
down beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from gateway.incidents.actor import Actor
from gateway.incidents.earlier import CLOCKS, Lines, Overtaken
from gateway.model.errors import Conflict, Forbidden
from gateway.model.incident import TAKEN_BACK_WITHIN_S, Incident

UNACK = "unack"
#: Lines that leave an acknowledgement as it was.
_BESIDE = CLOCKS | {"escalated", "expired", "unreachable", "ladder_restarted", "digest", "note", "attached", "trail"}


def clock_of(incident: Incident) -> dict[str, Any]:
    """Return the clock an acknowledgement ends, for its line of the timeline: taken back, it runs on."""
    return {"due_at": incident.due_at.isoformat() if incident.due_at is not None else None, "overdue": incident.overdue}


def undone(incident: Incident, actor: Actor, timeline: Lines) -> tuple[Incident, dict[str, Any]]:
    """Return an acknowledged incident as it was before, and what its line says: `acknowledged_at`, RFC 3339.

    Raises `Forbidden` for anybody else than who acknowledged, `Conflict` when it is too late, `Overtaken` with what
    has happened since.
    """
    line = _acknowledgement(timeline)
    if line is None:
        raise Conflict(f"nobody is known to have acknowledged incident {incident.id}; there is nothing to take back")
    must_be_fresh(actor, line["actor"], line["at"])
    refuse_what_happened(incident, timeline[timeline.index(line) + 1 :])
    clock = line["detail"].get("clock") or clock_of(incident)
    before = msgspec.structs.replace(
        incident,
        state="new",
        changed_at=actor.at,
        due_at=datetime.fromisoformat(clock["due_at"]) if clock["due_at"] is not None else None,
        overdue=clock["overdue"],
    )
    return before, {"acknowledged_at": line["at"].isoformat()}


def undoable(incident: Incident, actor: Actor, timeline: Lines) -> bool:
    """Say whether somebody may take their acknowledgement back now."""
    try:
        undone(incident, actor, timeline)
    except (Forbidden, Conflict):
        return False
    return True


def came_with(alert_at: datetime, by: str | None, timeline: Lines) -> bool:
    """Say whether an alert was acknowledged by the act that acknowledged its incident."""
    line = _acknowledgement(timeline)
    return line is not None and (line["at"], line["actor"]) == (alert_at, by)


def must_be_fresh(actor: Actor, by: str | None, at: datetime) -> None:
    """Raise `Forbidden` for somebody else's acknowledgement, `Conflict` for one that is too old."""
    if by != actor.username:
        raise Forbidden(f"{by} acknowledged it; only they can take that back")
    if actor.at - at > timedelta(seconds=TAKEN_BACK_WITHIN_S):
        raise Conflict(f"acknowledged at {at.isoformat()}: it could be taken back for {TAKEN_BACK_WITHIN_S} s")


def refuse_what_happened(incident: Incident, since: Lines) -> None:
    """Raise `Overtaken` with the last thing that happened in these lines, if anything did."""
    last = next((step for step in reversed(since) if step["act"] not in _BESIDE), None)
    if last is None:
        return
    facts = {
        "state": incident.state, "version": incident.version, "by": last["actor"], "act": last["act"],
        "at": last["at"].isoformat(),
    }  # fmt: skip
    raise Overtaken(
        f"{last['actor']} did «{last['act']}» at {last['at'].isoformat()}: the acknowledgement cannot be taken back "
        "any more; look at it again",
        facts,
    )


def _acknowledgement(timeline: Lines) -> Mapping[str, Any] | None:
    """The line of the last acknowledgement that was not taken back."""
    last = next((step for step in reversed(timeline) if step["act"] in {"ack", UNACK}), None)
    return last if last is not None and last["act"] == "ack" else None
