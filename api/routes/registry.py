"""Areas, places, devices, the rules that run, and who the responders are."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from api.answers.documented import answers
from api.answers.registry import AreaList, DevicePage, PlacePage, ResponderList, RuleList
from api.deps import Have, Watcher, allow_to, scope_of
from api.permissions import PERMISSIONS
from gateway.store import accounts, rule_versions
from gateway.store import registry as registry_store
from gateway.store.accounts import Session

router = APIRouter(tags=["registry"])

#: Who does something about incidents: they know each other by name, nobody else needs to.
RESPONDERS = PERMISSIONS["users.read"].roles

Limit = Annotated[int, Query(ge=1, le=1000)]


@router.get("/areas", responses=answers(AreaList))
def list_areas(session: Watcher, have: Have) -> dict[str, Any]:
    """Beats, grids and special grids."""
    with have.pool.transaction() as connection:
        return {"items": registry_store.list_areas(connection, scope_of(session)), "next": None}


@router.get("/places", responses=answers(PlacePage))
def list_places(
    session: Watcher, have: Have, area: str | None = None, after: str | None = None, limit: Limit = 200
) -> dict[str, Any]:
    """Places, by id."""
    with have.pool.transaction() as connection:
        found = registry_store.list_places(connection, scope_of(session), area=area, after=after, limit=limit)
    return _page(found, limit)


@router.get("/devices", responses=answers(DevicePage))
def list_devices(  # one parameter per filter
    session: Watcher,
    have: Have,
    kind: str | None = None,
    area: str | None = None,
    place: str | None = None,
    after: str | None = None,
    limit: Limit = 200,
) -> dict[str, Any]:
    """Devices, by id, with when each was last heard."""
    with have.pool.transaction() as connection:
        found = registry_store.list_devices(
            connection, scope_of(session), kind=kind, area=area, place=place, after=after, limit=limit
        )
    return _page(found, limit)


@router.get("/users", responses=answers(ResponderList))
def list_users(session: Annotated[Session, Depends(allow_to("users.read"))], have: Have) -> dict[str, Any]:
    """The station's responders: id, name and role."""
    with have.pool.transaction() as connection:
        return {"items": accounts.list_names(connection, session.station, RESPONDERS), "next": None}


@router.get("/rules", responses=answers(RuleList))
def list_rules(session: Watcher, have: Have, *, resting: bool = False) -> dict[str, Any]:
    """The rules that run, with their versions and rationalisation records.

    `resting`: those instead of which no version runs, retired or not activated yet, each with its newest version.
    """
    del session
    with have.pool.transaction() as connection:
        found = rule_versions.resting(connection) if resting else rule_versions.running(connection)
    items = [{"id": rule, "version": version, "definition": told} for rule, (version, told) in found.items()]
    return {"items": items, "next": None}


def _page(found: list[dict[str, Any]], limit: int) -> dict[str, Any]:
    return {"items": found, "next": found[-1]["id"] if len(found) == limit else None}
