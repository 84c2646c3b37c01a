"""Response headers that keep a browser from doing what nobody asked it to."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}


def policy(media: Sequence[str] = ()) -> str:
    """Return the content security policy: nothing inline, nothing from elsewhere but video from these origins.

    blob: is what was fetched with the session, a picture or a sound, or what a player puts together.
    """
    origins = "".join(f" {one}" for one in media)
    return (
        f"default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:{origins}; "
        f"connect-src 'self'{origins}; object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    )


class SecurityHeaders:
    """Adds the headers to every answer, streams included (it never looks at bodies).

    `media` are the origins of platforms whose video pages may load.
    """

    def __init__(self, app: ASGIApp, media: Sequence[str] = ()) -> None:
        self._app = app
        self._headers = {**_HEADERS, "Content-Security-Policy": policy(media)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                # The console's modules belong together: a browser must not mix those of two versions.
                headers.setdefault("Cache-Control", "no-cache")
            await send(message)

        await self._app(scope, receive, send_with_headers)
