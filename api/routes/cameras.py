"""Cameras live, as stills, and what they look at: cameras hand it in while they are asked to, people see it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from api.answers.cameras import CameraSeen
from api.answers.documented import answers, file
from api.deps import Have, Parts, Seals, actor, allow_to
from api.device_login import device_of
from api.problems import unauthorised
from gateway.cameras import handing_in, setting_up, stills
from gateway.model.errors import BadInput
from gateway.store.accounts import Session

router = APIRouter(tags=["cameras"])

Watcher = Annotated[Session, Depends(allow_to("cameras.live"))]
Installer = Annotated[Session, Depends(allow_to("cameras.set_up"))]
_PRIVATE = {"Cache-Control": "private, no-store", "Content-Security-Policy": "default-src 'none'; sandbox"}


@router.get(
    "/devices/{device}/still",
    response_class=Response,
    responses={**file("image/jpeg"), 204: {"description": "The camera is asked for one; ask again in a second."}},
)
def get_still(device: str, session: Watcher, have: Have, sealer: Seals) -> Response:
    """A camera's newest still, taken at `X-Taken-At`; 204 while none has come within ten seconds.

    Asking keeps the camera sending for fifteen seconds: ask every two. Each viewing that begins is audited.
    """
    with have.pool.transaction() as connection:
        found = stills.watch(connection, sealer, actor(session, have), device)
    if found is None:
        return Response(status_code=204, headers=_PRIVATE)
    headers = {**_PRIVATE, "X-Taken-At": found.taken_at.isoformat()}
    return Response(found.content, media_type="image/jpeg", headers=headers)


@router.get(
    "/devices/{device}/seeing",
    responses={**answers(CameraSeen), 204: {"description": "Its worker is asked; ask again in a second."}},
)
def get_seeing(device: str, session: Installer, have: Have, sealer: Seals, response: Response) -> Any:
    """What a camera's worker looks at: zones, lines, scales, settings, hours, cost. 204 while it has not said so.

    Asking keeps it telling, every four seconds, for fifteen seconds: ask every four.
    """
    with have.pool.transaction() as connection:
        found = setting_up.description(connection, sealer, actor(session, have), device)
    if found is None:
        return Response(status_code=204, headers=_PRIVATE)
    response.headers["Cache-Control"] = _PRIVATE["Cache-Control"]
    told_at, told = found
    return {"told_at": told_at.isoformat(), **msgspec.to_builtins(told)}


@router.put("/still", status_code=204)
async def put_still(
    request: Request, have: Have, sealer: Seals, at: Annotated[datetime, Query(description="when it was taken")]
) -> None:
    """Hand in one's newest still, a JPEG of 512 KB and 640 pixels in width at most. For cameras, with HTTP Basic.

    409 while nobody watches: stop until you are asked again.
    """
    device, content = await _handed_in(request, have, handing_in.MOST_BYTES)
    if at.tzinfo is None:
        raise BadInput("at says its offset from UTC", reason="schema")

    def keep() -> None:
        with have.pool.transaction() as connection:
            handing_in.hand_in(connection, sealer, have.settings.station, device, at, content, have.clock.now())

    await run_in_threadpool(keep)


@router.put("/seeing", status_code=204)
async def put_seeing(request: Request, have: Have, sealer: Seals) -> None:
    """Say what one looks at, in answer to the command `describe`: JSON. For cameras, with HTTP Basic.

    409 while nobody asks.
    """
    device, content = await _handed_in(request, have, handing_in.MOST_DESCRIBED)

    def keep() -> None:
        with have.pool.transaction() as connection:
            handing_in.describe(connection, sealer, have.settings.station, device, content, have.clock.now())

    await run_in_threadpool(keep)


async def _handed_in(request: Request, have: Parts, most: int) -> tuple[str, bytes]:
    """Return which camera hands something in, and it. Raises a 401 problem, and `BadInput` for what is too large."""
    device = await run_in_threadpool(device_of, request, have)
    if device is None:
        raise unauthorised("a camera hands this in: HTTP Basic with its id and secret")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > most:
            raise BadInput(f"more than {most} bytes; make it smaller", reason="oversized")
    return device, bytes(body)
