"""Streams end, hang, change and lie; a source reads on. Films stand in: what RTSP does is in test_rtsp_camera."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import av
import pytest

from connectors.camera.pictures import film as pictures_of
from connectors.camera.source import Source
from tests.films import Seen, film

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


@contextmanager
def reading(path: Path | str, seen: Seen) -> Iterator[Source]:
    source = Source(str(path), seen, now=lambda: datetime.now(UTC), monotonic=time.monotonic)
    thread = threading.Thread(target=source.run)
    thread.start()
    try:
        yield source
    finally:
        source.stop()
        thread.join(20)
        assert not thread.is_alive()


def until(true: object, what: str, limit_s: float = 20) -> None:
    deadline = time.monotonic() + limit_s
    while not true():  # type: ignore[operator]
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def test_a_film_is_shown_as_fast_as_it_was_taken_again_and_again(tmp_path: Path) -> None:
    made = film(tmp_path / "film.mp4", seconds=1.2, bright_at=0.6)
    seen, began = Seen(), time.monotonic()
    with reading(made, seen):
        until(lambda: len(seen.takes) >= 3, "the third time")
    took = time.monotonic() - began
    assert took >= 2.1
    assert seen.why == []
    seconds = [s for _, s, _ in seen.frames]
    assert seconds == sorted(set(seconds)), "the stream's clock never runs backwards"
    assert seconds[12] == pytest.approx(1.1, abs=0.3), "the second time goes on where the first ended"
    times = [at for at, _, _ in seen.frames]
    assert times == sorted(times)
    assert all(abs((at - datetime.now(UTC)).total_seconds()) < 60 for at in times)
    assert len(seen.packets) >= len(seen.frames)


def test_what_is_no_film_is_said_and_tried_again(tmp_path: Path) -> None:
    (tmp_path / "noise.mp4").write_bytes(bytes(range(256)) * 400)
    seen = Seen()
    with reading(tmp_path / "noise.mp4", seen):
        until(lambda: len(seen.why) >= 2, "the second try")
    assert "InvalidDataError" in seen.why[0]
    assert seen.frames == []
    absent = Seen()
    with reading(tmp_path / "absent.mp4", absent):
        until(lambda: absent.why, "a try")
    assert "FileNotFoundError" in absent.why[0]


def test_what_logs_in_is_never_told() -> None:
    seen = Seen()
    with reading("rtsp://admin:s3cret@127.0.0.1:9/stream", seen) as source:
        assert source.hidden == "rtsp://127.0.0.1:9/stream"
        until(lambda: seen.why, "a try")
    assert "s3cret" not in seen.why[0]


def test_broken_packets_are_left_out(tmp_path: Path) -> None:
    whole = bytearray(film(tmp_path / "film.mp4", seconds=3, bright_at=2).read_bytes())
    data = whole.find(b"mdat") + 1200
    for place in range(data, data + 1500, 7):
        whole[place] ^= 0x5A
    (tmp_path / "broken.mp4").write_bytes(whole)
    seen = Seen()
    with reading(tmp_path / "broken.mp4", seen):
        until(lambda: len(seen.frames) > 12 or seen.why, "what can be read")
    assert seen.frames or seen.why


def test_another_size_in_the_middle_is_another_take(tmp_path: Path) -> None:
    film(tmp_path / "a.ts", seconds=1.2, bright_at=1, size=(320, 240))
    film(tmp_path / "b.ts", seconds=1.2, bright_at=1, size=(640, 360))
    both = tmp_path / "both.ts"
    both.write_bytes((tmp_path / "a.ts").read_bytes() + (tmp_path / "b.ts").read_bytes())
    seen = Seen()
    with reading(both, seen):
        until(lambda: len(seen.takes) >= 2, "the second take")
    sizes = dict.fromkeys(seen.sizes)
    assert (240, 320) in sizes
    assert seen.frames


def test_a_clip_longer_than_the_machine_is_fast_leaves_pictures_out_and_not_packets(tmp_path: Path) -> None:
    made = film(tmp_path / "film.mp4", seconds=4, fps=10, bright_at=2)

    class Slow(Seen):
        def seen(self, frame: object) -> None:
            super().seen(frame)  # type: ignore[arg-type]
            time.sleep(0.5)

    seen = Slow()
    with reading(made, seen) as source:
        until(lambda: len(seen.takes) >= 2, "the second time")
        assert source.left_out > 10
    assert len(seen.packets) >= 40
    assert 3 < len(seen.frames) < 30


def test_pictures_of_a_film_as_fast_as_they_come(tmp_path: Path) -> None:
    frames = list(pictures_of(film(tmp_path / "film.mp4", seconds=2, bright_at=1), NOON))
    assert len(frames) == 20
    assert [round(frame.s, 3) for frame in frames] == [round(number / 10, 3) for number in range(20)]
    assert (frames[-1].at - NOON).total_seconds() == pytest.approx(1.9)
    assert frames[0].grey.shape == (240, 320)
    assert frames[0].colour().shape == (240, 320, 3)
    assert frames[0].grey.mean() < 60 < frames[-1].grey.mean()
    with pytest.raises(av.FFmpegError):
        list(pictures_of(tmp_path / "absent.mp4", NOON))
