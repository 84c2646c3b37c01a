"""What a screen on the wall is shown of an alert or an incident: where and what, of whom nothing.

Everybody in the room reads a wall, visitors too. What people need to know more about they open at their own desk.
"""

from __future__ import annotations

from typing import Any

from gateway.accounts.walls import WALL
from gateway.model.errors import Forbidden
from gateway.store.accounts import Session

#: Changes that a wall follows.
FOLLOWED = frozenset({"alert", "work_item", "incident", "flood"})
#: What an alert may be about without saying whom: anything else is a person, or a card that is somebody's.
_PUBLIC = frozenset({"device", "place", "building", "area", "station"})
_OF_ALERT: dict[str, Any] = {"person": None, "events": [], "told_of": []}
_OF_INCIDENT: dict[str, Any] = {"person": None, "detail": {}, "opened_by": None}


def to(session: Session, kind: str, body: dict[str, Any]) -> dict[str, Any]:
    """Return a body of `Alert.public` or `Incident.public` as whoever asks may see it. `kind`: that of the change."""
    if session.role != WALL:
        return body
    if kind == "incident":
        return {**body, **_OF_INCIDENT}
    if kind not in {"alert", "work_item"}:
        return body
    about = str(body["subject"]).partition(":")[0]
    told = body["explanation"]
    explanation = {**told, "facts": {}, "limit": None, "limit_source": None, "prevented_by": {}}
    if about in _PUBLIC:
        return {**body, **_OF_ALERT, "explanation": explanation}
    explanation["summary"] = {"zh": "", "en": ""}  # it may name the card
    return {**body, **_OF_ALERT, "subject": about, "explanation": explanation}


def follows(session: Session, kind: str) -> bool:
    """Whether a change of this kind is told to whoever asks."""
    return session.role != WALL or kind in FOLLOWED


def refuse_persons(session: Session, person: str | None) -> None:
    """Raise `Forbidden` for a wall that asks about one person."""
    if session.role == WALL and person is not None:
        raise Forbidden("a wall asks about nobody; leave `person` out")
