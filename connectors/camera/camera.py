"""One camera: its stream goes into the ring and before the analytics; what they say becomes events and pictures.

What the gateway asks for, stills and clips of what others said, is taken from the same stream.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import av
import cv2
import structlog

from connectors.camera.clip import write_clip
from connectors.camera.commands import ClipWanted
from connectors.camera.config import CameraConfig
from connectors.camera.describing import description_of
from connectors.camera.detector import Detector
from connectors.camera.orders import Orders
from connectors.camera.reporting import Reporter
from connectors.camera.ring import Cut, Packet, Ring, Take
from connectors.camera.seeing import Frame, Sighting
from connectors.camera.source import Source
from connectors.camera.spool import Media, Spool
from connectors.camera.stills import Still, Stills
from connectors.camera.watching import watching_of
from gateway.model.camera import Description

log = structlog.get_logger()

#: Kept beyond what clips need: an analytic says what it saw some seconds later.
SPARE_S = 20.0
#: What a clip shows that the gateway asks for: kept however short the camera's own clips are.
ASKED_S = 40.0
#: Clips of one camera that are waited for at once, its own and those asked for; beyond them a sighting has its
#: snapshot alone.
MOST_CLIPS = 4
#: A stream that has been gone for longer is a camera that is offline, in seconds.
GONE_S = 5.0
JPEG_QUALITY = 88


class Wanted(NamedTuple):
    """A clip that is waited for: of which event (`of` another device), of when (seconds on the stream's clock)."""

    event: str
    at_s: float
    begin_s: float
    end_s: float
    of: str | None = None


class Camera:
    """Watches one stream on a thread of its own and puts what comes of it into `spool`.

    `announce` hears whether there are pictures, when that changes; `send_description`, what it looks at, when asked.
    """

    def __init__(  # one keyword per thing the outside hands in
        self,
        config: CameraConfig,
        station: str,
        spool: Spool,
        *,
        zone: ZoneInfo,
        ring_bytes: int,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        announce: Callable[[bool], None],
        send_still: Callable[[Still], None],
        detector: Detector | None = None,
        send_description: Callable[[Description], None] = lambda _told: None,
    ) -> None:
        self.config, self.device = config, config.device
        self._reporter = Reporter(station, config.device, spool)
        self.spool, self._now, self._monotonic, self._announce = spool, now, monotonic, announce
        self._send_description = send_description
        self.ring = Ring(max(config.lead_s + config.tail_s, ASKED_S) + SPARE_S, ring_bytes)
        self.stills = Stills(now, send_still)
        self.orders = Orders(config.device, self.stills, now, self.describe)
        self.source = Source(config.source or "", self, now=now, monotonic=monotonic, transport=config.transport)
        self.watching = watching_of(config, zone, detector)
        self._wanted: list[Wanted] = []
        self._newest_s = 0.0
        self._size: tuple[int, int] | None = None
        self._lost_since: float | None = None
        self._told_lost = False
        self._thread = threading.Thread(target=self.source.run, name=f"camera-{config.device}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; a clip that is waited for is cut as far as it has come."""
        self.source.stop()
        self._thread.join(15)
        self._cut_due(float("inf"))

    def describe(self) -> None:
        """Say what is looked at, on any thread: only what is whole at any moment is read."""
        self._send_description(description_of(self.config.analytics, self.watching, self._size, self._now()))

    # ── what the source brings, on its thread ────────────────────────────────────────────────────────

    def began(self, take: Take) -> None:
        """A connection stands: what was waited for of the last is cut as far as it came."""
        if not self.source.is_film:
            self._cut_due(float("inf"))
            for one in self.watching:
                one.interrupted()
        self.ring.begin(take)

    def came(self, packet: Packet) -> None:
        """A packet came: clips may be whole with it."""
        self.ring.add(packet)
        self._newest_s = max(packet.s, self._newest_s)
        for order in self.orders.clips():
            self._follow(order)
        self._cut_due(self._newest_s)

    def seen(self, frame: Frame) -> None:
        """A picture came."""
        if self._told_lost:
            self._announce(True)
        self._lost_since, self._told_lost = None, False
        self._size = frame.grey.shape[1], frame.grey.shape[0]
        self.stills.look(frame)
        for one in self.watching:
            for sighting in one.look(frame):
                self._take(sighting, frame)

    def lost(self, why: str) -> None:
        """Nothing comes: said once it has lasted."""
        log.warning("no pictures", device=self.device, source=self.source.hidden, why=why)
        self._cut_due(float("inf"))
        self._lost_since = self._lost_since if self._lost_since is not None else self._monotonic()
        if not self._told_lost and self._monotonic() - self._lost_since > GONE_S:
            self._told_lost = True
            self._announce(False)

    # ── sightings ────────────────────────────────────────────────────────────────────────────────────

    def _take(self, sighting: Sighting, frame: Frame) -> None:
        data = dict(sighting.data)
        if sighting.box is not None:
            data["box"] = [round(side, 4) for side in sighting.box]
        has_clip = sighting.evidence and len([one for one in self._wanted if one.of is None]) < MOST_CLIPS
        data["media"] = (["snapshot", "clip"] if has_clip else ["snapshot"]) if sighting.evidence else []
        event = self._reporter.say(sighting.kind, sighting.at, data)
        log.info("seen", device=self.device, kind=sighting.kind, event_id=event)
        if sighting.evidence:
            self._keep_snapshot(event, frame)
        if has_clip:
            at_s = frame.s - (frame.at - sighting.at).total_seconds()
            begins = frame.s - (frame.at - (sighting.begins_at or sighting.at)).total_seconds()
            begins = max(min(begins, at_s), at_s - SPARE_S)  # what takes minutes is not shown from its beginning
            self._wanted.append(Wanted(event, at_s, begins - self.config.lead_s, at_s + self.config.tail_s))

    def _keep_snapshot(self, event: str, frame: Frame) -> None:
        done, jpeg = cv2.imencode(".jpg", frame.colour(), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        if not done:
            log.error("a snapshot cannot be made", device=self.device, event_id=event)
            return
        self._reporter.keep_snapshot(event, jpeg.tobytes(), frame.at)

    def _follow(self, order: ClipWanted) -> None:
        """Wait for a clip of what another device said, if the moment is still here."""
        at_s, begin_s, end_s = (self.source.clock.second(one) for one in (order.at, order.from_at, order.until))
        oldest_s = self.ring.oldest_s
        if at_s is None or begin_s is None or end_s is None or oldest_s is None or end_s < oldest_s:
            self.orders.refuse(order.id, "what it asks for is no longer kept")
        elif len([one for one in self._wanted if one.of is not None]) >= MOST_CLIPS:
            self.orders.refuse(order.id, "too many clips are asked for at once")
        else:
            self._wanted.append(Wanted(order.event, at_s, begin_s, end_s, order.device))

    def _cut_due(self, newest_s: float) -> None:
        due = [one for one in self._wanted if one.end_s <= newest_s]
        if not due:
            return
        self._wanted = [one for one in self._wanted if one.end_s > newest_s]
        for one in due:
            cut = self.ring.cut(one.at_s, one.begin_s, one.end_s)
            if cut is None:
                log.error("there is nothing to cut a clip of", device=self.device, event_id=one.event)
                continue
            self._keep_clip(one.event, one.of, cut)

    def _keep_clip(self, event: str, of: str | None, cut: Cut) -> None:
        begins, ends = self.source.clock.at(cut.begin_s), self.source.clock.at(cut.end_s)
        if begins is None or ends is None:
            return
        about = Media(
            self.device, event, "clip", "video/mp4", begins, max(ends, begins + timedelta(milliseconds=1)), of
        )
        try:
            self.spool.keep(about, lambda path: write_clip(cut, path))
        except av.FFmpegError as error:
            log.exception("a clip cannot be cut", device=self.device, event_id=event, error=str(error))
