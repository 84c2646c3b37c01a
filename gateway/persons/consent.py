"""The consent register: who agreed to what. Withdrawing it ends optional monitoring at once, not lawful duty.

`care_monitoring`: rules of category care watch over somebody who lives alone. `sharing_relatives`: their relatives are
told. `bulletins`: tips and notices come to their phone. A press of their own button is theirs and needs no consent.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal

from psycopg import Connection
from psycopg.rows import TupleRow

from gateway import trail
from gateway.incidents.acts import Actor
from gateway.model.errors import BadInput, Conflict, Forbidden, NotFound
from gateway.persons.imported import MONITORING
from gateway.sealing import Sealer
from gateway.store import persons as store
from gateway.store import registry as registry_store

#: Who works with persons' data, within their areas. The admin and the auditor never do.
ROLES = frozenset({"grid_worker", "officer", "operator", "commander"})
Purpose = Literal["care_monitoring", "sharing_relatives", "bulletins"]
State = Literal["given", "withdrawn"]
Speaker = Literal["self", "guardian", "relative"]
#: A phone's clock may be a little ahead.
_AHEAD = timedelta(minutes=5)


def must_work_with_persons(actor: Actor) -> None:
    """Raise `Forbidden` unless this role works with persons' data."""
    if actor.role not in ROLES:
        raise Forbidden(f"the role {actor.role} may not see or change persons' data")


def record(  # one argument per column
    connection: Connection[TupleRow],
    sealer: Sealer,
    actor: Actor,
    person: str,
    *,
    purpose: Purpose,
    state: State,
    said_by: Speaker,
    since: datetime | None = None,
    note: str | None = None,
) -> None:
    """Write down that consent was given or withdrawn, `since` a moment (aware; None: now).

    Monitoring begins or ends with the gateway's next look at the registry, within seconds. Saying again what holds is
    written down too. Raises `Forbidden`, `NotFound` outside of the actor's scope, `BadInput` for a moment to come and
    `Conflict` for an older one than what holds.
    """
    must_work_with_persons(actor)
    found = store.get(connection, actor.scope, person, hold=True)
    if found is None or found.erased:
        raise NotFound(f"there is no person {person!r} within your reach")
    if since is not None and since > actor.at + _AHEAD:
        raise BadInput("consent holds from when it is given: that moment is still to come", reason="since")
    known = store.last_consent(connection, actor.scope.station, person, purpose)
    if known is not None and since is not None and since < known[1]:
        raise Conflict(f"it was {known[0]} on {known[1].isoformat()}, which is later; say what holds since then")
    store.add_consent(
        connection, actor.scope.station, person, purpose=purpose, state=state, said_by=said_by, since=since or actor.at,
        at=actor.at, by=actor.username, note_sealed=sealer.seal(note, _about(actor, person)) if note else None,
    )  # fmt: skip
    if purpose == MONITORING:
        store.set_monitored(connection, actor.scope.station, {person: state == "given"})
        registry_store.changed(connection, actor.scope.station)
    told = {"purpose": purpose, "state": state, "said_by": said_by}
    trail.write(connection, sealer, actor, f"consent.{state}", f"person/{person}", told)


def register(connection: Connection[TupleRow], sealer: Sealer, actor: Actor, person: str) -> list[dict[str, Any]]:
    """Return what was said of a person's consent, newest first. Raises `Forbidden` and `NotFound`."""
    must_work_with_persons(actor)
    if store.get(connection, actor.scope, person) is None:
        raise NotFound(f"there is no person {person!r} within your reach")
    lines = store.consents(connection, actor.scope, person)
    for line in lines:
        sealed = line.pop("note_sealed")
        line["note"] = sealer.unseal(bytes(sealed), _about(actor, person)) if sealed is not None else None
    return lines


def _about(actor: Actor, person: str) -> str:
    return f"consent.note/{actor.scope.station}/{person}"
