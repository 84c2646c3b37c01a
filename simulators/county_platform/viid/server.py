"""GA/T 1400's upper side over HTTP, and what it posts to those below: subscriptions and watch-list hits."""

from __future__ import annotations

import json
import socket
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

from simulators.county_platform.complaints import Violation
from simulators.county_platform.viid.library import Asked, Library, Reply
from simulators.county_platform.viid.settings import Answers, ViidSettings
from simulators.county_platform.watch import Watch

T = TypeVar("T")
_TYPE = "application/VIID+JSON;charset=UTF-8"
_POLL_S = 0.05


class ViidServer:
    """An image database on a thread of its own; a context manager. `port` is the real one.

    `answers` is how it answers, to be changed at will. `objects` has what was stored, by resource: `Faces`, `Images`.
    `told`: called, under the lock, with a line of Chinese for each thing that happens. Raises OSError for a port that
    is taken.
    """

    def __init__(self, settings: ViidSettings, told: Callable[[str], None] = lambda _: None) -> None:
        self.settings = settings
        self.watch = Watch()
        self._library = Library(settings, told)

        class Handler(_Handler):
            server_of = self

        self._server = _Server((settings.host, settings.port), Handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(_POLL_S,), name="viid", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._server.hang_up()
        self._thread.join()

    @property
    def answers(self) -> Answers:
        """How it answers."""
        return self._library.answers

    @property
    def violations(self) -> list[Violation]:
        """What clients did against the rules, oldest first."""
        with self.watch.changed:
            return list(self._library.complaints)

    @property
    def registered(self) -> set[str]:
        """Who is registered."""
        with self.watch.changed:
            return set(self._library.registered)

    @property
    def keepalives(self) -> dict[str, int]:
        """How many Keepalives came of each device."""
        with self.watch.changed:
            return dict(self._library.keepalives)

    def objects(self, resource: str) -> list[Mapping[str, Any]]:
        """Return what was stored in a resource, oldest first."""
        with self.watch.changed:
            return list(self._library.objects[resource])

    def wait_for(self, told: Callable[[ViidServer], T], timeout_s: float = 5.0, what: str = "what was waited for") -> T:
        """Wait until `told(server)` is true of something and return that. Raises TimeoutError."""
        return self.watch.until(lambda: told(self), timeout_s, what)

    def fail(self, *statuses: int) -> None:
        """Answer the next requests with these HTTP statuses, and do nothing else."""
        with self.watch.changed:
            self._library.statuses += statuses

    def refuse(self, resource: str, codes: Sequence[int]) -> None:
        """Give the next items of a resource these StatusCodes; 0 takes an item as usual."""
        with self.watch.changed:
            self._library.codes[resource] += codes

    def forget(self) -> None:
        """Know nobody any more, as after a restart."""
        with self.watch.changed:
            self._library.registered.clear()
            self._library.guard.change_nonce()

    def change_nonce(self) -> None:
        """Take every nonce for stale from now on."""
        with self.watch.changed:
            self._library.guard.change_nonce()

    def take(self, asked: Asked) -> Reply:
        """Answer a request."""
        with self.watch.changed:
            reply = self._library.take(asked)
            self.watch.changed.notify_all()
            return reply

    def subscribe(
        self, client: str, subscription: str, *, details: str, begin: str, end: str, cancel: bool = False
    ) -> tuple[int, Any]:
        """Post a subscription to a client's base URL; return HTTP status and JSON. Raises OSError.

        `subscription`: its 33 digits. `details`: `12,13`. `begin`, `end`: YYYYMMDDhhmmss, Beijing time. The
        client is to post to our /VIID/SubscribeNotifications. `cancel` ends it, by PUT.
        """
        told: dict[str, Any] = {
            "SubscribeID": subscription,
            "Title": "county",
            "SubscribeDetail": details,
            "ResourceURI": self.settings.id,
            "ApplicantName": "county",
            "ApplicantOrg": "county",
            "BeginTime": begin,
            "EndTime": end,
            "ReceiveAddr": f"http://{self.settings.host}:{self.port}/VIID/SubscribeNotifications",
            "ReportInterval": 1,
            "Reason": "test",
            "OperateType": int(cancel),
            "SubscribeStatus": int(cancel),
        }
        with self.watch.changed:
            self._library.subscriptions[subscription] = told
        path = f"/VIID/Subscribes/{subscription}" if cancel else "/VIID/Subscribes"
        envelope = {"SubscribeListObject": {"SubscribeObject": [told]}}
        return self.post(client, path, envelope, method="PUT" if cancel else "POST")

    def post(self, client: str, path: str, told: Any, *, method: str = "POST") -> tuple[int, Any]:
        """Send JSON, or bytes as they are, to a client's base URL; return HTTP status and JSON. Raises OSError."""
        where = urlsplit(client)
        connection = HTTPConnection(where.hostname or "", where.port or 80, timeout=5)
        body = told if isinstance(told, bytes) else json.dumps(told, ensure_ascii=False).encode()
        try:
            connection.request(method, path, body, {"Content-Type": _TYPE, "User-Identify": self.settings.id})
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text else None
        finally:
            connection.close()


class _Server(ThreadingHTTPServer):
    """Knows its connections: one that has ended answers nobody, also on a connection that was kept."""

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self._open: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember a connection."""
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget one that ends."""
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of who hung up."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def hang_up(self) -> None:
        """End all connections."""
        for one in list(self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    server_of: ViidServer
    protocol_version = "HTTP/1.1"
    #: A client that keeps its connection and says nothing does not keep the server from ending.
    timeout = 60

    def _do(self) -> None:
        length = self.headers.get("Content-Length", "0")
        body = self.rfile.read(int(length) if length.isdecimal() else 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.server_of.take(Asked(self.command, self.path, headers, body))
        told = b"" if reply.told is None else json.dumps(reply.told, ensure_ascii=False).encode()
        self.send_response(reply.status)
        for name, value in reply.headers:
            self.send_header(name, value)
        if told:
            self.send_header("Content-Type", self.server_of.answers.content_type)
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    do_GET = do_POST = do_PUT = do_DELETE = _do  # noqa: N815  # the base class's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
        """Stay quiet: the answers say it all."""
