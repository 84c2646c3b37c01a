"""Areas, places, devices, and the rules that run."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from api.deps import Have, Reader, scope_of
from gateway.store import registry as registry_store
from gateway.store import rule_state

router = APIRouter(tags=["registry"])

Limit = Annotated[int, Query(ge=1, le=1000)]


@router.get("/areas")
def list_areas(session: Reader, have: Have) -> dict[str, Any]:
    """Beats, grids and special grids."""
    with have.pool.transaction() as connection:
        return {"items": registry_store.list_areas(connection, scope_of(session)), "next": None}


@router.get("/places")
def list_places(
    session: Reader, have: Have, area: str | None = None, after: str | None = None, limit: Limit = 200
) -> dict[str, Any]:
    """Places, by id."""
    with have.pool.transaction() as connection:
        found = registry_store.list_places(connection, scope_of(session), area=area, after=after, limit=limit)
    return _page(found, limit)


@router.get("/devices")
def list_devices(  # one parameter per filter
    session: Reader,
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


@router.get("/rules")
def list_rules(session: Reader, have: Have) -> dict[str, Any]:
    """The rules that run, with their versions and rationalisation records."""
    del session
    with have.pool.transaction() as connection:
        return {"items": rule_state.active(connection), "next": None}


def _page(found: list[dict[str, Any]], limit: int) -> dict[str, Any]:
    return {"items": found, "next": found[-1]["id"] if len(found) == limit else None}
