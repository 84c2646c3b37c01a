"""The stand-in camera over RTSP, read with PyAV, ffprobe and OpenCV: what it sends, asks, and how it fails."""

from __future__ import annotations

import base64
import json
import re
import shutil
import socket
import struct
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import av
import cv2
import pytest
from av.container import InputContainer
from av.video.frame import VideoFrame

from simulators.camera.control import Control
from simulators.camera.entrance import Entrance
from simulators.camera.film import write_film
from simulators.camera.rtsp import CameraServer

pytestmark = pytest.mark.slow

#: Longer than anything here takes; a test that waits that long fails.
PATIENCE_S = 20
FPS = 10.0


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    made = tmp_path_factory.mktemp("films")
    for name, size in (("door", (640, 360)), ("small", (320, 180))):
        scene = Entrance(1001, seconds=3, fps=FPS, width=size[0], height=size[1])
        write_film(scene, made / f"{name}.mp4", gop_s=0.5)
    return {name: made / f"{name}.mp4" for name in ("door", "small")}


@pytest.fixture
def camera(films: dict[str, Path]) -> Iterator[CameraServer]:
    with CameraServer({"door": films["door"]}) as server:
        yield server


def opened(url: str) -> InputContainer:
    return av.open(url, options={"rtsp_transport": "tcp"}, timeout=(PATIENCE_S, 3.0))


def with_login(url: str, login: str) -> str:
    return url.replace("rtsp://", f"rtsp://{login}@")


def until(what: Callable[[], bool]) -> None:
    ends = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < ends, "it never came to be"
        time.sleep(0.02)


def timed(frames: Iterator[VideoFrame], count: int) -> list[float]:
    """Times of the next frames that have one: FFmpeg gives the very first of a stream none."""
    found: list[float] = []
    for frame in frames:
        if frame.time is not None:
            found.append(frame.time)
        if len(found) == count:
            break
    return found


# ── what is sent ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_pyav_reads_it_at_the_pace_of_the_clock_through_the_loop(camera: CameraServer) -> None:
    begun = time.monotonic()
    with opened(camera.url()) as stream:
        frames = stream.decode(video=0)
        first = next(frames)
        assert (first.width, first.height) == (640, 360)
        times = timed(frames, 45)
        took = time.monotonic() - begun
    steps = [b - a for a, b in pairwise(times)]
    assert steps == pytest.approx([1 / FPS] * len(steps), abs=0.002), "the film has 30 pictures: the loop has no seam"
    assert took >= times[-1] - times[0], "nothing comes before it is due"


@pytest.mark.skipif(shutil.which("ffprobe") is None, reason="ffprobe is not installed")
@pytest.mark.parametrize("transport", [["-rtsp_transport", "tcp"], []])
def test_ffprobe_reads_it_though_udp_is_refused(camera: CameraServer, transport: list[str]) -> None:
    wanted = "stream=codec_name,width,height,pix_fmt"
    told = subprocess.run(
        ["ffprobe", "-v", "error", *transport, "-show_entries", wanted, "-of", "json", camera.url()],
        capture_output=True, text=True, timeout=PATIENCE_S * 2, check=True,
    )  # fmt: skip
    [stream] = json.loads(told.stdout)["streams"]
    assert stream == {"codec_name": "h264", "width": 640, "height": 360, "pix_fmt": "yuv420p"}
    assert ("461" in told.stderr) == (not transport)


