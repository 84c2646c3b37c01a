"""`history`: what the town's devices said, as a file of deliveries."""

import json
import os
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TextIO

import click

from simulators import options
from simulators.life.message import Message
from simulators.life.plan import Life
from simulators.moment import aware
from simulators.site_file import SiteError, read_site


def line(station: str, message: Message) -> str:
    """Write a delivery as a line of a history file; the payload stands in it byte for byte."""
    at = message.at.isoformat(timespec="milliseconds")
    retained = ',"retained":true' if message.retained else ""
    topic = f"anxin/v1/{station}/{message.device}/{message.lane}"
    return f'{{"at":"{at}","topic":{json.dumps(topic)},"payload":{message.payload.decode()}{retained}}}\n'


@click.command(short_help="What the town's devices said, as lines of JSON.")
@options.site
@options.seed
@click.option(
    "--from", "since", required=True, callback=aware, metavar="MOMENT", help="First moment, RFC 3339 with offset."
)
@click.option(
    "--to", "until", required=True, callback=aware, metavar="MOMENT", help="First moment that is no longer told."
)
@click.option("--opening-at", callback=aware, metavar="MOMENT", help="Arrange the demo's opening around this moment.")
def history(*, site_path: Path, seed: int, since: datetime, until: datetime, opening_at: datetime | None) -> None:
    """Print the deliveries of a span, one JSON object a line, in the order in which they arrive.

    \b
      {"at": "2026-11-22T08:00:00.312+08:00", "topic": "anxin/v1/…/event", "payload": {…}}

    `at` is when the message arrives, `ts` in its payload what the device believes. The payload stands byte for
    byte as `town` sends it at that moment for the same site, seed and opening, so a history and a live town fit
    together without a seam.

    \b
    A month before a demo's opening:
      python -m simulators history --site town.yaml --seed 1 --from 2026-10-23T08:00:00+08:00 \\
          --to 2026-11-22T08:00:00+08:00 --opening-at 2026-11-22T08:00:20+08:00 > month.jsonl
    """  # noqa: D301, \b is how click is told to keep lines as they are
    if since >= until:
        raise click.UsageError(f"--from {since.isoformat()} is not before --to {until.isoformat()}")
    try:
        site = read_site(site_path)
    except SiteError as error:
        raise click.ClickException(str(error)) from error
    life = Life(site, seed, opening_at)
    _until_nobody_reads(
        sys.stdout, lambda out: out.writelines(line(site.station, one) for one in life.messages(since, until))
    )


def _until_nobody_reads(out: TextIO, write: Callable[[TextIO], None]) -> None:
    """Write; a reader who has had enough (`head`) ends it quietly."""
    try:
        write(out)
        out.flush()
    except BrokenPipeError:
        # The interpreter flushes once more when it ends: into nothing.
        os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())
