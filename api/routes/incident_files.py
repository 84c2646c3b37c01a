"""Pictures and voice notes of incidents: sealed at rest, never public, each look audited."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from api.answers.documented import answers, file
from api.answers.incidents import Attached
from api.deps import Have, Parts, Reader, Seals, actor
from gateway.incidents import attachments
from gateway.model.errors import BadInput, Forbidden
from gateway.sealing import Sealer
from gateway.store.accounts import Session

router = APIRouter(tags=["incidents"])


@router.post("/incidents/{incident_id}/attachments", status_code=201, responses=answers(Attached, status=(201, 200)))
async def attach(
    incident_id: int, request: Request, session: Reader, have: Have, sealer: Seals, response: Response
) -> dict[str, Any]:
    """Attach a picture or voice note: the bytes are the body. At most 8 MB; 200 when the same hangs there already."""
    if session.role not in attachments.ATTACHING_ROLES:
        raise Forbidden(f"the role {session.role} may not attach anything to incidents")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > attachments.LARGEST:
            raise BadInput(
                f"more than {attachments.LARGEST} bytes; send a smaller picture or a shorter note", reason="oversized"
            )
    told = await run_in_threadpool(
        _attach, incident_id, have, sealer, session, request.headers.get("Content-Type", ""), bytes(body)
    )
    response.status_code = 201 if told.fresh else 200
    body_of: dict[str, Any] = msgspec.to_builtins(told)
    return body_of


@router.get(
    "/incidents/{incident_id}/attachments/{attachment_id}",
    response_class=Response,
    responses=file("image/jpeg", "image/png", "image/webp", "audio/webm", "audio/mp4", "audio/ogg"),
)
def look(incident_id: int, attachment_id: int, session: Reader, have: Have, sealer: Seals) -> Response:
    """One attachment as it was sent. The look is audited and no copy is to be kept on the way."""
    with have.pool.transaction() as connection:
        content_type, content = attachments.look(connection, sealer, actor(session, have), incident_id, attachment_id)
    name = f"incident-{incident_id}-{attachment_id}.{content_type.partition('/')[2]}"
    return Response(
        content,
        media_type=content_type,
        headers={
            "Cache-Control": "private, no-store",
            "Content-Disposition": f'inline; filename="{name}"',
            "Content-Security-Policy": "default-src 'none'; sandbox",
        },
    )


def _attach(
    incident_id: int, have: Parts, sealer: Sealer, session: Session, content_type: str, content: bytes
) -> attachments.Attached:
    with have.pool.transaction() as connection:
        return attachments.attach(
            connection, have.announcer, sealer, actor(session, have), incident_id, content_type, content
        )
