"""Areas, places and devices changed one by one, spreadsheets of many, and the policy."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import HTTP
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Body, Depends, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response

from api.answers.documented import answers
from api.answers.policy import Policy, PolicySet
from api.answers.registry import AreaShown
from api.answers.written_down import DeviceAdded, DeviceWritten, PlaceWritten, SheetRead
from api.deps import Have, Parts, Reader, actor, allow_to
from api.table import CSV, answers_or_file
from gateway.model.errors import BadInput
from gateway.registering import editing, policy_act, sheet_report
from gateway.registering.sheet_act import bring
from gateway.registering.sheet_cells import MOST_BYTES, read_sheet
from gateway.registering.sheet_columns import Kind
from gateway.store import registry as registry_store
from gateway.store.accounts import Session

router = APIRouter(tags=["registry"])

Entry = Annotated[dict[str, Any], Body()]
Admin = Annotated[Session, Depends(allow_to("registry.change"))]
ForPlaces = Annotated[Session, Depends(allow_to("registry.places"))]
ForPolicy = Annotated[Session, Depends(allow_to("policy.save"))]
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _create(session: Session, have: Parts, sort: str, body: dict[str, Any]) -> dict[str, Any]:
    with have.pool.transaction() as connection:
        return editing.create(connection, actor(session, have), sort, body)


def _change(
    session: Session, have: Parts, sort: str, name: str, body: dict[str, Any], *, whole: bool
) -> dict[str, Any]:
    with have.pool.transaction() as connection:
        return editing.change(connection, actor(session, have), sort, name, body, whole=whole)


def _remove(session: Session, have: Parts, sort: str, name: str) -> None:
    with have.pool.transaction() as connection:
        editing.remove(connection, actor(session, have), sort, name)


@router.post("/areas", status_code=201, responses=answers(AreaShown, status=201))
def add_area(body: Entry, session: Admin, have: Have) -> dict[str, Any]:
    """Add an area: `{"id", "kind", "name", "parent"}`."""
    return _create(session, have, "area", body)


@router.put("/areas/{area}", responses=answers(AreaShown))
def put_area(area: str, body: Entry, session: Admin, have: Have) -> dict[str, Any]:
    """Let an area be as the body says."""
    return _change(session, have, "area", area, body, whole=True)


@router.patch("/areas/{area}", responses=answers(AreaShown))
def patch_area(area: str, body: Entry, session: Admin, have: Have) -> dict[str, Any]:
    """Change what the body names of an area."""
    return _change(session, have, "area", area, body, whole=False)


@router.delete("/areas/{area}", status_code=204)
def remove_area(area: str, session: Admin, have: Have) -> None:
    """Remove an area that nothing refers to."""
    _remove(session, have, "area", area)


@router.post("/places", status_code=201, responses=answers(PlaceWritten, status=201))
def add_place(body: Entry, session: ForPlaces, have: Have) -> dict[str, Any]:
    """Add a place; with `coordinates` gcj02 or bd09 its position is made WGS-84."""
    return _create(session, have, "place", body)


@router.put("/places/{place}", responses=answers(PlaceWritten))
def put_place(place: str, body: Entry, session: ForPlaces, have: Have) -> dict[str, Any]:
    """Let a place be as the body says."""
    return _change(session, have, "place", place, body, whole=True)


@router.patch("/places/{place}", responses=answers(PlaceWritten))
def patch_place(place: str, body: Entry, session: ForPlaces, have: Have) -> dict[str, Any]:
    """Change what the body names of a place."""
    return _change(session, have, "place", place, body, whole=False)


@router.delete("/places/{place}", status_code=204)
def remove_place(place: str, session: ForPlaces, have: Have) -> None:
    """Remove a place that nothing refers to."""
    _remove(session, have, "place", place)


@router.post("/devices", status_code=201, responses=answers(DeviceAdded, status=201))
def add_device(body: Entry, session: Admin, have: Have) -> dict[str, Any]:
    """Add a device. One that connects itself comes with its `secret`, this once; the broker must be told of it too."""
    return _create(session, have, "device", body)


@router.put("/devices/{device}", responses=answers(DeviceWritten))
def put_device(device: str, body: Entry, session: Admin, have: Have) -> dict[str, Any]:
    """Let a device be as the body says; it keeps its secret."""
    return _change(session, have, "device", device, body, whole=True)


@router.patch("/devices/{device}", responses=answers(DeviceWritten))
def patch_device(device: str, body: Entry, session: Admin, have: Have) -> dict[str, Any]:
    """Change what the body names of a device."""
    return _change(session, have, "device", device, body, whole=False)


@router.delete("/devices/{device}", status_code=204)
def remove_device(device: str, session: Admin, have: Have) -> None:
    """Remove a device that nothing speaks through; what stood of it is withdrawn."""
    _remove(session, have, "device", device)


@router.get("/policy", responses=answers(Policy))
def get_policy(session: Reader, have: Have) -> Any:
    """How people are told and how fast they answer: ladders, deadlines, flood, shelving."""
    with have.pool.transaction() as connection:
        return msgspec.to_builtins(registry_store.policy(connection, session.station))


@router.put("/policy", responses=answers(PolicySet))
def put_policy(body: Entry, session: ForPolicy, have: Have) -> dict[str, Any]:
    """Set the policy; what the body leaves out is as it comes. Answers it, and what is other than before."""
    with have.pool.transaction() as connection:
        policy, changed = policy_act.put_policy(connection, actor(session, have), body)
    return {"policy": msgspec.to_builtins(policy), "changed": changed}


@router.post("/registry/sheets", responses=answers_or_file(SheetRead, CSV, _XLSX))
async def import_sheet(  # one parameter per question
    request: Request,
    session: Admin,
    have: Have,
    kind: Kind,
    *,
    good_rows: Annotated[bool, Query()] = False,
    dry_run: Annotated[bool, Query()] = False,
    report: Annotated[Literal["json", "csv", "xlsx"], Query()] = "json",
) -> Response:
    """Read residents or devices from a spreadsheet, xlsx or csv: the body itself, or a form's file. All rows or none.

    422 when a row is wrong and nothing was written, with every row's problems; `report` csv or xlsx answers the sheet
    back with a column of what is wrong.
    """
    content = _file_of(request.headers.get("Content-Type", ""), await _body(request))
    return await run_in_threadpool(_bring, session, have, kind, content, report, good_rows=good_rows, dry_run=dry_run)


def _bring(
    session: Session, have: Parts, kind: Kind, content: bytes, report: str, *, good_rows: bool, dry_run: bool
) -> Response:
    sheet = read_sheet(content)
    with have.pool.transaction() as connection:
        outcome = bring(
            connection, actor(session, have), kind, sheet, have.sealer,
            good_rows=good_rows, dry_run=dry_run,
        )  # fmt: skip
    refused = bool(outcome.reading.problems) and not good_rows
    status = 422 if refused else 200
    if report == "csv":
        return Response(sheet_report.as_csv(outcome.reading), status, media_type="text/csv; charset=utf-8")
    if report == "xlsx":
        return Response(sheet_report.as_xlsx(outcome.reading), status, media_type=_XLSX)
    body = sheet_report.as_json(outcome)
    if refused:
        told = (
            f"{len(outcome.reading.bad())} rows are wrong, nothing was written; mend them, or ask with good_rows=true"
        )
        body |= {"type": "urn:anxin:problem:sheet", "title": "cannot be read", "status": status, "detail": told}
    return JSONResponse(body, status, media_type="application/problem+json" if refused else "application/json")


async def _body(request: Request) -> bytes:
    """Read a body no larger than a sheet may be, whatever it says of its own size."""
    taken = bytearray()
    async for chunk in request.stream():
        taken += chunk
        if len(taken) > MOST_BYTES + 10_000:
            raise BadInput(f"the sheet has more than {MOST_BYTES // 1_000_000} MB; divide it", reason="sheet")
    return bytes(taken)


def _file_of(content_type: str, body: bytes) -> bytes:
    """Return the file of a form (multipart/form-data), or the body as it is."""
    if not content_type.lower().startswith("multipart/form-data"):
        return body
    try:
        form = message_from_bytes(b"Content-Type: " + content_type.encode("latin-1") + b"\r\n\r\n" + body, policy=HTTP)
        for part in form.iter_parts():
            content = part.get_payload(decode=True)
            if part.get_filename() is not None and isinstance(content, bytes):
                return content
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise BadInput(f"the form cannot be read: {error}", reason="sheet") from error
    raise BadInput("the form has no file; send the sheet as the body, or as a form's file", reason="sheet")
