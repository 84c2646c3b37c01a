"""A worker's file is right, or says where it is not."""

from __future__ import annotations

from datetime import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from structlog.testing import capture_logs

from connectors.camera.camera import watching_of
from connectors.camera.config import Asked, read_config
from connectors.camera.worker import loaded
from gateway.cli import main
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


GUARDED = """    analytics:
      - notice: intrusion
        zone: {name: yard, polygon: [[0, 0], [1, 0], [1, 1]]}
      - {notice: bright}
"""


def guarded(folder: Path) -> Path:
    """A worker's file that asks for what needs the detector."""
    path = folder / "worker.yaml"
    path.write_text(RIGHT[: RIGHT.index("    analytics")] + GUARDED)
    (folder / "cam-1.secret").write_text("s3cret")
    return path


def test_the_detector_is_looked_for_beside_the_file_and_among_the_models(tmp_path: Path) -> None:
    path, models = guarded(tmp_path), tmp_path / "models"
    missing = read_config(path, models)
    assert missing.detector == models / "nanodet.onnx"
    assert missing.resting(missing.cameras[0]) == ["intrusion"]
    models.mkdir()
    (models / "nanodet.onnx").touch()
    assert read_config(path, models).resting(missing.cameras[0]) == []
    (tmp_path / "nanodet.onnx").touch()
    assert read_config(path, models).detector == tmp_path / "nanodet.onnx"
    path.write_text(f"detector: other.onnx\n{path.read_text()}")
    assert read_config(path, models).detector == tmp_path / "other.onnx"


def test_what_waits_is_where_the_file_says_else_where_the_caller_says_else_beside_it(tmp_path: Path) -> None:
    path, home = guarded(tmp_path), tmp_path / "home"
    assert read_config(path, spool=home).spool == tmp_path / "waiting"
    path.write_text(path.read_text().replace("spool: waiting\n", ""))
    assert read_config(path, spool=home).spool == home
    assert read_config(path).spool == tmp_path / "spool"


def test_without_the_detector_what_needs_it_rests_and_the_others_run(tmp_path: Path) -> None:
    config = read_config(guarded(tmp_path))
    with capture_logs() as logs:
        assert loaded(config) is None
        watching = watching_of(config.cameras[0], ZoneInfo("Asia/Shanghai"), None)
    assert [one.name for one in watching] == ["bright"]
    assert [one["log_level"] for one in logs] == ["error", "error"]
    assert "anxin camera weights" in logs[0]["event"]
    assert (logs[1]["device"], logs[1]["analytic"]) == ("cam-1", "intrusion")


def test_check_says_what_rests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANXIN_HOME", str(tmp_path / "home"))
    path = guarded(tmp_path)
    done = CliRunner().invoke(main, ["camera", "check", str(path)])
    assert done.exit_code == 1
    assert "intrusion (rests), bright" in done.stdout
    assert "`anxin camera weights`" in done.stderr
    (tmp_path / "nanodet.onnx").touch()
    done = CliRunner().invoke(main, ["camera", "check", str(path)])
    assert (done.exit_code, done.stdout.split()) == (0, ["ok", "cam-1", "intrusion,", "bright"])


def test_a_file_without_what_needs_it_needs_no_detector(tmp_path: Path) -> None:
    (tmp_path / "worker.yaml").write_text(RIGHT)
    with capture_logs() as logs:
        assert loaded(read_config(tmp_path / "worker.yaml")) is None
    assert logs == []


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
