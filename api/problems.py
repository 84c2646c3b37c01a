"""Errors as problem+json (RFC 9457): what went wrong, and what to do."""

from __future__ import annotations

from typing import Any

import structlog
from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as StarletteHTTPException

from gateway.model.errors import AnxinError, BadInput, Conflict, Forbidden, NotFound, Transient, VideoUnavailable

log = structlog.get_logger()

_STATUS: tuple[tuple[type[AnxinError], int, str], ...] = (
    (NotFound, 404, "not found"),
    (Conflict, 409, "changed in between"),
    (Forbidden, 403, "not allowed"),
    (BadInput, 422, "cannot be read"),
    (VideoUnavailable, 502, "no video"),
    (Transient, 503, "for the moment unavailable"),
)


def install(app: FastAPI) -> None:
    """Let every error of this application be a problem."""
    app.add_exception_handler(AnxinError, _anxin_error)
    app.add_exception_handler(StarletteHTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(Exception, _defect)


class Unauthorised(HTTPException):
    """Whoever asks has not logged in; `reason` is a word that programs go by."""

    def __init__(self, detail: str, reason: str) -> None:
        super().__init__(401, detail, headers={"WWW-Authenticate": "Bearer"})
        self.reason = reason


def unauthorised(detail: str = "log in first: POST /api/v1/auth/login", reason: str = "http_401") -> Unauthorised:
    """Return the error for whoever has not logged in."""
    return Unauthorised(detail, reason)


def refusal(status: int, title: str, detail: str, reason: str, **more: Any) -> JSONResponse:
    """Return a problem as an answer; `detail` is a sentence that says what to do."""
    body = {"type": f"urn:anxin:problem:{reason}", "title": title, "status": status, "detail": detail, **more}
    headers = {"Retry-After": "2"} if status == 503 else {}  # noqa: PLR2004
    return JSONResponse(body, status, headers, media_type="application/problem+json")


async def _anxin_error(_request: Request, error: Exception) -> JSONResponse:
    for kind, status, title in _STATUS:
        if isinstance(error, kind):
            return refusal(status, title, str(error), error.reason, **error.facts)
    return await _defect(_request, error)


async def _http_error(_request: Request, error: Exception) -> JSONResponse:
    told: StarletteHTTPException = error  # type: ignore[assignment]  # installed for this class only
    answer = refusal(told.status_code, "refused", str(told.detail), getattr(told, "reason", f"http_{told.status_code}"))
    for name, value in (told.headers or {}).items():
        answer.headers[name] = value
    return answer


async def _validation_error(_request: Request, error: Exception) -> JSONResponse:
    told: RequestValidationError = error  # type: ignore[assignment]  # installed for this class only
    complaints = [{"where": ".".join(str(part) for part in e["loc"]), "what": e["msg"]} for e in told.errors()]
    detail = "; ".join(f"{complaint['where']}: {complaint['what']}" for complaint in complaints)
    return refusal(422, "cannot be read", detail, "validation", errors=complaints)


async def _defect(request: Request, error: Exception) -> JSONResponse:
    # The route's own path: what stands in its placeholders may be a token, and whoever has that may report.
    route = getattr(request.scope.get("route"), "path", None)
    log.error("a request failed", method=request.method, route=route or "none", exc_info=error)
    return refusal(500, "a defect of ours", "it is in the log; please report it", "defect")
