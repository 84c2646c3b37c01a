"""Snapshots and clips: cameras hand them in, people look at those of their alerts, each look audited."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from api.answers.documented import answers, file
from api.answers.pictures import HandedIn, PictureList
from api.deps import Have, Parts, Seals, actor, allow_to
from api.device_login import device_of
from api.problems import unauthorised
from gateway.evidence import handing_in, media
from gateway.evidence.handing_in import Told
from gateway.model.errors import BadInput
from gateway.sealing import Sealer
from gateway.store.accounts import Session

router = APIRouter(tags=["pictures"])

Looker = Annotated[Session, Depends(allow_to("pictures.see"))]
_RANGE = re.compile(r"^bytes=(\d{1,12})-(\d{0,12})$")
_PRIVATE = {"Cache-Control": "private, no-store", "Content-Security-Policy": "default-src 'none'; sandbox"}


@router.post("/media", status_code=201, responses=answers(HandedIn, status=(201, 200)))
async def hand_in(
    request: Request,
    have: Have,
    sealer: Seals,
    response: Response,
    role: Literal["snapshot", "clip"],
    from_at: Annotated[datetime, Query(alias="from")],
    until_at: Annotated[datetime, Query(alias="until")],
    event: Annotated[str | None, Query(min_length=1, max_length=128)] = None,
    of: Annotated[str | None, Query(pattern=r"^[^/]{1,64}/.{1,128}$", description="device/event")] = None,
) -> dict[str, Any]:
    """Hand in a snapshot or clip of one of one's own events: the bytes are the body. For devices, with HTTP Basic.

    With `of` instead of `event`, a clip of another device's event that one was asked for; 409 when one was not. A
    snapshot is a JPEG of 4 MB at most, a clip an MP4 of 48 MB and five minutes at most. 200 when the very same was
    handed in before, 409 when the event has another one.
    """
    device = await run_in_threadpool(device_of, request, have)
    if device is None:
        raise unauthorised("a camera hands this in: HTTP Basic with its id and secret")
    if from_at.tzinfo is None or until_at.tzinfo is None:
        raise BadInput("from and until say their offset from UTC", reason="schema")
    if (event is None) == (of is None) or (of is not None and role != "clip"):
        raise BadInput("either event, or of with a clip", reason="schema")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > handing_in.LARGEST:
            raise BadInput(f"more than {handing_in.LARGEST} bytes; a shorter clip fits", reason="oversized")
    whose, _, asked = (of or "").partition("/")
    told = Told(event or asked, role, from_at, until_at, whose or None)
    content_type = request.headers.get("Content-Type", "")
    handed = await run_in_threadpool(_hand_in, have, sealer, device, told, content_type, bytes(body))
    response.status_code = 201 if handed.fresh else 200
    body_of: dict[str, Any] = msgspec.to_builtins(handed)
    return body_of


@router.get("/alerts/{alert_id}/pictures", responses=answers(PictureList))
def list_pictures(alert_id: int, session: Looker, have: Have) -> dict[str, Any]:
    """Which snapshots and clips there are of an alert's events."""
    with have.pool.transaction() as connection:
        return {"items": media.of_alert(connection, actor(session, have), alert_id)}


@router.get(
    "/alerts/{alert_id}/pictures/{picture_id}",
    response_class=Response,
    responses={**file("image/jpeg", "video/mp4"), 206: file("video/mp4")[200]},
)
def get_picture(
    alert_id: int, picture_id: int, request: Request, session: Looker, have: Have, sealer: Seals
) -> Response:
    """One snapshot or clip, byte for byte. The look is audited and no copy is to be kept on the way.

    Players ask for a clip in parts (`Range`): its look is one, with its first part.
    """
    asked = _RANGE.match(request.headers.get("Range", ""))
    first = int(asked[1]) if asked is not None else 0
    with have.pool.transaction() as connection:
        by = actor(session, have)
        content_type, content = media.look(connection, sealer, by, alert_id, picture_id, noted=first == 0)
    name = f"alert-{alert_id}-{picture_id}.{'jpg' if content_type == 'image/jpeg' else 'mp4'}"
    headers = {**_PRIVATE, "Accept-Ranges": "bytes", "Content-Disposition": f'inline; filename="{name}"'}
    if asked is None:
        return Response(content, media_type=content_type, headers=headers)
    last = min(int(asked[2] or len(content)), len(content) - 1)
    if first > last:
        return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{len(content)}"})
    part = {**headers, "Content-Range": f"bytes {first}-{last}/{len(content)}"}
    return Response(content[first : last + 1], 206, media_type=content_type, headers=part)


def _hand_in(
    have: Parts, sealer: Sealer, device: str, told: Told, content_type: str, content: bytes
) -> handing_in.HandedIn:
    handing_in.check(told, content_type, content)
    with have.pool.transaction() as connection:
        return handing_in.hand_in(connection, sealer, have.settings.station, device, told, content, have.clock.now())
