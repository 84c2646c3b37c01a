"""What has been done to an incident so far, as its timeline tells: who moved it last, who signed, who is too late.

Pure. Lines are those of `gateway.store.incidents.timeline`, oldest first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.model.errors import Conflict
from gateway.model.incident import Incident

Lines = Sequence[Mapping[str, Any]]

#: What a line of the timeline says when a first person wants a P1 closed as nothing real.
PROPOSED = "proposed"
#: What a line says when somebody comes beside whoever signed first.
ASSIST = "assist"
#: The first line of an incident that somebody opened.
OPENED = "opened"
#: Lines the clocks write: they grow the version, and whoever acts need not have seen them.
CLOCKS = frozenset({"urged", "supervised"})
#: Lines that say that there is more to it, another alert or the same again: they grow the version.
MORE = frozenset({"joined", "sounded_again"})
#: Acts that answer for everything in the incident: whoever does one has to have seen what came.
_ANSWERS_FOR_ALL = frozenset({"handle", "close", "merge", "cancel"})
#: Lines that move an incident without changing its state.
_MOVES = frozenset({PROPOSED, ASSIST, "dispatch", "decline", "dispute", "took_over", "withdraw"})
#: Whoever is sent anew, or called anew, has yet to sign.
_BEGIN_ANEW = frozenset({"dispatch", "reopen"})


class Overtaken(Conflict):
    """Somebody else moved the incident; `facts` says who did what, when, and how it stands."""

    def __init__(self, message: str, facts: dict[str, Any]) -> None:
        super().__init__(message)
        self.facts = facts


def overtaken(incident: Incident, timeline: Lines, stale: str | None = None) -> Overtaken:
    """Return the refusal that tells the second one what the first one did.

    `stale` is the act refused for the version it had seen: what would end the incident is told what came unheard.
    """
    facts: dict[str, Any] = {"state": incident.state, "version": incident.version}
    unheard = MORE if stale in _ANSWERS_FOR_ALL else frozenset()
    last = next((step for step in reversed(timeline) if _is_move(step) or step["act"] in unheard), None)
    told = "nothing has happened yet"
    if last is not None:
        facts |= {"by": last["actor"], "act": last["act"], "at": last["at"].isoformat()}
        told = f"{last['actor']} did «{last['act']}» at {last['at'].isoformat()}"
    if incident.merged_into is not None:
        facts["merged_into"] = incident.merged_into
    return Overtaken(f"incident {incident.id} is {incident.state}: {told}; look at it again", facts)


def last_move(timeline: Lines, *, but: str | None = None) -> Mapping[str, Any] | None:
    """Return the last line that moved the incident, of any act `but` one; None when it has not moved yet."""
    return next((step for step in reversed(timeline) if step["act"] != but and _is_move(step)), None)


def signed_by(timeline: Lines) -> frozenset[str]:
    """Return who has signed, first or beside the first, since people were last sent or called anew."""
    found: set[str] = set()
    for step in reversed(timeline):
        if step["act"] in _BEGIN_ANEW:
            break
        if step["act"] in {"sign", ASSIST}:
            found.add(step["actor"])
    return frozenset(found)


def is_stale(
    incident: Incident, seen: int | None, timeline: Lines, act: str | None = None, by: str | None = None
) -> bool:
    """Say whether the incident has moved since the version seen, so that an act is not what somebody means any more.

    What the clocks wrote is no move of anybody's, and what whoever acts (`by`) did since they know: a phone sends what
    was done without a network one after the other, each with the version last seen. That one more comes makes no act
    wrong, unless people are sent instead of those who were. That there is more to it makes only those wrong that would
    end it unheard.
    """
    if seen is None or seen == incident.version:
        return False
    harmless = set(CLOCKS)
    if act != "dispatch":
        harmless.add(ASSIST)
    if act not in _ANSWERS_FOR_ALL:
        harmless |= MORE
    # What it was opened with moved nothing: there was no version before.
    since = [step for step in timeline if step["act"] != OPENED and (step.get("version") or 0) >= seen]
    passed: int = sum(step["act"] in harmless or (step["actor"] == by and _is_move(step)) for step in since)
    return incident.version - seen != passed


def _is_move(step: Mapping[str, Any]) -> bool:
    """Whether a line moved the incident; escalating and notes do not, nor does more of the same without a proposal."""
    return bool(step["from_state"] != step["to_state"] or step["act"] in _MOVES or "withdrawn" in step["detail"])
