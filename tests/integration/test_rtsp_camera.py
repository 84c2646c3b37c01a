"""A worker's source at a real RTSP camera that hangs, cuts, lies about time, sends garbage and changes its size."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from connectors.camera import source as module
from connectors.camera.ring import Packet, Ring, Take
from connectors.camera.source import Source
from simulators.camera.rtsp import CameraServer
from tests.films import Seen, film

pytestmark = pytest.mark.slow

USER, SECRET = "viewer", "s3cret"


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("films")
    small = film(folder / "small.mp4", seconds=6, fps=10, gop_s=0.5, bright_at=3)
    return small, film(folder / "large.mp4", seconds=6, fps=10, gop_s=0.5, size=(640, 480), bright_at=3)


@pytest.fixture
def camera(films: tuple[Path, Path]) -> Iterator[CameraServer]:
    with CameraServer({"cam": films[0]}, user=USER, password=SECRET) as server:
        yield server


@contextmanager
def reading(camera: CameraServer, seen: Seen, secret: str = SECRET) -> Iterator[Source]:
    url = camera.url("cam").replace("rtsp://", f"rtsp://{USER}:{secret}@")
    source = Source(url, seen, now=lambda: datetime.now(UTC), monotonic=time.monotonic, read_s=2)
    thread = threading.Thread(target=source.run)
    thread.start()
    try:
        yield source
    finally:
        source.stop()
        thread.join(20)
        assert not thread.is_alive()


def until(true: Callable[[], object], what: str, limit_s: float = 30) -> None:
    deadline = time.monotonic() + limit_s
    while not true():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.02)


def test_what_is_seen_is_told_by_the_time_it_was_taken(camera: CameraServer) -> None:
    seen = Seen()
    with reading(camera, seen):
        until(lambda: len(seen.frames) > 30, "pictures")
        late = (datetime.now(UTC) - seen.frames[-1][0]).total_seconds()
    assert -0.2 < late < 2
    gaps = [b[1] - a[1] for a, b in pairwise(seen.frames)]
    assert sorted(gaps)[len(gaps) // 2] == pytest.approx(0.1, abs=0.01)


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (lambda channel, _other: channel.hang(8), "it has sent nothing"),
        (lambda channel, _other: channel.cut(), ""),
        (lambda channel, _other: channel.jump(600), "jumps"),
        (lambda channel, _other: channel.jump(-600), "jumps"),
        (lambda channel, other: channel.switch(other), "size"),
    ],
    ids=["hangs", "is cut", "jumps forwards", "jumps backwards", "changes its size"],
)
def test_a_stream_that_breaks_is_taken_up_again(
    camera: CameraServer, films: tuple[Path, Path], fault: Callable[[object, Path], None], says: str
) -> None:
    seen = Seen()
    with reading(camera, seen):
        until(lambda: len(seen.frames) > 5, "pictures")
        fault(camera.channels["cam"], films[1])
        until(lambda: len(seen.takes) > 1, "another take")
        before = len(seen.frames)
        until(lambda: len(seen.frames) > before + 10, "pictures of it")
    assert says in " ".join(seen.why)
    seconds = [s for _, s, _ in seen.frames]
    assert seconds == sorted(set(seconds)), "its clock never runs backwards"
    times = [at for at, _, _ in seen.frames]
    assert max((b - a).total_seconds() for a, b in pairwise(times)) < 30
    assert abs((times[-1] - datetime.now(UTC)).total_seconds()) < 5


def test_garbage_and_lost_packets_end_nothing(camera: CameraServer) -> None:
    seen = Seen()
    with reading(camera, seen):
        until(lambda: len(seen.frames) > 5, "pictures")
        camera.channels["cam"].drop(0.2)
        time.sleep(1.5)
        camera.channels["cam"].garbage(1.0)
        time.sleep(1.2)
        camera.channels["cam"].mend()
        before = len(seen.frames)
        until(lambda: len(seen.frames) > before + 20, "pictures again")


def test_a_wrong_password_is_said_without_it(camera: CameraServer) -> None:
    seen = Seen()
    with reading(camera, seen, "wrong-s3cret"):
        until(lambda: seen.why, "a refusal")
    assert "401" in seen.why[0] or "Unauthorized" in seen.why[0]
    assert "wrong-s3cret" not in seen.why[0]


def test_a_camera_that_comes_later_is_found(films: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST_RETRY_S", 1.0)
    with CameraServer({"cam": films[0]}, user=USER, password=SECRET) as first:
        port = first.port
    seen = Seen()
    with reading(first, seen):
        until(lambda: seen.why, "that nobody answers")
        with CameraServer({"cam": films[0]}, user=USER, password=SECRET, port=port):
            until(lambda: seen.frames, "its pictures")


def test_hours_of_a_stream_leave_nothing_behind(films: tuple[Path, Path]) -> None:
    """A short form of three days: the ring's bytes and the takes it knows stay what they are."""
    ring = Ring(10, 2_000_000)

    class Kept(Seen):
        def began(self, take: object) -> None:
            assert isinstance(take, Take)
            ring.begin(take)
            super().began(take)

        def came(self, packet: object) -> None:
            assert isinstance(packet, Packet)
            ring.add(packet)

    seen, clock = Kept(), [0.0]

    def monotonic() -> float:
        clock[0] += 0.05  # a film is waited for by this clock: it is always late enough
        return clock[0]

    source = Source(str(films[0]), seen, now=lambda: datetime.now(UTC), monotonic=monotonic)
    thread = threading.Thread(target=source.run)
    thread.start()
    try:
        until(lambda: len(seen.takes) > 30, "thirty times the film", 60)
        early = ring.size
        until(lambda: len(seen.takes) > 120, "many times the film", 60)
        assert ring.size < early * 1.5 + 100_000
    finally:
        source.stop()
        thread.join(20)
