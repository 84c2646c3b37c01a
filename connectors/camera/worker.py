"""A camera worker: its cameras, each with a line to the broker, and one upload for all of them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Protocol
from zoneinfo import ZoneInfo

import cv2
import msgspec
import structlog

from connectors.broker_url import read_url
from connectors.camera.camera import Camera
from connectors.camera.config import WorkerConfig
from connectors.camera.detector import Detector
from connectors.camera.line import Line
from connectors.camera.reporting import Reporter
from connectors.camera.spool import Spool
from connectors.camera.stills import StillUpload
from connectors.camera.upload import Upload
from connectors.hikvision.alert_stream import Account, AlertStream

log = structlog.get_logger()


class Part(Protocol):
    """Something with a thread of its own."""

    def start(self) -> None:
        """Begin."""

    def stop(self) -> None:
        """End."""


#: How often it says how it fares, in seconds.
REPORT_S = 60.0


def loaded(config: WorkerConfig) -> Detector | None:
    """Return the detector where one is asked for and there; None otherwise, and then the log says what to do.

    Raises `Misconfigured` when the file is there and cannot be read.
    """
    if not any(config.seeing(one) for one in config.cameras):
        return None
    if not config.has_detector:
        log.error("there is no detector; `anxin camera weights` makes it", wanted=str(config.detector))
        return None
    return Detector(config.detector)


class Worker:
    """Everything one `anxin camera run` does. Raises `Misconfigured` when it cannot begin."""

    def __init__(self, config: WorkerConfig, now: Callable[[], datetime], monotonic: Callable[[], float]) -> None:
        cv2.setNumThreads(1)  # cameras share the cores: threads of many streams would fight
        self.config = config
        passwords = {one.device: one.password() for one in config.cameras}
        each = 1024 * 1024 // len(config.cameras)
        self.spools = [
            Spool(config.spool / one.device, config.spool_mb * each, config.reserve_mb * 1024 * 1024)
            for one in config.cameras
        ]
        broker = read_url(config.broker, str(config.broker_ca_file) if config.broker_ca_file else None)
        self.lines = [
            Line(
                msgspec.structs.replace(broker, username=one.device, password=passwords[one.device]),
                config.station, one.device, spool,
            )
            for one, spool in zip(config.cameras, self.spools, strict=True)
        ]  # fmt: skip
        self.stills = StillUpload(config.api, passwords, self._enough, config.api_ca_file)
        zone, detector = ZoneInfo(config.time_zone), loaded(config)
        ours = list(zip(config.cameras, self.spools, self.lines, strict=True))
        self.cameras = [
            Camera(
                one, config.station, spool, zone=zone, ring_bytes=config.ring_mb * 1024 * 1024, now=now,
                monotonic=monotonic, announce=line.announce, send_still=partial(self.stills.put, one.device),
                detector=detector, send_description=partial(self.stills.tell, one.device),
            )
            for one, spool, line in ours if one.source is not None
        ]  # fmt: skip
        self.streams = [
            AlertStream(
                Account(one.isapi.url, one.isapi.user, one.isapi_password(), one.isapi.channel),
                Reporter(config.station, one.device, spool), parked_s=one.isapi.parked_s,
                loitered_s=one.isapi.loitered_s, now=now, monotonic=monotonic,
                # Where there are pictures too, they say whether the camera is there.
                announce=line.announce if one.source is None else lambda _present: None,
            )
            for one, spool, line in ours if one.isapi is not None
        ]  # fmt: skip
        for camera in self.cameras:
            self._line_of(camera).hear = camera.orders.hear
        self.upload = Upload(config.api, self.spools, passwords, config.api_ca_file)

    def run(self, stopping: threading.Event) -> None:
        """Watch until told to stop, then end in the order things depend on each other."""
        parts: list[Part] = [*self.lines, self.upload, self.stills, *self.cameras, *self.streams]
        for part in parts:
            part.start()
        try:
            while not stopping.wait(REPORT_S):
                for camera in self.cameras:
                    self._report(camera)
        finally:
            for part in reversed(parts):
                part.stop()

    def _line_of(self, camera: Camera) -> Line:
        return next(one for one in self.lines if one.device == camera.device)

    def _enough(self, device: str) -> None:
        for camera in self.cameras:
            if camera.device == device:
                camera.stills.enough()

    def _report(self, camera: Camera) -> None:
        source, spool = camera.source, camera.spool
        line = self._line_of(camera)
        log.info(
            "camera", device=camera.device, pictures=source.pictures, left_out=source.left_out, broken=source.broken,
            online=line.online, events_waiting=len(spool.to_say()), media_waiting_bytes=spool.size,
            given_up=spool.given_up, ring_bytes=camera.ring.size,
        )  # fmt: skip