def test_opencv_reads_it(camera: CameraServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENCV_FFMPEG_CAPTURE_OPTIONS", "rtsp_transport;tcp")
    capture = cv2.VideoCapture(camera.url(), cv2.CAP_FFMPEG)
    try:
        there, picture = capture.read()
    finally:
        capture.release()
    assert there
    assert picture.shape == (360, 640, 3)


def test_several_clients_see_the_same_moment(camera: CameraServer) -> None:
    with opened(camera.url()) as one, opened(camera.url()) as other:
        assert camera.channels["door"].state["receivers"] == 2
        assert next(one.decode(video=0)).width == next(other.decode(video=0)).width == 640
    until(lambda: camera.channels["door"].state["receivers"] == 0)


def test_cameras_have_names(films: dict[str, Path]) -> None:
    with CameraServer(films) as server:
        with opened(server.url("small")) as stream:
            assert next(stream.decode(video=0)).width == 320
        with pytest.raises(av.error.HTTPNotFoundError):
            opened(server.url("attic"))


# ── the protocol itself ──────────────────────────────────────────────────────────────────────────────────────────────


class Client:
    """An RTSP client that hides nothing."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        self._file = self._socket.makefile("rb")
        self._number = 0

    def close(self) -> None:
        self._file.close()
        self._socket.close()

    def ask(self, method: str, url: str, **headers: str) -> tuple[int, dict[str, str], str]:
        self._number += 1
        lines = [
            f"{method} {url} RTSP/1.0",
            f"CSeq: {self._number}",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        self._socket.sendall("\r\n".join([*lines, "", ""]).encode())
        while (first := self._file.read(1)) == b"$":
            self._file.read(struct.unpack("!BH", self._file.read(3))[1])
        status = (first + self._file.readline()).decode().split()
        told = dict(line.split(": ", 1) for line in iter(lambda: self._file.readline().decode().strip(), ""))
        assert told["CSeq"] == str(self._number)
        return int(status[1]), told, self._file.read(int(told.get("Content-Length", "0"))).decode()

    def packets(self) -> Iterator[tuple[int, bytes]]:
        while True:
            _, channel, length = struct.unpack("!cBH", self._file.read(4))
            yield channel, self._file.read(length)

    def play(self, url: str) -> None:
        status, told, _ = self.ask("SETUP", f"{url}/trackID=0", Transport="RTP/AVP/TCP;unicast;interleaved=4-5")
        assert status == 200
        assert "interleaved=4-5" in told["Transport"]
        assert self.ask("PLAY", url, Session=told["Session"].partition(";")[0])[0] == 200


@pytest.fixture
def client(camera: CameraServer) -> Iterator[Client]:
    with closing(Client(camera.port)) as one:
        yield one


def test_each_request_is_answered_as_the_rfc_says(camera: CameraServer, client: Client) -> None:
    url = camera.url()
    status, told, _ = client.ask("OPTIONS", url)
    assert status == 200
    assert {"DESCRIBE", "SETUP", "PLAY", "TEARDOWN", "GET_PARAMETER"} <= set(told["Public"].split(", "))
    status, told, sdp = client.ask("DESCRIBE", url, Accept="application/sdp")
    assert (status, told["Content-Type"]) == (200, "application/sdp")
    assert "a=rtpmap:96 H264/90000\r\n" in sdp
    assert "packetization-mode=1" in sdp
    sps, pps = (base64.b64decode(one) for one in re.search(r"sprop-parameter-sets=(\S+)", sdp)[1].split(","))  # type: ignore[index]
    assert (sps[0] & 31, pps[0] & 31) == (7, 8)
    assert client.ask("PLAY", url)[0] == 455
    assert client.ask("SETUP", f"{url}/trackID=0", Transport="RTP/AVP;unicast;client_port=5000-5001")[0] == 461
    client.play(url)
    assert client.ask("GET_PARAMETER", url)[0] == 200
    assert client.ask("GET_PARAMETER", url, Session="another")[0] == 454
    assert client.ask("RECORD", url)[0] == 501
    assert client.ask("TEARDOWN", url)[0] == 200
    until(lambda: camera.channels["door"].state["receivers"] == 0)


def test_a_sender_report_tells_the_wall_clock_before_the_first_picture(camera: CameraServer, client: Client) -> None:
    client.play(camera.url())
    packets = client.packets()
    channel, report = next(packets)
    assert (channel, report[1]) == (5, 200)
    whole, part, stamp = struct.unpack("!III", report[8:20])
    assert whole - 2_208_988_800 + part / 2**32 == pytest.approx(time.time(), abs=3)
    channel, picture = next(packets)
    assert channel == 4
    assert struct.unpack("!I", picture[4:8])[0] == stamp
    assert picture[12] & 31 == 7, "a picture that anybody can begin with: its parameter sets come first"


# ── who may look ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("basic", [False, True])
def test_it_asks_who_is_there(films: dict[str, Path], basic: bool) -> None:
    with CameraServer({"door": films["door"]}, user="admin", password="s3 cret", basic=basic) as server:
        with opened(with_login(server.url(), "admin:s3%20cret")) as stream:
            assert next(stream.decode(video=0)).width == 640
        for wrong in (
            server.url(),
            with_login(server.url(), "admin:guess"),
            with_login(server.url(), "root:s3%20cret"),
        ):
            with pytest.raises(av.error.HTTPUnauthorizedError):
                opened(wrong)


# ── how it fails ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_it_hangs_and_goes_on(camera: CameraServer, client: Client) -> None:
    client.play(camera.url())
    packets = client.packets()
    next(packets)
    channel = camera.channels["door"]
    channel.hang()
    until(lambda: channel.state["hangs"])
    got: list[float] = []

    def read() -> None:
        for _ in packets:
            got.append(time.monotonic())
            if channel.state["hangs"] is False:
                return

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    time.sleep(1.0)  # what was under way when it was told may still come; then ten pictures must not
    before = len(got)
    time.sleep(1.0)
    assert len(got) == before
    assert channel.state["receivers"] == 1, "the connection stays open"
    channel.mend()
    reader.join(PATIENCE_S)
    assert len(got) > before


def test_pyav_times_out_on_a_camera_that_hangs(camera: CameraServer) -> None:
    with opened(camera.url()) as stream:
        frames = stream.decode(video=0)
        next(frames)
        camera.channels["door"].hang()
        with pytest.raises(av.error.FFmpegError):
            for _ in frames:
                pass


def test_it_cuts_connections(camera: CameraServer, client: Client) -> None:
    client.play(camera.url())
    packets = client.packets()
    next(packets)
    camera.channels["door"].cut()
    with pytest.raises((ConnectionError, struct.error)):
        for _ in packets:
            pass
    with opened(camera.url()) as stream:
        assert next(stream.decode(video=0)).width == 640


def test_it_sends_garbage(camera: CameraServer, client: Client) -> None:
    client.play(camera.url())
    camera.channels["door"].garbage(60)
    until(lambda: camera.channels["door"].state["garbage"])
    data = [packet for channel, packet in islice(client.packets(), 60) if channel == 4]
    assert sum(packet[0] == 0x80 and packet[1] & 0x7F == 96 for packet in data[-20:]) <= 1


@pytest.mark.parametrize("seconds", [3600.0, -3600.0])
def test_its_timestamps_jump(camera: CameraServer, client: Client, seconds: float) -> None:
    client.play(camera.url())
    packets = client.packets()
    data = (packet for channel, packet in packets if channel == 4)
    before = list(islice(data, 2))
    camera.channels["door"].jump(seconds)
    stamps = [struct.unpack("!I", packet[4:8])[0] for packet in [*before, *islice(data, 150)]]
    steps = [((b - a + 2**31) % 2**32 - 2**31) / 90_000 for a, b in pairwise(stamps)]
    assert sum(abs(step) > 1 for step in steps) == 1
    assert max(steps, key=abs) == pytest.approx(seconds, abs=1)


def test_it_changes_its_resolution(camera: CameraServer, films: dict[str, Path]) -> None:
    with opened(camera.url()) as stream:
        frames = stream.decode(video=0)
        assert next(frames).width == 640
        camera.channels["door"].switch(films["small"])
        sizes = {next(frames).width for _ in range(30)}
    assert 320 in sizes
    assert camera.channels["door"].state["width"] == 320


def test_it_loses_packets(camera: CameraServer, client: Client) -> None:
    camera.channels["door"].drop(0.3)
    client.play(camera.url())
    packets = islice(client.packets(), 300)
    numbers = [struct.unpack("!H", packet[2:4])[0] for channel, packet in packets if channel == 4]
    steps = [(b - a) % 65_536 for a, b in pairwise(numbers)]
    lost = sum(step - 1 for step in steps) / sum(steps)
    assert 0.15 < lost < 0.45


def test_faults_by_http(camera: CameraServer, films: dict[str, Path]) -> None:
    def ask(path: str, method: str = "POST") -> Any:
        request = urllib.request.Request(f"http://127.0.0.1:{control.port}/{path}", method=method)
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            return json.load(answer)

    with Control(camera.channels, "127.0.0.1", 0) as control:
        assert ask("", "GET")["door"]["width"] == 640
        ask("door/hang?seconds=60")
        ask("door/drop?share=0.25")
        until(lambda: ask("", "GET")["door"]["hangs"] and ask("", "GET")["door"]["drop"] == 0.25)
        ask("door/mend")
        ask(f"door/switch?film={films['small']}")
        until(lambda: not ask("", "GET")["door"]["hangs"] and ask("", "GET")["door"]["width"] == 320)
        for wrong, status in (
            ("door/explode", 404),
            ("attic/cut", 404),
            ("door/jump", 400),
            ("door/switch?film=none.mp4", 400),
        ):
            with pytest.raises(urllib.error.HTTPError) as refused:
                ask(wrong)
            with refused.value:
                assert refused.value.code == status
                assert json.load(refused.value)["error"]
