"""A small film: a bright square that crosses a dark picture, as HLS of fragmented MP4, and one picture of it."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT, FPS, SECONDS = 320, 180, 10, 20
_SIDE = 30


def pictures() -> Iterator[NDArray[np.uint8]]:
    """Give the film's pictures: RGB, HEIGHT x WIDTH x 3."""
    for number in range(FPS * SECONDS):
        picture = np.full((HEIGHT, WIDTH, 3), 40, np.uint8)
        at = number * 3 % (WIDTH - _SIDE)
        picture[60 : 60 + _SIDE, at : at + _SIDE] = (240, 200, 60)
        yield picture


def write_hls(folder: Path) -> Path:
    """Write the film into a folder as HLS, H.264 in segments of a second; returns the playlist."""
    playlist = folder / "hls.m3u8"
    how = {
        "hls_time": "1", "hls_list_size": "0", "hls_playlist_type": "vod", "hls_segment_type": "fmp4",
        "hls_fmp4_init_filename": "init.mp4", "hls_segment_filename": str(folder / "part%03d.m4s"),
    }  # fmt: skip
    with av.open(str(playlist), "w", format="hls", options=how) as out:
        stream = out.add_stream("libx264", rate=FPS, options={"preset": "ultrafast", "g": str(FPS), "bf": "0"})
        stream.width, stream.height, stream.pix_fmt, stream.thread_count = WIDTH, HEIGHT, "yuv420p", 1
        for picture in pictures():
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(stream.encode(None))
    return playlist


def jpeg() -> bytes:
    """Return the film's first picture as a JPEG."""
    codec = av.VideoCodecContext.create("mjpeg", "w")
    codec.width, codec.height, codec.pix_fmt = WIDTH, HEIGHT, "yuvj420p"
    frame = av.VideoFrame.from_ndarray(next(pictures()), format="rgb24").reformat(format="yuvj420p")
    codec.time_base = frame.time_base = Fraction(1, FPS)
    frame.pts = 0
    return b"".join(bytes(packet) for packet in [*codec.encode(frame), *codec.encode(None)])
