"""Is it alive, is it ready, how is it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from api import metrics
from api.answers.documented import answers
from api.answers.health import Alive, Ready
from api.deps import Have, Parts
from gateway.county.path import down
from gateway.health import Degraded, Reason, Trouble, degraded, troubles
from gateway.model.errors import StoreUnavailable
from gateway.store import accounts, contacts

router = APIRouter(tags=["health"])


class NotReady(StrEnum):
    """Why a press might not ring, besides what ails the gateway's process; fixed words, as those of `Reason`."""

    NO_DATABASE = "the database does not answer"
    NOT_READABLE = "the database cannot be read"
    QUARANTINED = "rules failed and were put aside"
    PROBE_LATE = "the gateway's own probe does not come through the road"
    NO_PHONE = "no phone can be reached"


@router.get("/healthz", responses=answers(Alive))
def healthz() -> dict[str, str]:
    """This process runs."""
    return {"status": "ok"}


@router.get("/readyz", responses=answers(Ready))
def readyz(have: Have) -> Response:
    """A press now would ring. If not, `failing` has reasons in words that stay, and `detail` says more of each.

    `degraded`, in either answer, is what ails around it: it makes nothing unready.
    """
    found, around = _look(have)
    ails = {"degraded": [str(trouble) for trouble in around]} if around else {}
    if not found:
        return JSONResponse({"status": "ready", **ails})
    return JSONResponse(
        {
            "type": "urn:anxin:problem:not_ready",
            "title": "not ready",
            "status": 503,
            "detail": "; ".join(map(str, found)),
            "failing": [trouble.reason for trouble in found],
            **ails,
        },
        503,
        media_type="application/problem+json",
    )


@router.get("/metrics", response_class=PlainTextResponse)
def show_metrics(have: Have) -> Response:
    """Prometheus' text format: this process, and what the gateway says of itself."""
    body, content_type = metrics.render(have)
    return Response(body, media_type=content_type)


def _look(have: Parts) -> tuple[list[Trouble], list[Trouble]]:
    """What makes it unready, and what is degraded."""
    now = have.clock.now()
    try:
        with have.pool.transaction() as connection:
            told = accounts.health(connection, have.settings.station).get("gateway")
            ways = contacts.channels(connection, have.settings.station)
            away = down(connection, have.settings, now)
    except StoreUnavailable:
        return [Trouble(NotReady.NO_DATABASE)], []
    except Exception as error:  # noqa: BLE001  # no schema yet, for one
        return [Trouble(NotReady.NOT_READABLE, f"{type(error).__name__}; run `anxin migrate`")], []
    county = [Trouble(Degraded.COUNTY, f"{one.link} since {one.since.isoformat(timespec='seconds')}") for one in away]
    return why_not_ready(told, now, ways), [*degraded(told, now), *county]


def why_not_ready(told: tuple[datetime, dict[str, Any]] | None, now: datetime, ways: Collection[str]) -> list[Trouble]:
    """Judge whether a press now would ring, by what the gateway last said of itself and when (aware).

    `ways` are the channels that somebody has a contact on.
    """
    found = troubles(told, now)
    if told is None or any(trouble.reason == Reason.SILENT for trouble in found):
        return found
    facts = told[1]
    if facts.get("quarantined"):
        found.append(Trouble(NotReady.QUARANTINED, ", ".join(facts["quarantined"])))
    if facts.get("watchdog", {}).get("late"):
        found.append(Trouble(NotReady.PROBE_LATE))
    if not {*facts.get("channels", [])} & {*ways}:
        wanted = ", ".join(sorted(ways)) or "no channel at all"
        found.append(Trouble(NotReady.NO_PHONE, f"people have contacts on {wanted}, which the gateway does not run"))
    return found
