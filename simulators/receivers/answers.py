"""The answers that phones and command room give in the same words."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from simulators.receivers.journal import utc_text
from simulators.receivers.mailbox import Mailbox


def refusal(message: str, status: int = 400) -> Response:
    """Refuse a request: `{"code", "message"}`."""
    return JSONResponse({"code": status, "message": message}, status)


def listing(request: Request, mailbox: Mailbox, *filters: str) -> Response:
    """List what was received, oldest first: `{"items": [...]}`.

    The query may hold `since` (RFC 3339 with an offset: first received after it) and any of `filters`, each
    the name of a field that must then have that text.
    """
    since = request.query_params.get("since")
    try:
        entries = mailbox.entries(utc_text(since) if since else "")
    except ValueError as error:
        return refusal(f"since: {error}")
    wanted = {name: request.query_params[name] for name in filters if name in request.query_params}
    items = [entry for entry in entries if all(entry[name] == text for name, text in wanted.items())]
    return JSONResponse({"items": items})
