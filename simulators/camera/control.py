"""Faults by HTTP: `GET /` says how the cameras are, `POST /NAME/FAULT` orders one."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

from simulators.camera.channel import Channel

#: Each fault, and what is asked of it in the query.
FAULTS: dict[str, Callable[[Channel, Mapping[str, str]], None]] = {
    "hang": lambda channel, query: channel.hang(float(query.get("seconds", math.inf))),
    "cut": lambda channel, _: channel.cut(),
    "garbage": lambda channel, query: channel.garbage(float(query.get("seconds", 5))),
    "drop": lambda channel, query: channel.drop(float(query.get("share", 0.05))),
    "jump": lambda channel, query: channel.jump(float(query["seconds"])),
    "switch": lambda channel, query: channel.switch(Path(query["film"])),
    "mend": lambda channel, _: channel.mend(),
}


class Control:
    """A small HTTP server for faults; a context manager. Raises OSError for a port that is taken."""

    def __init__(self, channels: Mapping[str, Channel], host: str, port: int) -> None:
        class Handler(_Handler):
            cameras = channels

        self._server = ThreadingHTTPServer((host, port), Handler)
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, name="faults", daemon=True)

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
    cameras: Mapping[str, Channel]

    def do_GET(self) -> None:
        self._say(200, {name: channel.state for name, channel in self.cameras.items()})

    def do_POST(self) -> None:
        asked = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(asked.query).items()}
        name, _, fault = asked.path.strip("/").partition("/")
        if name not in self.cameras or fault not in FAULTS:
            self._say(
                404, {"error": f"POST /NAME/FAULT with a name of {sorted(self.cameras)}, a fault of {sorted(FAULTS)}"}
            )
            return
        try:
            FAULTS[fault](self.cameras[name], query)
        except KeyError as error:
            self._say(400, {"error": f"{fault} wants {error} in the query"})
        except (ValueError, OSError) as error:
            self._say(400, {"error": str(error)})
        else:
            self._say(200, {"ordered": fault, "of": name})

    def _say(self, status: int, told: object) -> None:
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
        """Stay quiet: the answers say it all."""
