"""A clip: packets of the ring put into an MP4 as they came, which a browser plays while it loads.

Nothing is encoded anew, so the clip shows what the camera sent, and costs some microseconds a packet.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import av
from av.video.stream import VideoStream

from connectors.camera.ring import Cut, Packet

#: The index goes to the front, so that it plays before it has been loaded.
_INDEX_FIRST = {"movflags": "+faststart"}
_IN_ONE_PIECE = {"movflags": "+empty_moov+default_base_moof"}


def header_of(stream: VideoStream, first: av.Packet[VideoStream]) -> bytes:
    """Return a file of one packet that says how a stream is encoded: it is still there when the stream is closed."""
    written = BytesIO()
    with av.open(written, "w", format="mp4", options=_IN_ONE_PIECE) as container:
        out = container.add_stream_from_template(stream)
        base = stream.time_base
        packet = _packet(Packet(0.0, 0, 0, keyframe=True, payload=bytes(first)), 0, base, out)
        container.mux(packet)
    return written.getvalue()


def write_clip(cut: Cut, path: Path) -> None:
    """Write a clip as MP4. Raises `OSError` when the disk has no room, `av.FFmpegError` for what cannot be written."""
    with (
        av.open(BytesIO(cut.take.header)) as source,
        av.open(str(path), "w", format="mp4", options=_INDEX_FIRST) as out,
    ):
        stream = out.add_stream_from_template(source.streams.video[0])
        stream.time_base = cut.take.time_base
        first = cut.packets[0].dts
        for packet in cut.packets:
            out.mux(_packet(packet, first, cut.take.time_base, stream))


def _packet(kept: Packet, first: int, base: Any, stream: Any) -> av.Packet[Any]:
    packet: av.Packet[Any] = av.Packet(kept.payload)
    packet.pts, packet.dts = kept.pts - first, kept.dts - first
    packet.time_base, packet.is_keyframe, packet.stream = base, kept.keyframe, stream
    return packet
