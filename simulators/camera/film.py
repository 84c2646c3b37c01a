"""Scenes as films: MP4 with H.264, as cameras encode it, and the truth beside it."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from simulators.camera.scene import Scene, frame_count

_CLOCK = 90_000


def write_film(
    scene: Scene,
    path: Path,
    *,
    crf: int = 27,
    gop_s: float = 2.0,
    preset: str = "ultrafast",
    told: Callable[[int, int], None] | None = None,
) -> Path:
    """Write a scene as MP4 and its truth as JSON beside it; return the truth's path.

    `crf`: x264's quality, lower is better. `gop_s`: seconds from keyframe to keyframe. There are no B frames, as in
    cameras. `told(done, all)` is called for each picture. Raises OSError or av.error.FFmpegError where it can't write.
    """
    rate = Fraction(scene.fps).limit_denominator(1001)
    count = frame_count(scene)
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as film:
        options = {"crf": str(crf), "preset": preset, "tune": "zerolatency", "x264-params": "scenecut=0:threads=1"}
        stream = film.add_stream("libx264", rate=rate, options=options)
        stream.width, stream.height, stream.pix_fmt = scene.width, scene.height, "yuv420p"
        stream.gop_size = max(round(gop_s * scene.fps), 1)
        stream.time_base = Fraction(1, _CLOCK)
        stream.codec_context.time_base = Fraction(1, _CLOCK)
        for number, picture in enumerate(scene.frames()):
            # BT.601 with video levels, as cameras send, at a third of what swscale would cost.
            planes = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420), dtype=np.uint8)
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.pts, frame.time_base = round(number * _CLOCK / rate), Fraction(1, _CLOCK)
            for packet in stream.encode(frame):
                packet.duration = packet.duration or round(_CLOCK / rate)
                film.mux(packet)
            if told is not None:
                told(number + 1, count)
        for packet in stream.encode():
            packet.duration = packet.duration or round(_CLOCK / rate)
            film.mux(packet)
    beside = path.with_suffix(".json")
    beside.write_text(json.dumps(scene.truth, indent=1) + "\n", encoding="utf-8")
    return beside
