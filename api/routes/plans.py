"""Plans of places: pictures laid over the map."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from api.answers.documented import answers, file
from api.answers.registry import Plan
from api.deps import Have, Parts, Reader, Seals, actor, allow_to
from gateway.incidents.attachments import LARGEST
from gateway.model.errors import BadInput
from gateway.registering import plans
from gateway.store.accounts import Session

router = APIRouter(tags=["registry"])

Layer = Annotated[Session, Depends(allow_to("plans.lay"))]
Corners = Annotated[str, Query(max_length=200, description="`lat,lon;lat,lon`, two or three of them")]


@router.put("/places/{place}/plan", responses=answers(Plan))
async def put_plan(
    place: str,
    request: Request,
    session: Layer,
    have: Have,
    corners: Corners,
    coordinates: Literal["wgs84", "gcj02", "bd09"] = "wgs84",
) -> dict[str, Any]:
    """Lay a picture (PNG, JPEG or WebP, at most 8 MB, the bytes are the body) over the map.

    `corners` are top left and bottom right, or top left, top right and bottom left for one that is turned.
    """
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST:
            raise BadInput(f"more than {LARGEST} bytes; send a smaller picture", reason="oversized")
    return await run_in_threadpool(_put, session, have, place, corners, coordinates, bytes(body))


def _put(session: Session, have: Parts, place: str, corners: str, system: str, body: bytes) -> dict[str, Any]:
    with have.pool.transaction() as connection:
        return plans.put_plan(connection, have.sealer, actor(session, have), place, corners, system, body)


@router.get("/places/{place}/plan", response_class=Response, responses=file("image/png", "image/jpeg", "image/webp"))
def get_plan(place: str, request: Request, session: Reader, have: Have, sealer: Seals) -> Response:
    """The picture as it was sent; 304 when the browser has it (`If-None-Match`)."""
    by = actor(session, have)
    with have.pool.transaction() as connection:
        plan = plans.look(connection, by, place)
        tag = f'"{plan.sha256[:32]}"'
        headers = {
            "ETag": tag,
            "Cache-Control": "private, no-cache",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        }
        if tag in request.headers.get("If-None-Match", ""):
            return Response(status_code=304, headers=headers)
        content = plans.picture(connection, sealer, by, place, plan)
    return Response(content, media_type=plan.content_type, headers=headers)


@router.delete("/places/{place}/plan", status_code=204)
def remove_plan(place: str, session: Layer, have: Have) -> None:
    """Take the plan away."""
    with have.pool.transaction() as connection:
        plans.remove_plan(connection, actor(session, have), place)
