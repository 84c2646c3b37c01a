"""How long statistics take on years of a busy station: 200,000 incidents with 1.5 million steps, made by the database.

`python -m tests.bench.figures [--incidents N]` prints a table; `make bench` leaves it out.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from psycopg import Connection
from psycopg.rows import TupleRow

from tests.station import STATION

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

insert into incident_alert (incident_id, alert_id)
select i.id, a.id from incident i join alert a on a.station_id = i.station_id and a.area_id = i.area_id
    and a.place_id = i.place_id and a.last_event_at = i.opened_at
where i.station_id = %(station)s;
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
