"""`anxin simulate`: a scenario on a station of its own, by a virtual clock, judged by whoever wrote it down.

Simulators tell what is said (`python -m simulators scenario tell`) and judge what happened (`… judge`); between the two
is the gateway's own road on a database made for the occasion.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from gateway.embedded.ports import any_free
from gateway.embedded.postgres import EmbeddedPostgres
from gateway.embedded.town import SIMULATORS, write_site
from gateway.model.errors import Misconfigured
from gateway.registering.reading import read_site
from gateway.registering.writing import import_site
from gateway.rehearse import rehearse as play_through
from gateway.sealing import sealer_of
from gateway.settings import read_settings
from gateway.store.migrate import create_database, drop_database, migrate
from gateway.store.pool import connect


def listing(*, language: str, as_json: bool) -> int:
    """Name the scenarios there are; returns the exit code."""
    return subprocess.call([*SIMULATORS, "scenario", "list", *(["--json"] if as_json else ["--language", language])])


def rehearse(  # one keyword per option of the command
    name: str,
    *,
    seed: int,
    site: Path | None,
    begin: str,
    language: str,
    server: str | None,
    keep: Path | None,
    as_json: bool,
    say: Callable[[str], None],
) -> int:
    """Play a scenario by a virtual clock and print its judgement; returns 0 when all of it holds."""
    with tempfile.TemporaryDirectory(prefix="anxin-simulate-") as folder:
        home = Path(folder)
        site_file = site or home / "site.yaml"
        if site is None:
            write_site(seed, site_file)
        of = [name, "--site", str(site_file), "--seed", str(seed), "--begin", begin]
        with subprocess.Popen([*SIMULATORS, "scenario", "tell", *of], stdout=subprocess.PIPE) as telling:
            if telling.stdout is None or not (first := telling.stdout.readline()):
                return telling.wait()  # it has said why it cannot be told
            with _database(home, server, say) as url:
                say(f"{name}: seed {seed}, {begin}")
                happened = _happened(site_file, chain([first], telling.stdout), url)
        if telling.returncode:
            raise Misconfigured(f"the scenario {name!r} broke off while it was told; see above")
        if keep is not None:
            keep.write_bytes(happened)
        judge = [*SIMULATORS, "scenario", "judge", *of, *(["--json"] if as_json else ["--language", language])]
        return subprocess.run(judge, input=happened, check=False).returncode


def _happened(site_file: Path, told: Iterator[bytes], url: str) -> bytes:
    """Import the site, let what is told travel the road and return what happened, as lines of JSON."""
    migrate(url)
    site = read_site(site_file)
    settings = read_settings(
        database_url=url, station=site.station.id, command_room_url=None, clock=None, rules_folders=[]
    )
    with connect(url, "rehearsal") as connection:
        import_site(connection, site, sealer_of(settings))
        connection.commit()
        return b"".join(play_through(settings, connection, told))


@contextmanager
def _database(home: Path, server: str | None, say: Callable[[str], None]) -> Iterator[str]:
    """A database for the occasion: on a server that is there, or on one of our own."""
    if server is not None:
        name = f"anxin_rehearsal_{uuid.uuid4().hex[:12]}"
        create_database(server, name)
        try:
            yield server.rsplit("/", 1)[0] + f"/{name}"
        finally:
            drop_database(server, name)
        return
    say("starting a PostgreSQL for the occasion")
    postgres = EmbeddedPostgres(home / "postgres" / "data", any_free())
    postgres.start()
    try:
        yield postgres.url
    finally:
        postgres.stop()


def play(name: str, home: Path, *, language: str) -> int:
    """Play a scenario in real time on the running demo of `home`; returns 0 when all of it holds.

    The operator's password goes by the environment: everybody on the machine may read a command line.
    """
    described = home / "demo.json"
    if not described.exists():
        raise Misconfigured(f"no demo runs on {home}: start one with `anxin demo`, or leave out --live")
    demo = json.loads(described.read_text())
    operator = demo["users"]["operator"]
    return subprocess.call(
        [
            *SIMULATORS, "scenario", "play", name, "--site", demo["site_file"], "--credentials", demo["devices_file"],
            "--api", demo["url"], "--user", operator["username"], "--language", language,
        ],
        env={**os.environ, "ANXIN_SCENARIO_PASSWORD": operator["password"]},
    )  # fmt: skip
