"""One work item, and the end of those that people end."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from api.answers.documented import answers
from api.answers.patrols import WorkItem
from api.deps import Have, Reader, Seals, actor, allow_to
from gateway import work_items
from gateway.store.accounts import Session

router = APIRouter(tags=["alerts"])

Mender = Annotated[Session, Depends(allow_to("workitems.done"))]


class DoneIn(BaseModel):
    """What was done about it, in a sentence."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(min_length=1, max_length=2000)


@router.get("/work-items/{item_id}", responses=answers(WorkItem))
def get_work_item(item_id: int, session: Reader, have: Have, sealer: Seals) -> dict[str, Any]:
    """One work item, and what was done about it."""
    with have.pool.transaction() as connection:
        return work_items.shown(connection, sealer, actor(session, have), item_id)


@router.post("/work-items/{item_id}/done", responses=answers(WorkItem))
def finish(item_id: int, body: DoneIn, session: Mender, have: Have, sealer: Seals) -> dict[str, Any]:
    """End what a patrol found, with a sentence of what was done. 409 for an item that ends by itself."""
    with have.pool.transaction() as connection:
        by = actor(session, have)
        return work_items.finish(connection, have.announcer, sealer, by, item_id, body.text)
