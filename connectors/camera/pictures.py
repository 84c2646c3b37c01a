"""Decoded pictures as arrays, without a copy more than it takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.video.frame import VideoFrame

from connectors.camera.seeing import Colour, Frame, Grey

#: Formats whose first plane is the luma, eight bits a pixel.
_PLANAR = frozenset({"yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p", "nv12", "gray"})


def grey_of(picture: VideoFrame) -> Grey:
    """Return the luma of a picture: shape (height, width), uint8."""
    if picture.format.name in _PLANAR:
        plane = picture.planes[0]
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        return np.ascontiguousarray(rows[: picture.height, : picture.width])
    return cast("Grey", picture.to_ndarray(format="gray"))


def colour_of(picture: VideoFrame) -> Colour:
    """Return a picture as BGR: shape (height, width, 3), uint8."""
    return cast("Colour", picture.to_ndarray(format="bgr24"))


def film(path: Path, begins_at: datetime) -> Iterator[Frame]:
    """Return a film's pictures as fast as they can be decoded, as if taken from `begins_at` on: for benches and looks.

    Raises `av.FFmpegError` for what is no film.
    """
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        rate = float(stream.average_rate or 25)
        for number, picture in enumerate(container.decode(stream)):
            s = picture.time if picture.time is not None else number / rate
            yield Frame(begins_at + timedelta(seconds=s), s, grey_of(picture), _lazily(picture))


def _lazily(picture: VideoFrame) -> Callable[[], Colour]:
    return lambda: colour_of(picture)
