"""`camera`: films of rendered scenes, and a camera that serves them over RTSP."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import tempfile
import threading
from pathlib import Path

import av
import click
import cv2

from simulators import options
from simulators.camera.control import Control
from simulators.camera.film import write_film
from simulators.camera.named import NAMES, QUIET_FROM, named
from simulators.camera.reel import NoFilm
from simulators.camera.rtsp import CameraServer
from simulators.camera.scene import TEST_SEEDS

_PASSWORD = "ANXIN_CAMERA_PASSWORD"  # noqa: S105  # the variable's name

_seconds = click.option(
    "--seconds", type=click.FloatRange(min=0, min_open=True), help="How long. [default: the scene's own]"
)


@click.group(short_help="Rendered scenes with their truth, as films and over RTSP.")
def camera() -> None:
    """Stand in for cameras: scenes with ground truth, written as films or served over RTSP."""


@camera.command(short_help="Write a scene as MP4, and its truth as JSON beside it.")
@click.argument("scene", type=click.Choice(NAMES))
@options.seed
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The MP4; the truth goes to *.json."
)
@_seconds
@click.option(
    "--crf", default=27, show_default=True, type=click.IntRange(0, 51), help="x264's quality; lower is better."
)
@click.option(
    "--gop", default=2.0, show_default=True, type=click.FloatRange(min=0.1), help="Seconds between keyframes."
)
def film(*, scene: str, seed: int, out: Path, seconds: float | None, crf: int, gop: float) -> None:
    """Write SCENE as an H.264 film, and the truth about it: what happens when, with boxes in pixels.

    \b
    facade       a building; something is thrown in every other scene   1280x720, 25/s
    lane         a fire lane; cars that pass, stop short, park           640x360, 10/s
    entrance     people who walk in, out and across                      640x360, 10/s
    tampering    a lane or an entrance whose camera is tampered with     640x360, 10/s
    demo-facade  quiet for 20 s, then a throw from the 12th floor, 60 s in all
    demo-lane    a car stands in the fire lane from 10 s on, 300 s in all

    The same seed, the same bytes before encoding. Tune with seeds below 1000 and test with seeds from 1000 on. The
    demo scenes have a seed of their own.
    """  # noqa: D301  # click wants the real \b
    cv2.setNumThreads(1)
    try:
        truth = _film(scene, seed, seconds, out, crf, gop)
    except (OSError, av.error.FFmpegError) as error:
        raise click.ClickException(f"{out}: {error}") from error
    note = "for tuning" if seed < TEST_SEEDS else "for tests"
    click.echo(f"{out} and {truth.name}" if scene.startswith("demo-") else f"{out} and {truth.name}, a seed {note}")


@camera.command(short_help="Serve films or scenes over RTSP, like a camera.")
@click.argument("sources", nargs=-1, required=True, metavar="FILE_OR_SCENE...")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", required=True, type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option("--user", help="Ask for this user, by Digest authentication.")
@click.option(
    "--password", help=f"The user's password; better in the environment, {_PASSWORD}, where `ps` does not show it."
)
@click.option("--basic", is_flag=True, help="Ask for Basic authentication instead, as old cameras do.")
@click.option(
    "--keep", type=click.Path(path_type=Path, file_okay=False), help="Keep what was rendered here, for the next time."
)
@click.option(
    "--once", is_flag=True, help="Demo scenes: begin with the first viewer, show what happens once, then stay quiet."
)
@click.option("--faults-port", type=click.IntRange(1, 65535), help="Take faults by HTTP here.")
@options.seed
@_seconds
def rtsp(
    *,
    sources: tuple[str, ...],
    host: str,
    port: int,
    user: str | None,
    password: str | None,
    basic: bool,
    keep: Path | None,
    once: bool,
    faults_port: int | None,
    seed: int,
    seconds: float | None,
) -> None:
    """Serve each FILE_OR_SCENE at rtsp://HOST:PORT/NAME until interrupted, in a loop at the pace of the clock.

    A file is an MP4 with H.264, its NAME the file's without `.mp4`. A scene is rendered first, into a temporary file.
    Media travels over the RTSP connection (TCP, interleaved) only; UDP is refused, and clients then fall back by
    themselves or are told: `ffplay -rtsp_transport tcp rtsp://127.0.0.1:8554/demo-lane`.

    \b
    Faults, with --faults-port:
    curl      http://127.0.0.1:PORT/                             how each camera is
    curl -XPOST .../NAME/hang?seconds=20                         send nothing, connections stay open
    curl -XPOST .../NAME/cut                                     end all connections
    curl -XPOST .../NAME/garbage?seconds=5                       noise in place of packets
    curl -XPOST .../NAME/jump?seconds=-3600                      move the timestamps
    curl -XPOST .../NAME/drop?share=0.05                         lose packets
    curl -XPOST .../NAME/switch?film=other.mp4                   another film, of another size too
    curl -XPOST .../NAME/mend                                    as it should be
    """  # noqa: D301  # click wants the real \b
    cv2.setNumThreads(1)
    secret = password if password is not None else os.environ.get(_PASSWORD, "")
    stop = threading.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: stop.set())
    with contextlib.ExitStack() as stack:
        made = keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="camera-")))
        made.mkdir(parents=True, exist_ok=True)
        try:
            films = dict(_source(source, seed, seconds, made) for source in sources)
            server = stack.enter_context(
                CameraServer(
                    films,
                    host=host,
                    port=port,
                    user=user,
                    password=secret,
                    basic=basic,
                    again_from=QUIET_FROM if once else None,
                )
            )
            if faults_port is not None:
                stack.enter_context(Control(server.channels, host, faults_port))
        except (OSError, NoFilm, av.error.FFmpegError) as error:
            raise click.ClickException(str(error)) from error
        for name in films:
            click.echo(server.url(name))
        sys.stdout.flush()
        stop.wait()


def _source(source: str, seed: int, seconds: float | None, made: Path) -> tuple[str, Path]:
    if source not in NAMES:
        path = Path(source)
        if not path.is_file():
            raise click.BadParameter(f"{source} is neither a file nor one of {', '.join(NAMES)}")
        return path.stem, path
    out = made / f"{source}.mp4"
    if not out.exists():
        unfinished = out.with_suffix(".unfinished.mp4")
        _film(source, seed, seconds, unfinished, 27, 2.0)
        unfinished.with_suffix(".json").rename(out.with_suffix(".json"))
        unfinished.rename(out)
    return source, out


def _film(scene: str, seed: int, seconds: float | None, out: Path, crf: int, gop: float) -> Path:
    """Render, with progress where somebody looks."""
    rendered = named(scene, seed, seconds)
    with click.progressbar(length=max(round(rendered.seconds * rendered.fps), 1), label=scene, file=sys.stderr) as bar:
        return write_film(rendered, out, crf=crf, gop_s=gop, told=lambda _done, _count: bar.update(1))
