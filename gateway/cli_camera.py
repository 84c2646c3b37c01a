"""`anxin camera`: a worker that watches cameras, its file checked, and what it would see."""

from __future__ import annotations

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
    """Say whether FILE is right, and what is asked of each camera. Exit code 2 with each place that is wrong."""
    for one in _read(file).cameras:
        one.password()
        asked = ", ".join(each.notice for each in one.analytics) or "nothing is asked of it"
        click.echo(f"ok    {one.device:<20} {asked}")


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
    from gateway.clock import SystemClock, monotonic  # noqa: PLC0415
    from gateway.model.errors import Misconfigured  # noqa: PLC0415

    config = _read(file)
    found = next((one for one in config.cameras if device in {None, one.device}), None)
    if found is None:
        raise Misconfigured(f"{file} has no camera {device}; it has {', '.join(one.device for one in config.cameras)}")
    target = out or Path(f"{found.device}.png")
    for line in look(found, config.time_zone, seconds, target, now=SystemClock().now, monotonic=monotonic):
        click.echo(line)
    click.echo(f"written: {target}")


def _read(file: Path) -> WorkerConfig:
    from connectors.camera.config import read_config  # noqa: PLC0415

    return read_config(file)
