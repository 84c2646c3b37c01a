"""The audit trail: who did and saw what. Reading it leaves its mark too."""

from __future__ import annotations

import csv
import io
import json
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Response
from pydantic import AwareDatetime

from api.answers.audit import AuditPage
from api.deps import Have, allow_to
from api.table import answers_or_file
from gateway import trail
from gateway.store import accounts
from gateway.store.accounts import Session

router = APIRouter(tags=["audit"])

#: People's own words may speak of people: the auditor judges them, the admin looks after accounts.
WORDS_FOR = frozenset({"auditor"})
COLUMNS = ("id", "at", "username", "act", "object", "detail")
#: What a spreadsheet would take for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@router.get("/audit", response_model=None, responses=answers_or_file(AuditPage))
def read_audit(  # one parameter per filter
    session: Annotated[Session, Depends(allow_to("audit.read"))],
    have: Have,
    user: str | None = None,
    act: str | None = None,
    object: str | None = None,  # noqa: A002  # the column's own name
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
    before: int | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    form: Annotated[Literal["json", "csv"], Query(alias="format")] = "json",
) -> dict[str, Any] | Response:
    """Who did what, newest first, within `[since, until)`. `act=person` takes `person.reveal` in, and so on."""
    asked = {"user": user, "act": act, "object": object, "since": since, "until": until, "before": before}
    with have.pool.transaction() as connection:
        found = accounts.list_audit(
            connection, session.station, user=user, act=act, object_=object, since=since, until=until, before=before,
            limit=limit,
        )  # fmt: skip
        filters = {name: str(value) for name, value in asked.items() if value is not None}
        accounts.write_audit(
            connection, at=have.clock.now(), station=session.station, username=session.username, act="audit.read",
            detail={**filters, "lines": len(found), "format": form},
        )  # fmt: skip
    words = session.role in WORDS_FOR
    lines = [trail.opened(have.sealer, session.station, line, words=words) for line in found]
    following = lines[-1]["id"] if len(lines) == limit else None
    if form == "json":
        return {"items": lines, "next": following}
    headers = {"Content-Disposition": 'attachment; filename="audit.csv"'}
    return Response(
        _csv(lines), headers={**headers, **({"X-Next": str(following)} if following else {})}, media_type="text/csv"
    )


def _csv(lines: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    text.write("\ufeff")  # spreadsheets know it for UTF-8 by this
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for line in lines:
        told = {**line, "at": line["at"].isoformat(), "detail": json.dumps(line["detail"], ensure_ascii=False)}
        writer.writerow([_harmless(told[column]) for column in COLUMNS])
    return text.getvalue()


def _harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
