"""A link that really runs, over real sockets, and real SIP peers to run it against."""

from __future__ import annotations

import asyncio
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self, TypeVar

import pytest

from connectors.gb28181.alarm import Alarm
from connectors.gb28181.carrier import Carrier
from connectors.gb28181.catalogue import Entry
from connectors.gb28181.config import LinkConfig
from connectors.gb28181.link import Link
from connectors.gb28181.news import News
from tests.unit.gb28181.desk import DOMAIN, OURS, PASSWORD, SERVER

_T = TypeVar("_T")

KAMAILIO = """
debug=2
log_stderror=yes
fork=yes
children=1
tcp_children=1
auto_aliases=no
listen=udp:127.0.0.1:{port}
listen=tcp:127.0.0.1:{port}
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "xlog.so"
loadmodule "sanity.so"
loadmodule "auth.so"
modparam("xlog", "force_color", 0)
request_route {{
  if (!sanity_check("17895", "7")) {{ xlog("L_WARN", "INSANE $rm\\n"); exit; }}
  if (is_method("REGISTER")) {{
    if (!pv_www_authenticate("{realm}", "{password}", "0")) {{ www_challenge("{realm}", "1"); exit; }}
    save("location");
    xlog("L_WARN", "REGISTERED $fU $hdr(Expires)\\n");
    exit;
  }}
  if (is_method("MESSAGE")) {{
    if (!registered("location", "$fu")) {{ sl_send_reply("404", "Not Found"); exit; }}
    xlog("L_WARN", "MESSAGE $fU $(rb{{s.encode.hexa}})\\n");
    sl_send_reply("200", "OK");
    exit;
  }}
  sl_send_reply("405", "Method Not Allowed");
}}
"""


def needs(program: str) -> pytest.MarkDecorator:
    """Skip, saying why, where a program is not installed; CI installs them."""
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


def free_port() -> int:
    """A port that is free for UDP and TCP."""
    while True:
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", 0))
            with suppress(OSError):
                udp.bind(tcp.getsockname())
                return int(tcp.getsockname()[1])


def until(look: Callable[[], _T], what: str, seconds: float = 20) -> _T:
    """Wait for a condition."""
    ends = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < ends, f"waited {seconds:g} s for {what}"
        time.sleep(0.02)
    return found


class Running:
    """A link in a thread of its own; everything asked of it is done there."""

    def __init__(self, server: str, items: tuple[Entry, ...] = (), **told: Any) -> None:
        port = free_port()
        config: dict[str, Any] = {
            "server_id": SERVER, "server": server, "device_id": OURS, "password": PASSWORD,
            "listen": f"127.0.0.1:{port}", "catalog_first_s": 0, "retry_s": 0.5,
        }  # fmt: skip
        self.config = LinkConfig(**{**config, **told})
        password = self.config.password
        self.link = Link(
            self.config, password.get_secret_value() if password else "", lambda: datetime.now(UTC), entries=items
        )
        self.said: list[News] = []
        self._carrier = Carrier(self.link, time.monotonic, lambda: self.said.extend(self.link.news()))
        self._loop = asyncio.new_event_loop()
        self._task: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._task is not None:
            self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(10)
        assert not self._thread.is_alive()

    def alarm(self, alarm: Alarm) -> None:
        """Send an alarm."""
        self._do(lambda: self.link.alarm(alarm, time.monotonic()))

    def show(self, items: tuple[Entry, ...]) -> None:
        """Show another catalogue."""
        self._do(lambda: self.link.show(items, time.monotonic()))

    def until(self, kind: type[Any], count: int = 1, seconds: float = 20, **told: Any) -> list[Any]:
        """Wait for so much news of a kind, with these fields."""

        def found() -> list[Any]:
            return [
                one for one in list(self.said)
                if isinstance(one, kind) and all(getattr(one, name) == value for name, value in told.items())
            ]  # fmt: skip

        try:
            until(lambda: len(found()) >= count, f"{count} of {kind.__name__} {told}", seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}; there is {self.said}") from error
        return found()

    def _do(self, act: Callable[[], None]) -> None:
        def done() -> None:
            act()
            self._carrier.turn()

        self._loop.call_soon_threadsafe(done)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._task = self._loop.create_task(self._carrier.run())
        with suppress(asyncio.CancelledError):
            self._loop.run_until_complete(self._task)
        self._loop.close()


class Registrar:
    """A running Kamailio, and what it logged."""

    def __init__(self, folder: Path, *, port: int | None = None, password: str = PASSWORD) -> None:
        self.port, self._log = port or free_port(), folder / "kamailio.log"
        config = folder / "kamailio.cfg"
        config.write_text(KAMAILIO.format(port=self.port, realm=DOMAIN, password=password))
        command = ["kamailio", "-f", str(config), "-DD", "-E", "-P", str(folder / "pid"), "-w", str(folder)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "-Y", str(folder)], stdout=subprocess.DEVNULL, stderr=log, start_new_session=True
            )
        until(self._answers, "Kamailio to answer")

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self.port}"

    def logged(self, word: str) -> list[str]:
        """The lines of one kind, from the word on."""
        text = self._log.read_text(errors="replace")
        return [line[line.index(word) :] for line in text.splitlines() if f"<script>: {word}" in line]

    def bodies(self) -> list[str]:
        """The bodies of all messages it took, in order."""
        return [bytes.fromhex(line.split()[2]).decode("gb18030") for line in self.logged("MESSAGE")]

    def stop(self) -> None:
        """End it and its children."""
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        self._process.wait(10)

    def _answers(self) -> bool:
        assert self._process.poll() is None, self._log.read_text(errors="replace")[-2000:]
        with socket.socket() as one:
            return one.connect_ex(("127.0.0.1", self.port)) == 0


@contextmanager
def registrar(folder: Path, **told: Any) -> Iterator[Registrar]:
    """A Kamailio for as long as it is needed."""
    one = Registrar(folder, **told)
    try:
        yield one
    finally:
        one.stop()
