"""Video of cameras near an alert, from platforms beside us: addresses for whoever looks, no media through here."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.answers.documented import answers
from api.answers.video import NearCameras, VideoKept, VideoStreams
from api.deps import Have, Seals, actor, allow_to
from gateway.model.errors import BadInput
from gateway.model.video import VideoSource
from gateway.store.accounts import Session
from gateway.video import looking
from gateway.video.looking import Look, Span

router = APIRouter(tags=["video"])

Watcher = Annotated[Session, Depends(allow_to("cameras.live"))]


class VideoWanted(BaseModel):
    """Nothing: live. An alert: from 30 s before it. `begin` and `end`: that time, ten minutes at most."""

    model_config = ConfigDict(extra="forbid")

    alert: int | None = Field(None, ge=1)
    begin: AwareDatetime | None = None
    end: AwareDatetime | None = None

    def span(self) -> Span | None:
        """The time it names. Raises `BadInput` for half of one."""
        if (self.begin is None) != (self.end is None):
            raise BadInput("either an alert, or begin and end", reason="schema")
        return Span(self.begin, self.end) if self.begin is not None and self.end is not None else None


class SnapshotWanted(BaseModel):
    """Of which camera."""

    model_config = ConfigDict(extra="forbid")

    device: str = Field(min_length=1, max_length=64)


@router.get("/alerts/{alert_id}/video", responses=answers(NearCameras))
def list_near(alert_id: int, session: Watcher, have: Have) -> dict[str, Any]:
    """Which cameras near an alert have video on a platform: at its place, in its building, within 200 m."""
    with have.pool.transaction() as connection:
        found = looking.near(connection, actor(session, have), have.video.names, alert_id)
    return {"items": [one._asdict() for one in found]}


@router.post("/cameras/{device}/video", responses=answers(VideoStreams))
async def look_at(device: str, wanted: VideoWanted, session: Watcher, have: Have, response: Response) -> dict[str, Any]:
    """Where a camera's video is played from, live or recorded, asked of its platform now. Each look is audited.

    502 with a sentence when there is none: who to call, and a reason by which programs tell one case from another.
    """

    def begin() -> Look:
        with have.pool.transaction() as connection:
            by = actor(session, have)
            return looking.begin(connection, by, device, alert_id=wanted.alert, span=wanted.span())

    source, span = await run_in_threadpool(begin)
    streams = await (have.video.live(source) if span is None else have.video.playback(source, *span))
    response.headers["Cache-Control"] = "private, no-store"
    return {
        **msgspec.structs.asdict(streams), "play": have.video.played(source, streams),
        "begin": _text(span.begin) if span else None, "end": _text(span.end) if span else None,
    }  # fmt: skip


@router.post("/alerts/{alert_id}/video/snapshot", status_code=201, responses=answers(VideoKept, status=(201, 200)))
async def keep_snapshot(  # what is asked, and what answers it
    alert_id: int, wanted: SnapshotWanted, session: Watcher, have: Have, sealer: Seals, response: Response
) -> dict[str, Any]:
    """Have a camera's platform take a picture now, and keep it with the alert's incident, frozen as evidence."""

    def before() -> VideoSource:
        with have.pool.transaction() as connection:
            return looking.before_keeping(connection, actor(session, have), alert_id, wanted.device)

    source = await run_in_threadpool(before)
    picture = await have.video.snapshot(source)

    def keep() -> dict[str, Any]:
        with have.pool.transaction() as connection:
            incident, kept = looking.keep(
                connection, have.announcer, sealer, actor(session, have), alert_id, wanted.device, source, picture
            )
        return {"incident": incident, "attachment": kept.id, "sha256": kept.sha256, "fresh": kept.fresh}

    told = await run_in_threadpool(keep)
    response.status_code = 201 if told["fresh"] else 200
    return told


def _text(moment: datetime) -> str:
    return moment.isoformat()
