"""How long statistics take on a year of a busy station: 200,000 incidents with 1.5 million steps, made by the database.

`python -m tests.bench.figures [--incidents N]` prints a table; `make bench` leaves it out.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.embedded.ports import any_free
from gateway.embedded.postgres import EmbeddedPostgres
from gateway.figures import alarms, clocks, mix, rules
from gateway.figures.period import Period, month
from gateway.model.scope import Scope
from gateway.records import month as months
from gateway.registering.writing import import_site
from gateway.store import figures as figure_store
from gateway.store.migrate import migrate
from gateway.store.pool import connect
from gateway.store.records import Asked
from tests.station import SEALER, STATION, make_site, postgres_bin

UNTIL = datetime(2026, 11, 1, tzinfo=UTC)
SINCE = UNTIL - timedelta(days=365)
STEPS = ("opened", "ack", "dispatch", "sign", "depart", "arrive", "handle", "close")
#: Half of the incidents have a note besides: 7.5 steps each.
FILL = """
insert into area (station_id, id, kind, name, parent)
select %(station)s, 'b-' || n, 'beat', 'beat ' || n, null from generate_series(1, 8) n
union all
select %(station)s, 'g-' || n, 'grid', 'grid ' || n, 'b-' || 1 + n %% 8 from generate_series(1, 60) n;

insert into place (station_id, id, kind, area_id, name)
select %(station)s, 'at-' || n, case when n %% 3 = 0 then 'flat' else 'shop' end, 'g-' || 1 + n %% 60, 'place ' || n
from generate_series(1, 5000) n;

insert into user_account (username, station_id, name, role)
select 'o-' || n, %(station)s, 'officer ' || n, 'officer' from generate_series(1, 80) n;

insert into incident (station_id, state, priority, category, place_id, area_id, title, opened_at, changed_at, ladder,
    disposition, closed_at, drill)
select %(station)s, case when n %% 50 = 0 then 'handled' when n %% 71 = 0 then 'merged' else 'closed' end,
    (array['P1', 'P2', 'P2', 'P3', 'P3', 'P3', 'P4'])[1 + n %% 7],
    (array['school', 'care', 'entry', 'order', 'fire', 'dispute'])[1 + n %% 6],
    'at-' || 1 + (n * 7919) %% 5000, 'g-' || 1 + (1 + (n * 7919) %% 5000) %% 60,
    '{"zh": "警情", "en": "incident"}', at, at + interval '2 h', '[]',
    case when n %% 50 <> 0 then (array['real', 'real', 'real', 'false_human', 'nuisance', 'drill'])[1 + n %% 6] end,
    case when n %% 50 <> 0 then at + interval '2 h' end, n %% 97 = 0
from (select n, %(since)s::timestamptz + n * ((%(until)s::timestamptz - %(since)s::timestamptz) / %(count)s) as at
    from generate_series(0, %(count)s - 1) n) t;

insert into incident_step (incident_id, at, actor, act)
select i.id, i.opened_at + t.after * (0.3 + (i.id * 7 + t.number * 13) %% 101 / 50.0), 'o-' || 1 + i.id %% 80, t.act
from incident i cross join (values (0, 'opened', interval '0'), (1, 'ack', interval '9 s'),
    (2, 'dispatch', interval '20 s'), (3, 'sign', interval '45 s'), (4, 'depart', interval '4 min'),
    (5, 'arrive', interval '12 min'), (6, 'handle', interval '50 min'), (7, 'close', interval '2 h'),
    (8, 'note', interval '1 h')) t (number, act, after)
where i.station_id = %(station)s and (t.number < 7 or t.number = 7 and i.id %% 50 <> 0 or i.id %% 2 < t.number - 7)
    and not (t.number = 1 and i.id %% 2 = 0);

insert into alert (station_id, rule_id, rule_version, subject, stream, priority, place_id, area_id, title, explanation,
    first_action, raised_at, last_event_at, sounded, active, cleared_at, ended_at, suppressed_by, drill)
select %(station)s, 'rule-' || 1 + i.id %% 40, 1, 'place:' || i.place_id || case when i.id %% 5 = 0 then '' else
    ':' || i.id %% 7 end, 'alert', i.priority, i.place_id, i.area_id, i.title, '{}', '{}',
    i.opened_at + n * interval '5 s', i.opened_at, case when i.id %% 9 = 0 then 0 else 1 end, false,
    i.opened_at + n * interval '5 s' + interval '1 s' * (i.id %% 300), i.opened_at + interval '2 h',
    case when i.id %% 9 = 0 then 'shelved' end, i.drill
from incident i cross join generate_series(0, 1) n where i.station_id = %(station)s and (n = 0 or i.id %% 4 = 0);

insert into sounding (station_id, at, alert_id, rule_id, priority, place_id, area_id, spot, reason)
select a.station_id, a.raised_at + n * interval '10 min', a.id, a.rule_id, a.priority, a.place_id, a.area_id,
    a.place_id, a.suppressed_by
