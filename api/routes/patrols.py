"""Online patrol: routes, rounds, looks."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Query, Response
from pydantic import AwareDatetime, Base64Bytes, BaseModel, ConfigDict, Field

from api.answers.documented import answers, file
from api.answers.patrols import PatrolRound, PatrolRounds, PatrolRoundWhole, PatrolRoute, PatrolRoutes
from api.deps import Have, Reader, Seals, actor, allow_to, scope_of
from gateway.cameras.handing_in import MOST_BYTES
from gateway.model.errors import NotFound
from gateway.model.patrol import Code, Seen
from gateway.patrol import pictures
from gateway.patrol import rounds as walk
from gateway.patrol.pictures import Shown
from gateway.patrol.routes import routes
from gateway.registering import editing
from gateway.store import patrols as patrol_store
from gateway.store.accounts import Session

router = APIRouter(prefix="/patrols", tags=["patrols"])

Entry = Annotated[dict[str, Any], Body()]
Walker = Annotated[Session, Depends(allow_to("patrols.walk"))]
Sees = Annotated[Session, Depends(allow_to("pictures.see"))]
Chief = Annotated[Session, Depends(allow_to("patrols.change"))]


class PictureIn(BaseModel):
    """A still as one was shown it: a JPEG as base64, and its `X-Taken-At`."""

    model_config = ConfigDict(extra="forbid")

    taken_at: AwareDatetime
    content: Base64Bytes = Field(max_length=MOST_BYTES)


class LookIn(BaseModel):
    """What one sees at a point (from 1). A finding has a `code`; `client_id` makes saying it again harmless.

    `picture` is kept with a finding, sealed, for as long as the round.
    """

    model_config = ConfigDict(extra="forbid")

    point: int = Field(ge=1, le=1000)
    seen: Seen
    code: Code | None = None
    note: str | None = Field(default=None, max_length=2000, pattern=r"^[^\x00]*$")
    at: AwareDatetime | None = None
    client_id: str | None = Field(default=None, min_length=1, max_length=128, pattern=r"^[^\x00]+$")
    picture: PictureIn | None = None


@router.get("", responses=answers(PatrolRoutes))
def list_routes(
    session: Reader, have: Have, area: Annotated[str | None, Query(max_length=64)] = None
) -> dict[str, Any]:
    """Routes within reach: when each was walked last, what is due, what was missed."""
    with have.pool.transaction() as connection:
        return {"items": routes(connection, actor(session, have), area=area), "next": None}


@router.post("", status_code=201, responses=answers(PatrolRoute, status=201))
def add_route(body: Entry, session: Chief, have: Have) -> dict[str, Any]:
    """Add a route."""
    with have.pool.transaction() as connection:
        return editing.create(connection, actor(session, have), "patrol", body)


@router.put("/{patrol}", responses=answers(PatrolRoute))
def put_route(patrol: str, body: Entry, session: Chief, have: Have) -> dict[str, Any]:
    """Let a route be as the body says; rounds that are under way keep their points."""
    with have.pool.transaction() as connection:
        return editing.change(connection, actor(session, have), "patrol", patrol, body, whole=True)


@router.patch("/{patrol}", responses=answers(PatrolRoute))
def patch_route(patrol: str, body: Entry, session: Chief, have: Have) -> dict[str, Any]:
    """Change what the body names of a route."""
    with have.pool.transaction() as connection:
        return editing.change(connection, actor(session, have), "patrol", patrol, body, whole=False)


@router.delete("/{patrol}", status_code=204)
def remove_route(patrol: str, session: Chief, have: Have) -> None:
    """Remove a route; its rounds stay."""
    with have.pool.transaction() as connection:
        editing.remove(connection, actor(session, have), "patrol", patrol)


@router.post("/{patrol}/rounds", status_code=201, responses=answers(PatrolRound, status=(200, 201)))
def begin(patrol: str, session: Walker, have: Have, response: Response) -> dict[str, Any]:
    """Begin a round; 200 with one's own that is under way already. It ends by itself after two hours."""
    with have.pool.transaction() as connection:
        begun, fresh = walk.begin(connection, actor(session, have), patrol)
    response.status_code = 201 if fresh else 200
    return walk.public(begun)


@router.get("/{patrol}/rounds", responses=answers(PatrolRounds))
def list_rounds(
    patrol: str,
    session: Reader,
    have: Have,
    before: int | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> dict[str, Any]:
    """Rounds of a route, newest first; also of one that is no more."""
    scope = scope_of(session)
    with have.pool.transaction() as connection:
        found = patrol_store.rounds(connection, scope, now=have.clock.now(), route=patrol, before=before, limit=limit)
        if not found and before is None and not patrol_store.is_route(connection, scope, patrol):
            raise NotFound(f"there is no patrol route {patrol!r} within your reach")
    return {"items": [walk.public(one) for one in found], "next": found[-1].id if len(found) == limit else None}


@router.get("/rounds/{round_id}", responses=answers(PatrolRoundWhole))
def get_round(round_id: int, session: Reader, have: Have, sealer: Seals) -> dict[str, Any]:
    """One round with its looks."""
    with have.pool.transaction() as connection:
        return walk.shown(connection, sealer, actor(session, have), round_id)


@router.post("/rounds/{round_id}/looks", operation_id="look_at_point", responses=answers(PatrolRoundWhole))
def look(round_id: int, body: LookIn, session: Walker, have: Have, sealer: Seals) -> dict[str, Any]:
    """Say what one sees at a point; a finding becomes a work item."""
    picture = Shown(body.picture.taken_at, body.picture.content) if body.picture is not None else None
    told = walk.Looked(**body.model_dump(exclude={"picture"}), picture=picture)
    with have.pool.transaction() as connection:
        return walk.look(connection, have.announcer, sealer, actor(session, have), round_id, told)


@router.get("/rounds/{round_id}/looks/{look_id}/picture", response_class=Response, responses=file("image/jpeg"))
def get_look_picture(round_id: int, look_id: int, session: Sees, have: Have, sealer: Seals) -> Response:
    """The picture that a look keeps; each look at it is audited."""
    with have.pool.transaction() as connection:
        content = pictures.see(connection, sealer, actor(session, have), round_id, look_id)
    headers = {"Cache-Control": "private, no-store", "Content-Security-Policy": "default-src 'none'; sandbox"}
    return Response(content, media_type="image/jpeg", headers=headers)


@router.post("/rounds/{round_id}/end", responses=answers(PatrolRound))
def end(round_id: int, session: Walker, have: Have) -> dict[str, Any]:
    """End a round: done when every point was looked at, else partial."""
    with have.pool.transaction() as connection:
        return walk.public(walk.end(connection, actor(session, have), round_id))
