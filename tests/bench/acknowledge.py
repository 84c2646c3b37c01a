"""Acknowledging one alert with few and with 50,000 open: the same indexed rows are touched, and no others."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.clock import SystemClock
from gateway.embedded.ports import any_free
from gateway.embedded.postgres import EmbeddedPostgres
from gateway.incidents.acts import Actor, acknowledge_alert
from gateway.model.scope import Scope
from gateway.registering.writing import import_site
from gateway.store import alerts as alert_store
from gateway.store.migrate import migrate
from gateway.store.pool import connect
from gateway.telling.tell import Announcer
from tests.station import SEALER, STATION, make_site

FEW, MANY = 50, 50_000
ACTS = 40


def run(home: Path) -> Iterator[str]:
    """Give the milliseconds of an acknowledgement, commit included, with few and with many open alerts."""
    server = EmbeddedPostgres(home / "postgres" / "data", any_free())
    server.start()
    try:
        migrate(server.url)
        with connect(server.url, "bench") as connection:
            import_site(connection, make_site(1), SEALER)
            open_alerts(connection, FEW)
            few = _acknowledge(connection, ACTS)
            open_alerts(connection, MANY)
            many = _acknowledge(connection, ACTS)
            scans = seq_scans(connection)
    finally:
        server.stop()
    yield "| acknowledge one alert and its incident | open alerts | p50 | worst of 40 | tables read as a whole |"
    yield "| --- | --- | --- | --- | --- |"
    for count, told in ((FEW, few), (MANY, many)):
        yield (
            f"| {'with few' if count == FEW else 'with many'} | {count:,} | {statistics.median(told):.1f} ms "
            f"| {max(told):.1f} ms | {', '.join(scans) or 'none'} |"
        )
    yield f"| ratio of the medians | | {statistics.median(many) / statistics.median(few):.2f} | | |"


def open_alerts(connection: Connection[TupleRow], count: int) -> None:
    """Open so many alerts more, each with an incident of its own."""
    connection.execute(
        """
        with made as (
            insert into alert (station_id, rule_id, rule_version, subject, stream, priority, place_id, area_id, title,
                explanation, first_action, raised_at, last_event_at, sounded)
            select %s, 'made-up', 1, 'device:' || gen_random_uuid(), 'alert', 'P3', 'mall', 'grid-1', '{}',
                '{"facts": {}}', '{}', now(), now(), 1
            from generate_series(1, %s) returning id
        ), opened as (
            insert into incident (station_id, priority, place_id, area_id, title, opened_at, changed_at, ladder)
            select %s, 'P3', 'mall', 'grid-1', '{}', now(), now(), '[]' from generate_series(1, %s) returning id
        )
        insert into incident_alert (incident_id, alert_id)
        select o.id, m.id from (select id, row_number() over () as n from made) m
        join (select id, row_number() over () as n from opened) o using (n)
        """,
        (STATION, count, STATION, count),
    )
    connection.commit()
    connection.execute("analyze")
    connection.commit()


def _acknowledge(connection: Connection[TupleRow], times: int) -> list[float]:
    announcer = Announcer(STATION, command_room=False)
    waiting = [
        row[0]
        for row in connection.execute(
            "select id from alert where acknowledged_at is null order by random() limit %s", (times,)
        ).fetchall()
    ]
    connection.commit()
    told: list[float] = []
    for alert in waiting:
        began = time.perf_counter()
        acknowledge_alert(
            connection, announcer, Actor("operator", "operator", Scope(STATION), SystemClock().now()), alert
        )
        connection.commit()
        told.append((time.perf_counter() - began) * 1000)
    return told


def seq_scans(connection: Connection[TupleRow]) -> list[str]:
    """Return the tables that PostgreSQL would read as a whole for one acknowledgement's update."""
    alert = alert_store.list_alerts(connection, Scope(STATION), state="unacknowledged", limit=1)[0]
    (plan,) = connection.execute(
        "explain (format json) update alert set acknowledged_at = now() where id = %s", (alert.id,)
    ).fetchone() or ({},)
    found: list[str] = []

    def look(node: dict[str, Any]) -> None:
        if node["Node Type"] == "Seq Scan":
            found.append(node["Relation Name"])
        for child in node.get("Plans", []):
            look(child)

    look((plan if isinstance(plan, list) else json.loads(plan))[0]["Plan"])
    return found
