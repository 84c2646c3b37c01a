"""Evidence of an incident: what is kept, one part of it, a bundle that leaves the house, and that it is held."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, Field

from api.answers.documented import answers, file
from api.answers.evidence import EvidenceHead, EvidenceList, Held
from api.deps import Have, Seals, actor, allow_to
from gateway.evidence import acts, holds
from gateway.evidence.acts import Wanted
from gateway.evidence.signing import signer_of
from gateway.store.accounts import Session

router = APIRouter(tags=["evidence"])

Looker = Annotated[Session, Depends(allow_to("evidence.see"))]
Exporter = Annotated[Session, Depends(allow_to("evidence.export"))]
#: What a browser may show; everything else is a file to it.
MEDIA = ("image/jpeg", "image/png", "image/webp", "audio/webm", "audio/mp4", "audio/ogg", "video/mp4")
_PRIVATE = {"Cache-Control": "private, no-store", "Content-Security-Policy": "default-src 'none'; sandbox"}


class BundleWanted(BaseModel):
    """For whom (an authority and its case number), why, and for how many days they may keep it."""

    recipient: str = Field(min_length=2, max_length=200)
    reason: str = Field(min_length=acts.SHORTEST_REASON, max_length=500)
    valid_days: int = Field(default=30, ge=1, le=acts.LONGEST_VALIDITY.days)


class Holding(BaseModel):
    """Why an incident is not to be let go of."""

    reason: str = Field(min_length=acts.SHORTEST_REASON, max_length=500)


@router.get("/evidence/head", responses=answers(EvidenceHead))
def get_head(session: Looker, have: Have, sealer: Seals) -> dict[str, Any]:
    """How far the chain has come and is signed, by which key. Tell its fingerprint to whoever gets a bundle."""
    with have.pool.transaction() as connection:
        return acts.state(connection, signer_of(sealer), session.station)


@router.get("/incidents/{incident_id}/evidence", responses=answers(EvidenceList))
def list_evidence(incident_id: int, session: Looker, have: Have) -> dict[str, Any]:
    """What is kept of an incident, in the order of the chain. The look is audited."""
    with have.pool.transaction() as connection:
        return acts.look(connection, actor(session, have), incident_id)


@router.get(
    "/incidents/{incident_id}/evidence/{record_id}/{content}",
    response_class=Response,
    responses=file("application/octet-stream", *MEDIA),
)
def get_content(incident_id: int, record_id: int, content: str, session: Looker, have: Have, sealer: Seals) -> Response:
    """One thing that was frozen, byte for byte. The look is audited and no copy is to be kept on the way."""
    with have.pool.transaction() as connection:
        media_type, found = acts.open_content(connection, sealer, actor(session, have), incident_id, record_id, content)
    name = f"incident-{incident_id}-{record_id}-{content}"
    shown = media_type if media_type in MEDIA else "application/octet-stream"
    return Response(found, media_type=shown, headers={**_PRIVATE, "Content-Disposition": f'inline; filename="{name}"'})


@router.post("/incidents/{incident_id}/evidence/bundle", response_class=Response, responses=file("application/zip"))
def make_bundle(incident_id: int, wanted: BundleWanted, session: Exporter, have: Have, sealer: Seals) -> Response:
    """A bundle (ZIP) that proves itself: `anxin evidence verify FILE`. Who took it, for whom and why stays known."""
    by, signer = actor(session, have), signer_of(sealer)
    with have.pool.transaction() as connection:
        gathered = acts.gather(connection, sealer, signer, by, incident_id, Wanted(**wanted.model_dump()))
    # Seconds of work for many pictures: no connection is held for it, and nobody waits behind it.
    taken = acts.packed(gathered, sealer, signer)
    with have.pool.transaction() as connection:
        acts.note_taken(connection, sealer, by, taken)
    return Response(
        taken.content,
        media_type="application/zip",
        headers={**_PRIVATE, "Content-Disposition": f'attachment; filename="{taken.name}"'},
    )


@router.post("/incidents/{incident_id}/hold", responses=answers(Held))
def hold(incident_id: int, holding: Holding, session: Exporter, have: Have, sealer: Seals) -> dict[str, Any]:
    """Let go of nothing of this incident, whatever its time, until it is released."""
    with have.pool.transaction() as connection:
        return holds.hold(connection, sealer, actor(session, have), incident_id, holding.reason)


@router.delete("/incidents/{incident_id}/hold", responses=answers(Held))
def release(incident_id: int, session: Exporter, have: Have) -> dict[str, Any]:
    """Let the incident go at the end of its time again."""
    with have.pool.transaction() as connection:
        return holds.release(connection, actor(session, have), incident_id)
