"""Somebody sets how the station's people are told: checked, kept, audited with the difference."""

from __future__ import annotations

from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.incidents.acts import Actor
from gateway.model.errors import Forbidden
from gateway.model.policy import Policy
from gateway.registering.policy import parse_policy, policy_difference
from gateway.store import accounts, registry_edit
from gateway.store import registry as registry_store

#: Who may change how people are told.
ROLES = frozenset({"commander", "admin"})


def put_policy(connection: Connection[TupleRow], actor: Actor, raw: Any) -> tuple[Policy, dict[str, list[Any]]]:
    """Let the station have a policy; returns it and what is other than before, `{part: [before, after]}`.

    Raises `Forbidden` when the actor is no commander or administrator of the whole station, `BadInput`.
    """
    if actor.role not in ROLES or actor.scope.areas is not None:
        raise Forbidden("the policy is set by a commander or an administrator of the whole station")
    station = actor.scope.station
    registry_edit.hold(connection, station)
    registry = registry_store.load(connection, station)
    policy = parse_policy(raw, registry.areas)
    changed = policy_difference(registry.policy, policy)
    if changed:
        registry_store.put_policy(connection, station, policy)
        registry_store.changed(connection, station)
        accounts.write_audit(
            connection, at=actor.at, station=station, username=actor.username, act="policy.set", object_="policy",
            detail={"changed": changed},
        )  # fmt: skip
    return policy, changed
