"""Where pictures come from: RTSP or a file, read for as long as it takes, whatever the other side does.

A stream is read packet by packet: each goes into the ring as it came, and is decoded for the analytics. When it hangs,
ends, sends rubbish, jumps in time or changes its size, the connection is made anew and what follows is another take.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Protocol

import av
import structlog
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from connectors.camera.clip import header_of
from connectors.camera.pictures import colour_of, grey_of
from connectors.camera.ring import Packet, Take
from connectors.camera.seeing import Frame
from connectors.camera.stream_clock import StreamClock

log = structlog.get_logger()

OPEN_S, READ_S = 10.0, 5.0
FIRST_RETRY_S, LONGEST_RETRY_S = 0.5, 15.0
#: How much of a stream is looked at before its first picture, in microseconds: the SDP has said what it is.
PROBED_US = "500000"
#: A step in time that no camera makes by itself, in seconds.
JUMP_S = 5.0
#: So many packets in a row that cannot be decoded: the connection is worth nothing.
MOST_BROKEN = 100
#: Behind by more, pictures are left out; behind by much more, all but keyframes are. In seconds.
LATE_S, VERY_LATE_S = 0.7, 3.0


class Watcher(Protocol):
    """Who is told what a source brings; called on the source's thread, and must not raise."""

    def began(self, take: Take) -> None:
        """A connection stands, and its first keyframe is here."""

    def came(self, packet: Packet) -> None:
        """A packet came."""

    def seen(self, frame: Frame) -> None:
        """A picture was decoded, and there is time to look at it."""

    def lost(self, why: str) -> None:
        """Nothing comes any more; it is tried again."""


class Broken(Exception):
    """A stream cannot be read on as it is; the reason is for people."""


class Source:
    """One stream, read on the caller's thread by `run`. `now` and `monotonic` are the clocks it goes by."""

    def __init__(  # one keyword per thing the outside hands in
        self,
        url: str,
        watcher: Watcher,
        *,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        transport: str = "tcp",
        read_s: float = READ_S,
    ) -> None:
        self.url, self.is_film = url, "://" not in url
        self.watcher, self._now, self.monotonic = watcher, now, monotonic
        self._transport, self._read_s = transport, read_s
        self.stopping = threading.Event()
        self.clock = StreamClock(drifts=not self.is_film)
        self.pictures = self.left_out = self.broken = 0

    def run(self) -> None:
        """Read until `stop`."""
        delay, silent = FIRST_RETRY_S, False
        while not self.stopping.is_set():
            shown = self.pictures
            why = self._read_once(after_silence=silent)
            if self.stopping.is_set():
                return
            silent = not self.is_film or self.pictures == shown
            if silent:  # a film that has ended begins again at once
                delay = FIRST_RETRY_S if self.pictures > shown else min(delay * 2, LONGEST_RETRY_S)
                self.watcher.lost(why)
                self.stopping.wait(delay)

    def stop(self) -> None:
        """End `run` within a read's time."""
        self.stopping.set()

    @property
    def hidden(self) -> str:
        """The address without what logs in."""
        scheme, _, rest = self.url.partition("://")
        return f"{scheme}://{rest.rpartition('@')[2]}" if rest else Path(self.url).name

    def lay(self, s: float) -> None:
        """A packet of this second is here now; a film's is waited for, so that it is shown as fast as it was taken."""
        if self.is_film and (ahead := self.clock.ahead_s(s, self.monotonic())) > 0:
            self.stopping.wait(ahead)
        if self.clock.lay(s, self.monotonic(), self._now()):
            log.warning("the machine's clock was set; what is seen is told by the new time", source=self.hidden)

    def _read_once(self, *, after_silence: bool) -> str:
        """Read one connection to its end; returns why it ended."""
        options = {} if self.is_film else {"rtsp_transport": self._transport, "analyzeduration": PROBED_US}
        try:
            with av.open(self.url, options=options, timeout=(OPEN_S, self._read_s)) as container:
                if not container.streams.video:
                    return "there is no video in it"
                _Connection(self, container.streams.video[0], after_silence=after_silence).read(container)
        except Broken as error:
            return str(error)
        except av.ExitError:
            return f"it has sent nothing for {self._read_s:g} s"
        except (av.FFmpegError, OSError, ValueError) as error:
            return f"{type(error).__name__}: {error}".replace(self.url, self.hidden)
        except Exception as error:  # this camera must not die of one packet
            log.exception("a stream cannot be read", source=self.hidden)
            return type(error).__name__
        return "the stream has ended"


