"""The platform's page, its state, orders and misbehaviour by HTTP; for loopback: nobody is asked for a password."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from simulators.county_platform.faults import FAULTS
from simulators.county_platform.orders import CALLS, ORDERS
from simulators.county_platform.page import as_json, page
from simulators.county_platform.platform import CountyPlatform

_Query = dict[str, str]
#: How soon the server notices that it is to end.
_POLL_S = 0.05


def fault(county: CountyPlatform, name: str, query: Mapping[str, str]) -> None:
    """Order a fault with `count`, `method`, `seconds`, `codes` (500,503) of the query. Raises ValueError."""
    county.misbehave(
        name,
        count=int(query.get("count", 1)),
        method=query.get("method"),
        seconds=float(query.get("seconds", 1)),
        codes=[int(code) for code in query.get("codes", "").split(",") if code],
    )


def _order(county: CountyPlatform, name: str, query: _Query) -> None:
    target = query.pop("target", "")
    device = query.pop("device", "")
    county.order(name, target, device=device, fields=query)


def _subscribe(county: CountyPlatform, name: str, query: _Query) -> None:
    seconds = int(query.pop("seconds", 600))
    county.subscribe(
        name, event=query.pop("event", ""), expires_s=seconds, device=query.pop("device", ""), filters=query
    )


def _redirect(county: CountyPlatform, _: str, query: _Query) -> None:
    county.redirect((query["id"], query["host"], int(query["port"])) if query else None)


def _on(query: _Query, name: str) -> bool:
    return query.get(name, "") in {"1", "true", "yes"}


#: What stands before the name in the path, and what it does.
DEEDS: dict[str, Callable[[CountyPlatform, str, _Query], object]] = {
    "order": _order,
    "call": lambda county, name, query: county.call(name.upper(), query.get("channel", "")),
    "subscribe": _subscribe,
    "refresh": lambda county, name, query: county.refresh(name, expires_s=int(query.get("seconds", 600))),
    "fault": fault,
    "forget": lambda county, _, query: county.forget(catalogue=_on(query, "catalogue")),
    "behave": lambda county, *_: county.behave(),
    "redirect": _redirect,
    "change-nonce": lambda county, *_: county.change_nonce(),
    "go-away": lambda county, *_: county.go_away(),
    "come-back": lambda county, *_: county.come_back(),
    "close-connections": lambda county, *_: county.close_connections(),
    "segments": lambda county, _, query: county.segments(split=int(query.get("split", 0)), merge=_on(query, "merge")),
    "style": lambda county, _, query: county.style(
        bare_lf=_on(query, "bare_lf"), compact=_on(query, "compact"), folded=_on(query, "folded")
    ),
    "charset": lambda county, _, query: county.charset(query["declared"], query["encoded"]),
}


class Control:
    """A small HTTP server; a context manager. Raises OSError for a port that is taken."""

    def __init__(self, county: CountyPlatform, host: str, port: int) -> None:
        class Handler(_Handler):
            platform = county

        self._server = ThreadingHTTPServer((host, port), Handler)
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL_S,), name="county-page", daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    platform: CountyPlatform

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == "/":
            self._say(200, page(self.platform), "text/html; charset=utf-8")
        elif path == "/state":
            self._say(200, as_json(self.platform))
        else:
            self._tell(404, {"error": "GET / or /state"})

    def do_POST(self) -> None:
        asked = urlsplit(self.path)
        deed, _, name = asked.path.strip("/").partition("/")
        if deed not in DEEDS:
            self._tell(404, {"deeds": list(DEEDS), "orders": list(ORDERS), "calls": CALLS, "faults": FAULTS})
            return
        try:
            DEEDS[deed](self.platform, name, dict(parse_qsl(asked.query)))
        except (LookupError, ValueError, OSError, TypeError) as error:
            self._tell(400, {"error": f"{type(error).__name__}: {error}"})
        else:
            self._tell(200, {"done": f"{deed} {name}".strip()})

    def _tell(self, status: int, told: object) -> None:
        self._say(status, json.dumps(told, ensure_ascii=False).encode())

    def _say(self, status: int, body: bytes, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
        """Stay quiet: the answers say it all."""
