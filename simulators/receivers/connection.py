"""Closing a connection without an answer, which no ASGI message can say."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response
from uvicorn.protocols.http.h11_impl import H11Protocol

_open: dict[tuple[str, int], asyncio.Transport] = {}


class CuttableProtocol(H11Protocol):
    """uvicorn's HTTP protocol, with its transports known by the client's address."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Remember the transport."""
        super().connection_made(transport)
        if self.client is not None:
            _open[self.client] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the transport."""
        if self.client is not None:
            _open.pop(self.client, None)
        super().connection_lost(exc)


async def cut(request: Request) -> Response:
    """Close the request's connection at once; what is returned is for the framework and never sent.

    Raises ConnectionResetError when the server isn't a CuttableProtocol, as in tests without a network.
    """
    client = request.client
    transport = _open.get((client.host, client.port)) if client else None
    if transport is None:
        raise ConnectionResetError("the connection is cut without an answer")
    transport.abort()
    await asyncio.sleep(0)  # Lets the server learn of it, so that it doesn't answer after all.
    return Response()