class _Connection:
    """One connection, from its first keyframe to whatever ends it."""

    def __init__(self, source: Source, stream: VideoStream, *, after_silence: bool) -> None:
        self._source, self._stream, self._after_silence = source, stream, after_silence
        stream.codec_context.thread_count = 1  # streams share the cores; threads of many would fight
        self._base = Fraction(stream.time_base) if stream.time_base else Fraction(1, 90_000)
        self._first: int | None = None
        self._last: int | None = None
        self._size: tuple[int, int] | None = None
        self._broken = 0

    def read(self, container: InputContainer) -> None:
        """Read until it ends. Raises `Broken` when it makes no sense any more, and what PyAV raises."""
        for packet in container.demux(self._stream):
            if self._source.stopping.is_set():
                return
            # Some keyframes come without a dts (PyAV 2290): they are shown when they are decoded.
            dts = packet.dts if packet.dts is not None else packet.pts
            if dts is None or not packet.size or (self._first is None and not packet.is_keyframe):
                continue
            if self._first is None:
                self._begin(packet, dts)
            self._check_time(dts)
            kept = self._kept(packet, dts)
            self._source.lay(kept.s)
            self._source.watcher.came(kept)
            self._decode(packet)

    def _begin(self, packet: av.Packet[VideoStream], dts: int) -> None:
        if not self._stream.codec_context.width:
            raise Broken("it does not say what size its pictures have")
        self._first = dts
        # Only now: what connecting took is silence, and no delay of the pictures.
        self._source.clock.begin(self._source.monotonic(), after_silence=self._after_silence)
        self._source.watcher.began(Take(header_of(self._stream, packet), self._base))

    def _check_time(self, dts: int) -> None:
        step = float((dts - self._last) * self._base) if self._last is not None else 0.0
        if not -1 <= step <= JUMP_S:
            raise Broken(f"its time jumps by {step:.1f} s")
        self._last = dts

    def _kept(self, packet: av.Packet[VideoStream], dts: int) -> Packet:
        pts = packet.pts if packet.pts is not None else dts
        return Packet(self._s(pts), pts, dts, bool(packet.is_keyframe), bytes(packet))

    def _s(self, pts: int) -> float:
        return self._source.clock.s(float((pts - (self._first or 0)) * self._base))

    def _decode(self, packet: av.Packet[VideoStream]) -> None:
        try:
            pictures = packet.decode()
        except av.FFmpegError as error:
            self._broken += 1
            self._source.broken += 1
            if self._broken >= MOST_BROKEN:
                raise Broken(f"{self._broken} packets in a row cannot be decoded: {error}") from error
            return
        for picture in pictures:
            if isinstance(picture, VideoFrame):
                self._broken = 0
                self._show(picture)

    def _show(self, picture: VideoFrame) -> None:
        size = picture.width, picture.height
        if self._size not in {None, size}:
            raise Broken(f"its size changes from {self._size} to {size}")
        self._size = size
        source, clock = self._source, self._source.clock
        s = clock.shown(self._s(picture.pts if picture.pts is not None else self._last or 0))
        source.pictures += 1
        late = -clock.ahead_s(s, source.monotonic())
        self._stream.codec_context.skip_frame = "NONKEY" if late > VERY_LATE_S else "DEFAULT"
        at = clock.at(s)
        if late > LATE_S or at is None:
            source.left_out += 1
            return
        source.watcher.seen(Frame(at, s, grey_of(picture), lambda: colour_of(picture)))
