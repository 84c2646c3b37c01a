"""A camera's own notices, read from its endless ISAPI stream, said as its events, each beginning with a snapshot.

`GET /ISAPI/Event/notification/alertStream`, Digest or Basic. A stream that is silent for a minute is dead, whatever TCP
believes: cameras send an inactive `videoloss` as their heartbeat.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

import httpx2 as httpx
import structlog

from connectors.camera.reporting import Reporter
from connectors.hikvision.decode import decode
from connectors.hikvision.meaning import Episodes, Said
from connectors.hikvision.multipart import Part, Parts, boundary_of
from gateway.model.errors import BadInput

log = structlog.get_logger()

STREAM = "/ISAPI/Event/notification/alertStream"
PICTURE = "/ISAPI/Streaming/channels/{channel}01/picture"
#: A heartbeat comes every ten seconds or so.
DEAD_S = 60.0
FIRST_RETRY_S, LONGEST_RETRY_S = 1.0, 30.0
#: A picture of the moment comes with the notice, or is asked for.
PICTURE_S = 1.5
LARGEST_PICTURE = 4 * 1024 * 1024


class Account(NamedTuple):
    """Where a camera or recorder is asked, as whom, and which of its channels this is."""

    url: str
    user: str
    password: str
    channel: int


class AlertStream:
    """One camera's notices, on a thread of its own. `announce` hears whether it can be heard."""

    def __init__(  # one keyword per thing the outside hands in
        self,
        account: Account,
        reporter: Reporter,
        *,
        parked_s: float,
        loitered_s: float,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        announce: Callable[[bool], None],
    ) -> None:
        self._account, self._reporter = account, reporter
        self._now, self._monotonic, self._announce = now, monotonic, announce
        self.episodes = Episodes(parked_s, loitered_s)
        self._picture_of: tuple[str, float] | None = None
        self._stopping = threading.Event()
        self._client = httpx.Client(timeout=httpx.Timeout(10, read=DEAD_S))
        self._response: httpx.Response | None = None
        self._threads = [
            threading.Thread(target=self._run, name=f"isapi-{reporter.device}", daemon=True),
            threading.Thread(target=self._watch, name=f"isapi-silence-{reporter.device}", daemon=True),
        ]
        self._turn = threading.Lock()
        self.refused = 0

    def start(self) -> None:
        """Begin."""
        for one in self._threads:
            one.start()

    def stop(self) -> None:
        """End; an open stream is closed."""
        self._stopping.set()
        self._client.close()
        for one in self._threads:
            one.join(5)

    def _run(self) -> None:
        delay = FIRST_RETRY_S
        while not self._stopping.is_set():
            began = self._monotonic()
            try:
                self._read()
                why = "the stream has ended"
            except httpx.HTTPError as error:
                why = f"{type(error).__name__}: {error}"
            except Exception as error:
                if not self._stopping.is_set():
                    log.exception("a camera's notices cannot be read", device=self._reporter.device)
                why = type(error).__name__
            if self._stopping.is_set():
                return
            self._announce(False)
            delay = FIRST_RETRY_S if self._monotonic() - began > LONGEST_RETRY_S else min(delay * 2, LONGEST_RETRY_S)
            log.warning("no notices", device=self._reporter.device, why=why, again_in_s=delay)
            self._stopping.wait(delay)

    def _read(self) -> None:
        account = self._account
        auth = httpx.DigestAuth(account.user, account.password)
        with self._client.stream("GET", account.url.rstrip("/") + STREAM, auth=auth) as answer:
            answer.raise_for_status()
            self._announce(True)
            parts = Parts(boundary_of(answer.headers.get("Content-Type", "")))
            for piece in answer.iter_raw():
                for part in parts.feed(piece):
                    with self._turn:
                        self._hear(part)
                if self._stopping.is_set():
                    return

    def _hear(self, part: Part) -> None:
        if part.media_type.startswith("image/"):
            self._keep_picture(part.content)
            return
        try:
            notice = decode(part.content)
        except BadInput as error:
            self.refused += 1
            log.warning("a notice cannot be read", device=self._reporter.device, reason=error.reason, why=str(error))
            return
        if notice.channel == self._account.channel:
            self._tell(self.episodes.hear(notice, self._monotonic(), self._now()))

    def _tell(self, said: list[Said]) -> None:
        for one in said:
            has_picture = one.begins and one.kind != "motion.detected"
            data = {**one.data, "media": ["snapshot"] if has_picture else []}
            event = self._reporter.say(one.kind, one.at, data)
            if has_picture:
                self._picture_of = (event, self._monotonic())

    def _keep_picture(self, content: bytes) -> None:
        if self._picture_of is None or not content.startswith(b"\xff\xd8\xff") or len(content) > LARGEST_PICTURE:
            return
        event, self._picture_of = self._picture_of[0], None
        self._reporter.keep_snapshot(event, content, self._now())

    def _watch(self) -> None:
        """Episodes that nobody ends, and pictures that did not come along."""
        while not self._stopping.wait(0.5):
            with self._turn:
                self._tell(self.episodes.fall_silent(self._monotonic(), self._now()))
                wanted = self._picture_of
                late = wanted is not None and self._monotonic() - wanted[1] > PICTURE_S
                if late:
                    self._picture_of = None
            if late and wanted is not None:
                self._fetch_picture(wanted[0])

    def _fetch_picture(self, event: str) -> None:
        account = self._account
        url = account.url.rstrip("/") + PICTURE.format(channel=account.channel)
        try:
            answer = self._client.get(url, auth=httpx.DigestAuth(account.user, account.password), timeout=10)
            answer.raise_for_status()
        except (httpx.HTTPError, RuntimeError) as error:  # RuntimeError: closed meanwhile
            log.warning("a camera gives no picture", device=self._reporter.device, error=type(error).__name__)
            return
        if answer.content.startswith(b"\xff\xd8\xff") and len(answer.content) <= LARGEST_PICTURE:
            self._reporter.keep_snapshot(event, answer.content, self._now())
