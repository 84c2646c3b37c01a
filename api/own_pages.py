"""Acts come from our own pages: what another site lets a browser send with our cookie is refused (CSRF).

The cookie is `SameSite=Strict` already; this stands behind it, for browsers that do not keep to that and for pages of
neighbours on the same domain, which count as the same site. `Authorization: Bearer` and a device's Basic are no
concern: no browser adds them by itself.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Receive, Scope, Send

from api.deps import COOKIE
from api.problems import refusal

SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
#: What a browser says of a request that its own page, or the person at the address bar, began.
OURS = frozenset({"same-origin", "none"})
#: The one path where a device says who it is by Basic, whatever else the request carries.
INGEST = "/api/v1/ingest"
WHY = (
    "this came from another page, not from this console; open the console itself, and let a proxy in front pass the "
    "Host header on"
)


class OwnPagesOnly:
    """Refuses unsafe requests that carry the session's cookie and were begun by another site's page."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it with 403."""
        if scope["type"] == "http" and scope["method"] not in SAFE:
            headers = Headers(scope=scope)
            if by_cookie(headers, scope["path"]) and not from_our_page(headers):
                await refusal(403, "not allowed", WHY, "cross_site")(scope, receive, send)
                return
        await self._app(scope, receive, send)


def by_cookie(headers: Headers, path: str) -> bool:
    """Whether it is the cookie that says who asks, as `api.deps.token_of` goes about it."""
    scheme, _, told = headers.get("authorization", "").partition(" ")
    if told and (scheme.lower() == "bearer" or (scheme.lower() == "basic" and path == INGEST)):
        return False
    return COOKIE in cookie_parser(headers.get("cookie", ""))


def from_our_page(headers: Headers) -> bool:
    """Whether our own page began a request, or no page at all (a program that keeps cookies says neither).

    Browsers say it themselves (`Sec-Fetch-Site`) where the connection is trusted; elsewhere the page's origin must be
    the host that was asked, as it came or as a proxy says that it came: no page can set either name.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site.strip().lower() in OURS
    origin = headers.get("origin")
    if origin is None:
        return True
    page = _host(origin)
    asked = [headers.get("host", ""), headers.get("x-forwarded-host", "").partition(",")[0]]
    return page is not None and any(_same(page, _host(f"//{one.strip()}")) for one in asked if one.strip())


def _same(page: tuple[str, int | None], asked: tuple[str, int | None] | None) -> bool:
    """A port counts where both name one: proxies often leave theirs out."""
    return asked is not None and page[0] == asked[0] and (None in (page[1], asked[1]) or page[1] == asked[1])


def _host(address: str) -> tuple[str, int | None] | None:
    """The host and port of an address; None where there is none, as in the origin `null`."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    return (host, port) if host else None
