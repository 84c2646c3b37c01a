"""The last minute of a stream, and clips of it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.camera.clip import header_of, write_clip
from connectors.camera.ring import Packet, Ring, Take
from tests.films import film, opened

BASE = Fraction(1, 1000)


def packet(s: float, *, key: bool = False, size: int = 10) -> Packet:
    return Packet(s, round(s * 1000), round(s * 1000), key, b"x" * size)


def filled(seconds: int, *, keep_s: float = 10, gop_s: int = 2, most: int = 10_000) -> Ring:
    ring = Ring(keep_s, most)
    ring.begin(Take(b"header", BASE))
    for tenth in range(seconds * 10):
        ring.add(packet(tenth / 10, key=tenth % (gop_s * 10) == 0))
    return ring


def test_a_cut_begins_with_the_keyframe_before_and_ends_where_it_should() -> None:
    cut = filled(30).cut(25.0, 22.5, 27.0)
    assert cut is not None
    assert (cut.begin_s, cut.end_s) == (22.0, 27.0)
    assert cut.packets[0].keyframe
    assert len(cut.packets) == 51


def test_it_keeps_what_was_asked_and_a_group_at_most() -> None:
    ring = filled(60, keep_s=10, gop_s=2)
    cut = ring.cut(59, 0, 59)
    assert cut is not None
    assert 10 <= 59.9 - cut.begin_s <= 12


def test_what_has_not_come_yet_is_cut_as_far_as_it_came() -> None:
    cut = filled(10).cut(8, 5, 100)
    assert cut is not None
    assert (cut.begin_s, cut.end_s) == (4.0, 9.9)


def test_nothing_is_cut_of_nothing() -> None:
    assert Ring(10, 1000).cut(0, 0, 1) is None
    ring = Ring(10, 1000)
    ring.begin(Take(b"", BASE))
    ring.add(packet(0))  # no keyframe: nobody could show it
    assert ring.cut(0, 0, 1) is None
    assert ring.size == 0


def test_a_clip_is_of_one_take() -> None:
    ring = filled(10)
    other = Take(b"other", BASE)
    ring.begin(other)
    ring.add(packet(10.5))  # the end of a group whose beginning was lost
    for tenth in range(110, 150):
        ring.add(packet(tenth / 10, key=tenth % 20 == 10))
    before, after = ring.cut(9, 5, 14), ring.cut(12, 5, 14)
    assert before is not None
    assert after is not None
    assert (before.take.header, before.end_s) == (b"header", 9.9)
    assert (after.take, after.begin_s) == (other, 11.0)


def test_a_stream_without_keyframes_does_not_fill_the_memory() -> None:
    ring = Ring(10, 500)
    ring.begin(Take(b"", BASE))
    ring.add(packet(0, key=True))
    for tenth in range(1000):
        ring.add(packet(tenth / 1000))
    assert ring.size <= 500


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.floats(0, 3), st.booleans(), st.integers(0, 300), st.integers(0, 20)), max_size=60),
    st.floats(-5, 50), st.floats(-5, 50), st.floats(-5, 50),
)  # fmt: skip
def test_whatever_comes_it_stays_within_bounds_and_cuts_what_can_be_shown(
    told: list[tuple[float, bool, int, int]], at: float, begin: float, end: float
) -> None:
    ring, s = Ring(5, 1000), 0.0
    for step, key, size, breaks in told:
        s += step
        if breaks == 0:
            ring.begin(Take(b"t", BASE))
        ring.add(packet(s, key=key, size=size))
        assert ring.size <= 1000
    cut = ring.cut(at, begin, end)
    if cut is not None:
        assert cut.packets[0].keyframe
        assert all(one.s <= max(end, cut.packets[0].s) for one in cut.packets)


@pytest.mark.parametrize(("codec", "b_frames"), [("libx264", 0), ("libx264", 2), ("libx265", 0), ("mpeg4", 0)])
def test_a_clip_shows_the_frames_that_came(tmp_path: Path, codec: str, b_frames: int) -> None:
    made = film(tmp_path / "film.mp4", codec=codec, b_frames=b_frames, seconds=6, fps=10, gop_s=1)
    ring, taken = Ring(60, 10_000_000), False
    with opened(made) as container:
        stream = container.streams.video[0]
        for one in container.demux(stream):
            if not one.size:
                continue
            if not taken:
                ring.begin(Take(header_of(stream, one), Fraction(stream.time_base or 0)))
                taken = True
            pts, dts = int(one.pts or 0), int(one.dts or 0)
            s = float(pts * (stream.time_base or 0))
            ring.add(Packet(s, pts, dts, bool(one.is_keyframe), bytes(one)))
    cut = ring.cut(4.0, 2.5, 5.0)
    assert cut is not None
    write_clip(cut, tmp_path / "clip.mp4")
    content = (tmp_path / "clip.mp4").read_bytes()
    assert 0 < content.find(b"moov") < content.find(b"mdat"), "it plays while it loads"
    with opened(tmp_path / "clip.mp4") as clip:
        frames = list(clip.decode(video=0))
    begins = cut.begin_s
    assert begins == pytest.approx(2.0, abs=0.15)
    assert frames[0].key_frame
    shown = [mean(frame) for frame in frames]
    # It turns bright at second 4: as long after the clip's beginning as it was in the film, to the frame.
    assert next(number for number, grey in enumerate(shown) if grey > 80) == pytest.approx(
        (4.0 - begins) * 10, abs=1.01
    )
    assert len(frames) == pytest.approx((5.0 - begins) * 10 + 1, abs=2)


def mean(frame: av.VideoFrame) -> float:
    grey: Any = frame.to_ndarray(format="gray")
    return float(grey[grey.shape[0] // 4 :].mean())
