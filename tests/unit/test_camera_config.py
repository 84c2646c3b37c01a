"""A worker's file is right, or says where it is not."""

from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest

from connectors.camera.config import Asked, read_config
from gateway.model.errors import Misconfigured
from tests.films import bright

__all__ = ["bright"]

pytestmark = pytest.mark.usefixtures("bright")

RIGHT = """
station: chengguan
broker: mqtt://127.0.0.1:1883
api: http://127.0.0.1:8000
spool: waiting
cameras:
  - device: cam-1
    secret_file: cam-1.secret
    source: film.mp4
    analytics:
      - {notice: bright, above: 70, hours: ["22:00-06:00"]}
"""


def test_paths_are_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "cam-1.secret").write_text("s3cret\n")
    (tmp_path / "worker.yaml").write_text(RIGHT)
    config = read_config(tmp_path / "worker.yaml")
    camera = config.cameras[0]
    assert (config.spool, camera.source) == (tmp_path / "waiting", str(tmp_path / "film.mp4"))
    assert camera.password() == "s3cret"
    assert camera.analytics[0].settings().above == 70


@pytest.mark.parametrize(
    ("was", "becomes", "says"),
    [
        ("above: 70", "abvoe: 70", "abvoe"),
        ("above: 70", "above: bright", "above"),
        ("notice: bright", "notice: faces", "there is no analytic 'faces'; there are"),
        ("22:00-06:00", "22-6", "cameras.0.analytics.0.hours.0"),
        ("device: cam-1", "device: 'cam 1'", "cameras.0.device"),
        ("secret_file: cam-1.secret", "secret_file: a\n    secret: b", "either secret or secret_file"),
        ("    secret_file: cam-1.secret\n", "", "either secret or secret_file"),
        ("station: chengguan", "station: chengguan\ntime_zone: Asia/Chengguan", "is no time zone"),
        ("spool: waiting", "spol: waiting", "spol: Extra inputs"),
        ("broker: mqtt://", "broker: http://", "broker: String should match"),
        ("cameras:", "cameras: [", "cannot be read"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, was: str, becomes: str, says: str) -> None:
    assert was in RIGHT
    (tmp_path / "worker.yaml").write_text(RIGHT.replace(was, becomes))
    with pytest.raises(Misconfigured, match=r"worker\.yaml") as refused:
        read_config(tmp_path / "worker.yaml")
    assert says in str(refused.value)


@pytest.mark.parametrize("text", ["", "[]", "a: b: c", "\x00", "cameras: 7"])
def test_what_is_no_such_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "worker.yaml").write_text(text)
    with pytest.raises(Misconfigured):
        read_config(tmp_path / "worker.yaml")
    with pytest.raises(Misconfigured):
        read_config(tmp_path / "absent.yaml")


def test_two_cameras_are_two_devices(tmp_path: Path) -> None:
    camera = RIGHT[RIGHT.index("  - device") :]
    (tmp_path / "worker.yaml").write_text(RIGHT + camera)
    with pytest.raises(Misconfigured, match="more than one camera cam-1"):
        read_config(tmp_path / "worker.yaml")


def test_a_secret_that_is_not_there_is_said(tmp_path: Path) -> None:
    (tmp_path / "worker.yaml").write_text(RIGHT)
    with pytest.raises(Misconfigured, match=r"cam-1: its secret_file .* cannot be read"):
        read_config(tmp_path / "worker.yaml").cameras[0].password()


@pytest.mark.parametrize(
    ("hours", "at", "on"),
    [
        ([], "12:00", True), (["08:00-18:00"], "08:00", True), (["08:00-18:00"], "18:00", False),
        (["22:00-06:00"], "23:30", True), (["22:00-06:00"], "05:59", True), (["22:00-06:00"], "12:00", False),
        (["07:00-08:00", "17:00-18:00"], "17:30", True),
    ],
)  # fmt: skip
def test_hours(hours: list[str], at: str, on: bool) -> None:
    assert Asked(notice="bright", hours=hours).is_on(time.fromisoformat(at)) is on
