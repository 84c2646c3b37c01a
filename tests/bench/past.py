"""A million events of the town in a PostgreSQL, quickly: weeks of the simulated county, said again with other days."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from psycopg import Connection
from psycopg.rows import TupleRow

from connectors.native.decode import decode
from gateway import history
from gateway.embedded.ports import any_free
from gateway.embedded.postgres import EmbeddedPostgres
from gateway.model.errors import BadInput
from gateway.model.event import Event
from gateway.model.ports import Delivery
from gateway.model.registry import Registry
from gateway.registering.reading import read_site
from gateway.registering.site import Site
from gateway.registering.writing import import_site
from gateway.stops.admit import admit_report
from gateway.store import events as event_store
from gateway.store import upkeep
from gateway.store.migrate import migrate
from gateway.store.pool import connect
from tests.station import SEALER, postgres_bin

#: What is told by the simulator; whole weeks, so that said again it falls on the same days of the week.
TOLD = timedelta(days=28)
UNTIL = datetime(2026, 11, 21, 16, tzinfo=UTC)
LATE = timedelta(days=7)
AT_ONCE = 5_000
AGAIN = """
    insert into event (station_id, device_id, event_id, ts, device_ts, received_at, kind, place_id, skewed, data)
    select station_id, device_id, event_id, ts - %(by)s, device_ts - %(by)s, received_at - %(by)s, kind,
        place_id, skewed, data
    from event where ts >= %(since)s and received_at >= %(since)s and received_at >= %(from)s
"""


class Town:
    """A throw-away PostgreSQL with a past. Use `fill`, then `url`, `since` and `until`."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._postgres = EmbeddedPostgres(home / "postgres" / "data", any_free(), bin_directory=postgres_bin())
        self.site: Site = read_site(self._site_file())
        self.station = self.site.station.id
        self.until, self.since = UNTIL, UNTIL - TOLD
        self.mix: Counter[str] = Counter()

    @property
    def url(self) -> str:
        return self._postgres.url

    def close(self) -> None:
        self._postgres.stop()

    def registry(self) -> Registry:
        """The town as its site file has it."""
        site = self.site
        return Registry(
            station=site.station,
            areas=site.areas,
            places=site.places,
            devices=site.devices,
            persons=[one.person() for one in site.persons],
        )

    def fill(self, events: int) -> int:
        """Fill in at least so many events, the latest first; returns how many there are."""
        self._postgres.start()
        migrate(self.url)
        with connect(self.url, "bench") as connection:
            import_site(connection, self.site, SEALER)
            upkeep.make_partitions(connection, self.since - timedelta(days=400), self.until + timedelta(days=2))
            connection.commit()
            event_store.prepare(connection)
            connection.commit()
            stream, told = self.events(), 0
            while batch := list(islice(stream, AT_ONCE)):
                event_store.insert_new(connection, self.station, batch)
                connection.commit()
                told += len(batch)
            there = self._say_again(connection, told, events)
            connection.execute("analyze event")
            connection.commit()
        return there

    def _say_again(self, connection: Connection[TupleRow], told: int, wanted: int) -> int:
        first, there, weeks = self.since, told, 0
        while there < wanted:
            weeks += TOLD.days // 7
            share = min(1.0, (wanted - there) / told)
            begin = self.until - TOLD * share
            said = connection.execute(AGAIN, {"by": timedelta(weeks=weeks), "since": first, "from": begin}).rowcount
            connection.commit()
            there += said
            self.since = begin - timedelta(weeks=weeks)
        for kind, count in connection.execute("select kind, count(*) from event group by kind").fetchall():
            self.mix[kind] = count
        return there

    def events(self) -> Iterator[Event]:
        """The weeks the simulator tells, as the road would admit them."""
        registry = self.registry()
        known: set[str] = set()
        for thing in history.read(self._lines()):
            if isinstance(thing, Delivery) and not thing.retained:
                try:
                    for report in decode(thing):
                        event = admit_report(report, thing, registry, LATE, timedelta(minutes=5))
                        if event.reference not in known:
                            known.add(event.reference)
                            yield event
                except BadInput:
                    continue

    def _site_file(self) -> Path:
        path = self.home / "site.yaml"
        self.home.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            subprocess.run([sys.executable, "-m", "simulators", "site", "--seed", "1"], stdout=file, check=True)
        return path

    def _lines(self) -> Iterator[bytes]:
        told = subprocess.Popen(
            [
                sys.executable, "-m", "simulators", "history", "--site", self.home / "site.yaml", "--seed", "1",
                "--from", (UNTIL - TOLD).isoformat(), "--to", UNTIL.isoformat(),
            ],
            stdout=subprocess.PIPE,
        )  # fmt: skip
        assert told.stdout is not None
        yield from told.stdout
        assert told.wait() == 0
