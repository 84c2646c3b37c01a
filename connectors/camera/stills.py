"""Stills while somebody watches: taken of the pictures as they come, the newest of each camera on its way to the API.

Nothing of it is kept: what cannot be sent at once is overtaken by the next.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, NamedTuple

import cv2
import httpx2 as httpx
import msgspec
import structlog

from connectors.camera.commands import StillsWanted
from connectors.camera.seeing import Colour, Frame
from gateway.model.camera import Description

log = structlog.get_logger()

#: In pixels, and JPEG's own measure: a still shows what goes on.
WIDEST, HIGHEST, QUALITY = 640, 1280, 70
#: However long a command asks for: who goes on watching asks again.
LONGEST = timedelta(seconds=60)
TIMEOUT = httpx.Timeout(5, connect=3)
#: After an API that does not answer, in seconds.
PAUSE_S = 2.0


class Still(NamedTuple):
    """A still on its way: taken when (aware, UTC), and the JPEG."""

    at: datetime
    jpeg: bytes


class _Handed(NamedTuple):
    """What goes to `path` of the API."""

    path: Literal["still", "seeing"]
    content: bytes
    content_type: str
    query: dict[str, str] = {}  # noqa: RUF012  # never changed


class Stills:
    """The stills of one camera. `ask` and `enough` may come from any thread, `look` from the source's."""

    def __init__(self, now: Callable[[], datetime], send: Callable[[Still], None]) -> None:
        self._now, self._send = now, send
        self._asked: StillsWanted | None = None
        self._next_s = 0.0

    @property
    def is_wanted(self) -> bool:
        """Whether somebody watches."""
        return self._asked is not None

    def ask(self, asked: StillsWanted) -> bool:
        """Take stills from now on; False when that is over already."""
        now = self._now()
        if asked.until <= now:
            return False
        until = min(asked.until, now + LONGEST)
        self._asked = StillsWanted(id=asked.id, every_s=asked.every_s, until=until)
        return True

    def enough(self) -> None:
        """Nobody watches any more."""
        self._asked = None

    def look(self, frame: Frame) -> None:
        """Send this picture when it is time."""
        asked = self._asked
        if asked is None:
            self._next_s = 0.0  # who comes next has the next picture
            return
        if asked.until <= self._now():
            self._asked = None
        elif frame.s >= self._next_s:
            self._next_s = frame.s + asked.every_s
            done, jpeg = cv2.imencode(".jpg", smaller(frame.colour()), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
            if done:
                self._send(Still(frame.at, jpeg.tobytes()))


def smaller(picture: Colour) -> Colour:
    """Return a picture (height, width, 3) within `WIDEST` and `HIGHEST`, in its own proportions."""
    height, width = picture.shape[:2]
    part = min(WIDEST / width, HIGHEST / height)
    if part >= 1:
        return picture
    size = max(int(width * part), 1), max(int(height * part), 1)
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)  # type: ignore[return-value]  # cv2 knows no dtype


class StillUpload:
    """One thread for the stills of all cameras of a worker, and for what they look at.

    `passwords` are the devices' secrets. `enough` is told which device nobody watches any more.
    """

    def __init__(
        self, api: str, passwords: Mapping[str, str], enough: Callable[[str], None], ca_file: Path | None = None
    ) -> None:
        self._url = f"{api.rstrip('/')}/api/v1"
        self._passwords, self._enough = passwords, enough
        verify = ssl.create_default_context(cafile=str(ca_file)) if ca_file is not None else True
        self._client = httpx.Client(timeout=TIMEOUT, verify=verify)
        self._newest: dict[tuple[str, str], _Handed] = {}
        self._come, self._stopping = threading.Condition(), False
        self._thread = threading.Thread(target=self._run, name="stills", daemon=True)
        self._failing: set[tuple[str, str]] = set()
        self.sent = 0

    def put(self, device: str, still: Still) -> None:
        """Send this one next of a device, in the place of one that still waits."""
        self._put(device, _Handed("still", still.jpeg, "image/jpeg", {"at": still.at.isoformat()}))

    def tell(self, device: str, told: Description) -> None:
        """Send what a device looks at."""
        self._put(device, _Handed("seeing", msgspec.json.encode(told), "application/json"))

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; what waits is let go."""
        with self._come:
            self._stopping = True
            self._come.notify()
        self._thread.join(10)
        self._client.close()

    def _put(self, device: str, one: _Handed) -> None:
        with self._come:
            self._newest[device, one.path] = one
            self._come.notify()

    def _run(self) -> None:
        while True:
            with self._come:
                self._come.wait_for(lambda: self._newest or self._stopping)
                if self._stopping:
                    return
                device, path = next(iter(self._newest))
                one = self._newest.pop((device, path))
            if not self._send(device, one):
                with self._come:
                    self._come.wait_for(lambda: self._stopping, PAUSE_S)

    def _send(self, device: str, one: _Handed) -> bool:
        """Send one; False when the API does not answer."""
        try:
            answer = self._client.put(
                f"{self._url}/{one.path}", params=one.query, content=one.content,
                headers={"Content-Type": one.content_type}, auth=(device, self._passwords.get(device, "")),
            )  # fmt: skip
        except httpx.HTTPError as error:
            self._say((device, one.path), f"{type(error).__name__}: {error}")
            return False
        if answer.status_code == httpx.codes.CONFLICT:
            if one.path == "still":
                self._enough(device)
        elif not answer.is_success:
            self._say((device, one.path), f"{answer.status_code}: {answer.text[:300]}")
            return not answer.is_server_error
        else:
            self.sent += 1
            self._failing.discard((device, one.path))
        return True

    def _say(self, what: tuple[str, str], why: str) -> None:
        """Once, until one is taken again."""
        if what not in self._failing:
            self._failing.add(what)
            log.warning("what a camera shows was not taken", device=what[0], what=what[1], why=why)
