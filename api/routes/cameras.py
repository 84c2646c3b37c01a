"""Cameras live, as stills: cameras hand in the newest while they are asked to, people watch it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from api.answers.documented import file
from api.deps import Have, Parts, Seals, actor, allow_to
from api.device_login import device_of
from api.problems import unauthorised
from gateway.cameras import handing_in, stills
from gateway.model.errors import BadInput
from gateway.sealing import Sealer
from gateway.store.accounts import Session

router = APIRouter(tags=["cameras"])

Watcher = Annotated[Session, Depends(allow_to("cameras.live"))]
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


@router.put("/still", status_code=204)
async def put_still(
    request: Request, have: Have, sealer: Seals, at: Annotated[datetime, Query(description="when it was taken")]
) -> None:
    """Hand in one's newest still, a JPEG of 512 KB and 640 pixels in width at most. For cameras, with HTTP Basic.

    409 while nobody watches: stop until you are asked again.
    """
    device = await run_in_threadpool(device_of, request, have)
    if device is None:
        raise unauthorised("a camera hands this in: HTTP Basic with its id and secret")
    if at.tzinfo is None:
        raise BadInput("at says its offset from UTC", reason="schema")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > handing_in.MOST_BYTES:
            raise BadInput(f"more than {handing_in.MOST_BYTES} bytes; make it smaller", reason="oversized")
    await run_in_threadpool(_hand_in, have, sealer, device, at, bytes(body))


def _hand_in(have: Parts, sealer: Sealer, device: str, at: datetime, content: bytes) -> None:
    with have.pool.transaction() as connection:
        handing_in.hand_in(connection, sealer, have.settings.station, device, at, content, have.clock.now())