from alert a cross join generate_series(0, 1) n where a.station_id = %(station)s and (n = 0 or a.id %% 4 = 0);

insert into incident_alert (incident_id, alert_id)
select i.id, a.id from incident i join alert a on a.station_id = i.station_id and a.area_id = i.area_id
    and a.place_id = i.place_id and a.last_event_at = i.opened_at
where i.station_id = %(station)s;

insert into desk (station_id, username, began_at, ended_at, ended_why)
select %(station)s, 'operator', t, t + interval '12 h', 'ended'
from generate_series(%(since)s::timestamptz, %(until)s::timestamptz, interval '12 h') t;

insert into footprint (station_id, username, at, kind, area_id, place_id, lat, lon, client_id)
select %(station)s, 'o-' || 1 + n %% 80, %(until)s::timestamptz - n * interval '2 min',
    (array['position', 'position', 'position', 'visit', 'patrol'])[1 + n %% 5], 'g-' || 1 + n %% 60,
    'at-' || 1 + n %% 5000,
    33.1, 109.1, 'c-' || n
from generate_series(1, 200000) n;

insert into person (station_id, id, name, place_id, care)
select %(station)s, 'q-' || n, 'somebody', 'at-' || n * 3, '{"lives_alone": true}' from generate_series(1, 800) n;

insert into duty (station_id, area_id, officer, deputy)
select %(station)s, 'g-' || n, 'o-' || n, 'o-' || n + 1 from generate_series(1, 60) n;
"""


def fill(connection: Connection[TupleRow], incidents: int) -> None:
    """Make a year of incidents, steps, alerts, desks and footprints. The database must have the station."""
    told = {"station": f"'{STATION}'", "since": f"'{SINCE:%Y-%m-%d}'", "until": f"'{UNTIL:%Y-%m-%d}'",
            "count": str(incidents)}  # fmt: skip
    connection.execute("set statement_timeout = 0")
    for statement in (FILL % told).split(";\n\n"):
        connection.execute(statement.encode())
    connection.commit()
    connection.autocommit = True
    connection.execute("vacuum analyze")


def measured(connection: Connection[TupleRow]) -> Iterator[tuple[str, float, float]]:
    """Ask each statistic for the whole year, and records for a month; yields what took how many seconds.

    First by the clock, then of processor time, ours and the database's: on a busy machine only that says something.
    """
    scope, year = Scope(STATION), Period(SINCE, UNTIL)
    ground = figure_store.ground(connection, STATION)
    october = month("2026-10", ZoneInfo(ground.time_zone))

    def clocked(by: clocks.By) -> object:
        return clocks.clocks(clocks.read(connection, scope, year, by), year, by, ground.policy.buckets, 5)

    def health() -> object:
        known = alarms.read(connection, scope, year, ground.policy, UNTIL, timedelta(hours=1))
        return alarms.alarms(known, year, UNTIL)

    asked: tuple[tuple[str, Callable[[], object]], ...] = (
        ("clocks by beat", lambda: clocked("beat")),
        ("clocks by officer", lambda: clocked("officer")),
        ("mix", lambda: mix.mix(connection, scope, ground, year)),
        ("rules", lambda: rules.rules(connection, scope, year)),
        ("alarms", health),
        ("records of a month, by officer", lambda: months.figures(connection, Asked(scope, *_of(october), "officer"))),
        ("records of a month, by beat", lambda: months.figures(connection, Asked(scope, *_of(october), "beat"))),
    )
    for name, ask in asked:
        took: list[tuple[float, float]] = []
        for _ in range(3):
            began, used = time.perf_counter(), _processor(connection)
            msgspec.json.encode(ask())
            took.append((time.perf_counter() - began, _processor(connection) - used))
        yield name, *sorted(took)[1]


def _processor(connection: Connection[TupleRow]) -> float:
    """Seconds of processor time that this process and the connection's server process have used."""
    told = Path(f"/proc/{connection.info.backend_pid}/stat").read_text().rpartition(")")[2].split()
    return time.process_time() + (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def _of(period: Period) -> tuple[datetime, datetime]:
    return period.since, period.until


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.figures", description=__doc__)
    parser.add_argument("--incidents", type=int, default=200_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="anxin-figures-") as folder:
        server = EmbeddedPostgres(Path(folder) / "data", any_free(), bin_directory=postgres_bin())
        server.start()
        try:
            migrate(server.url)
            with connect(server.url, "bench") as connection:
                import_site(connection, make_site(3), SEALER)
                fill(connection, arguments.incidents)
                steps = connection.execute("select count(*) from incident_step").fetchone()
                made = f"{arguments.incidents:,} incidents, {steps[0] if steps else 0:,} steps"
                print(f"| a year: {made} | seconds | of processor |")
                print("| --- | --- | --- |")
                for name, seconds, processor in measured(connection):
                    print(f"| {name} | {seconds:.2f} | {processor:.2f} |", flush=True)
        finally:
            server.stop()


if __name__ == "__main__":
    sys.exit(main())
