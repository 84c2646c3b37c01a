"""The demo's town: its site file, its month of history, and the moment its first two lively minutes begin.

Everything comes from `python -m simulators` as a program: it is found, not imported, and speaks lines of JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

from gateway.backfill import Summary, backfill
from gateway.clock import Clock
from gateway.model.errors import Misconfigured
from gateway.settings import Settings
from gateway.store import road as road_store
from gateway.store.pool import connect

SIMULATORS = (sys.executable, "-m", "simulators")
#: From here on back, the plan may depend on when the opening is: two residents have been silent since then.
OPENING_REACHES_BACK = timedelta(hours=14)
#: Real seconds from the end of the history to the opening: gateway, API and town need that long to be there.
OPENING_AFTER_S = 20.0


class Stopped(Exception):
    """Somebody pressed Ctrl-C while history was filled in; the next start goes on from there."""


def write_site(seed: int, path: Path) -> None:
    """Write the made-up county town of a seed as a site file, unless it is there."""
    if path.exists():
        return
    if find_spec("simulators") is None:
        raise Misconfigured("the simulators are not installed; give a site file with --site")
    fresh = path.with_name(path.name + ".new")
    with fresh.open("wb") as file:
        if subprocess.call([*SIMULATORS, "site", "--seed", str(seed)], stdout=file) != 0:
            raise Misconfigured("the site file could not be made; see above")
    fresh.replace(path)


class Town:
    """One town on one installation. After `live_through` its opening is set."""

    def __init__(self, site: Path, seed: int, clock: Clock, stopping: Callable[[], bool]) -> None:
        self._site, self._seed, self._clock, self._stopping = site, seed, clock, stopping
        self._speed = getattr(clock, "speed", 1.0)
        self.opening_at = self._soon()
        self.lived_until: datetime | None = None

    def live_through(self, settings: Settings, days: float, say: Callable[[str], None]) -> Summary:
        """Fill in what the town did since it was last seen, at most so many days. Raises `Stopped`."""
        since = self._lived_until(settings) or self._clock.now() - timedelta(days=days)
        since = max(since, self._clock.now() - timedelta(days=days))
        return backfill(settings, self._clock, self._lines(since), say)

    def arguments(self) -> list[str]:
        """Return how the town is told to live on from where its history ended."""
        since = self.lived_until or self._clock.now()
        return [
            "--seed", str(self._seed), "--opening-at", self.opening_at.isoformat(), "--from", since.isoformat(),
        ]  # fmt: skip

    def _soon(self) -> datetime:
        return self._clock.now() + timedelta(seconds=OPENING_AFTER_S * self._speed)

    def _lived_until(self, settings: Settings) -> datetime | None:
        with connect(settings.database, "demo history") as connection:
            heard, _ = road_store.load_health(connection, settings.station)
        return max(heard.values(), default=None)

    def _lines(self, since: datetime) -> Iterator[bytes]:
        """The long past first; its end, where the opening matters, when it is known how long that took."""
        now = self._clock.now()
        yield json.dumps({"since": since.isoformat(), "until": now.isoformat()}).encode()
        settled = now - OPENING_REACHES_BACK
        if since < settled:
            yield from self._told(since, settled)
        self.opening_at = self._soon()
        self.lived_until = self._clock.now()
        yield from self._told(max(since, settled), self.lived_until)

    def _told(self, since: datetime, until: datetime) -> Iterator[bytes]:
        command = [
            *SIMULATORS, "history", "--site", str(self._site), "--seed", str(self._seed),
            "--from", since.astimezone(UTC).isoformat(), "--to", until.astimezone(UTC).isoformat(),
            "--opening-at", self.opening_at.isoformat(),
        ]  # fmt: skip
        with subprocess.Popen(command, stdout=subprocess.PIPE) as program:
            if program.stdout is None:
                raise Misconfigured("the town's history cannot be read")
            for line in program.stdout:
                if self._stopping():
                    program.terminate()
                    raise Stopped
                yield line
        if program.returncode:
            raise Misconfigured("the town's history broke off; see above")
