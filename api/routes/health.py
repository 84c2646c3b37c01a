"""Is it alive, is it ready, how is it."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from api import metrics
from api.deps import Have, Parts, allow
from gateway.model.errors import StoreUnavailable
from gateway.store import accounts
from gateway.store.accounts import Session

router = APIRouter(tags=["health"])
private = APIRouter(tags=["health"])

#: A gateway that has not said how it is for so long is not there.
STALE = timedelta(seconds=10)


@router.get("/healthz")
def healthz() -> dict[str, str]:
    """This process runs."""
    return {"status": "ok"}


@router.get("/readyz")
def readyz(have: Have) -> Response:
    """A press now would ring: the database answers, and the gateway is subscribed to the broker."""
    failing = _failing(have)
    if not failing:
        return JSONResponse({"status": "ready"})
    return JSONResponse(
        {
            "type": "urn:anxin:problem:not_ready",
            "title": "not ready",
            "status": 503,
            "detail": "; ".join(failing),
            "failing": failing,
        },
        503,
        media_type="application/problem+json",
    )


@router.get("/metrics", response_class=PlainTextResponse)
def show_metrics(have: Have) -> Response:
    """Prometheus' text format: this process, and what the gateway says of itself."""
    body, content_type = metrics.render(have)
    return Response(body, media_type=content_type)


@private.get("/audit")
def audit(
    session: Annotated[Session, Depends(allow("auditor", "admin"))],
    have: Have,
    before: int | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> dict[str, Any]:
    """Who did what, newest first."""
    with have.pool.transaction() as connection:
        found = accounts.list_audit(connection, session.station, before=before, limit=limit)
    return {"items": found, "next": found[-1]["id"] if len(found) == limit else None}


def _failing(have: Parts) -> list[str]:
    try:
        with have.pool.transaction() as connection:
            health = accounts.health(connection, have.settings.station)
    except StoreUnavailable:
        return ["the database does not answer"]
    except Exception as error:  # noqa: BLE001  # no schema yet, for one
        return [f"the database cannot be read: {type(error).__name__}; run `anxin migrate`"]
    told = health.get("gateway")
    if told is None or have.clock.now() - told[0] > STALE:
        return ["the gateway is not running"]
    failing: list[str] = []
    if not told[1].get("subscribed"):
        failing.append("the gateway is not subscribed to the broker")
    if not told[1].get("delivering"):
        failing.append("the delivery loop is not running")
    if told[1].get("quarantined"):
        failing.append(f"rules failed and were put aside: {', '.join(told[1]['quarantined'])}")
    if told[1].get("watchdog", {}).get("late"):
        failing.append("the gateway's own probe does not come through the road")
    if "phone" not in told[1].get("channels", []):
        failing.append("no phone can be reached: ANXIN_PHONE_URL is not set")
    return failing
