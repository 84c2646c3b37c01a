"""Overdue → 催办 → 督办, on a real PostgreSQL and by a clock of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from gateway.embedded.ports import any_free
from gateway.embedded.postgres import EmbeddedPostgres
from gateway.incidents import acts, clocks
from gateway.incidents.acts import Actor, Asked
from gateway.incidents.opening import Report, open_by_hand
from gateway.model.incident import Incident
from gateway.model.scope import Scope
from gateway.registering.writing import import_site
from gateway.store import incident_calls
from gateway.store import incidents as incident_store
from gateway.store.migrate import migrate
from gateway.store.pool import connect
from gateway.telling.tell import Announcer
from tests.station import SEALER, STATION, make_site, postgres_bin

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
ANNOUNCER = Announcer(STATION, command_room=True)
POLICY = {"deadlines": {"P2": {"new": 60, "signed": 10, "handled": 40}}, "supervised_after": 3}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server = EmbeddedPostgres(tmp_path_factory.mktemp("pg") / "data", any_free(), bin_directory=postgres_bin())
    server.start()
    try:
        migrate(server.url)
        with connect(server.url, "test") as connection:
            import_site(connection, make_site(3), SEALER)
            connection.execute("update station set policy = %s", [Jsonb(POLICY)])
        yield server.url
    finally:
        server.stop()


@pytest.fixture
def connection(url: str) -> Iterator[Connection[TupleRow]]:
    """A connection on a database where nothing is late."""
    with connect(url, "test", autocommit=True) as opened:
        opened.execute("update incident set due_at = null")
        yield opened


def by(username: str = "operator", role: str = "operator", after_s: float = 0) -> Actor:
    return Actor(username, role, Scope(STATION), NOW + timedelta(seconds=after_s))


def opened(connection: Connection[TupleRow], **more: Any) -> Incident:
    report = Report("order", text="x", place="mall", **more)
    with connection.transaction():
        return open_by_hand(connection, ANNOUNCER, SEALER, by(), report)[0]


def tick(connection: Connection[TupleRow], after_s: float) -> int:
    with connection.transaction():
        return clocks.overdue(connection, STATION, ANNOUNCER, NOW + timedelta(seconds=after_s))


def now_of(connection: Connection[TupleRow], incident: Incident) -> Incident:
    found = incident_store.get(connection, Scope(STATION), incident.id)
    assert found is not None
    return found


def lines(connection: Connection[TupleRow], incident: Incident, *names: str) -> list[dict[str, Any]]:
    return [step for step in incident_store.timeline(connection, incident.id) if step["act"] in names]


def urged(connection: Connection[TupleRow], incident: Incident) -> list[tuple[str, str]]:
    query = "select username, body -> 'title' ->> 'zh' from notification where incident_id = %s and purpose = 'urge'"
    return connection.execute(query + " order by id", [incident.id]).fetchall()


def test_late_it_is_urged_then_supervised_then_quiet(connection: Connection[TupleRow]) -> None:
    incident = opened(connection)
    assert incident.due_at == NOW + timedelta(seconds=60)
    assert tick(connection, 59) == 0
    with connection.transaction():
        signer = by("officer", "officer", 59)
        incident = acts.move_incident(connection, ANNOUNCER, SEALER, signer, incident.id, Asked("sign"))
    assert (incident.due_at, incident.overdue) == (NOW + timedelta(seconds=69), 0), "a clock of its own per state"
    assert tick(connection, 68) == 0
    assert tick(connection, 69) == 1
    first = now_of(connection, incident)
    assert (first.overdue, first.due_at, first.version) == (1, NOW + timedelta(seconds=89), incident.version + 1)
    assert urged(connection, incident) == [("officer", "【催办】P2 治安警情")]
    assert tick(connection, 88) == 0
    assert tick(connection, 89) == 1
    assert (now_of(connection, incident).overdue, now_of(connection, incident).due_at) == (2, None)
    assert urged(connection, incident)[1:] == [("commander", "【督办】P2 治安警情")]
    assert tick(connection, 100_000) == 0
    told = [
        (step["act"], step["actor"], step["detail"]["told"])
        for step in lines(connection, incident, "urged", "supervised")
    ]
    assert told == [("urged", "anxin", ["officer"]), ("supervised", "anxin", ["commander"])]
    changes = connection.execute(
        "select body ->> 'overdue' from change where kind = 'incident' and (body ->> 'id')::bigint = %s order by id",
        [incident.id],
    ).fetchall()
    assert [row[0] for row in changes] == ["0", "0", "1", "2"]
    with connection.transaction():
        moved = acts.move_incident(
            connection, ANNOUNCER, SEALER, by("officer", "officer", 200), incident.id, Asked("handle", text="done")
        )
    assert (moved.overdue, moved.due_at) == (0, NOW + timedelta(seconds=240)), "in time again in its next state"


def test_an_account_that_was_disabled_is_told_nothing(connection: Connection[TupleRow]) -> None:
    incident = opened(connection)
    with connection.transaction():
        signer = by("officer", "officer", 59)
        acts.move_incident(connection, ANNOUNCER, SEALER, signer, incident.id, Asked("sign"))
    disabling = "update user_account set disabled_at = %s where username in ('officer', 'commander')"
    connection.execute(disabling, [NOW])
    try:
        assert (tick(connection, 69), tick(connection, 89)) == (1, 1)
        assert urged(connection, incident) == []
        told = [step["detail"]["told"] for step in lines(connection, incident, "urged", "supervised")]
        assert told == [[], []], "and the timeline does not say they were"
    finally:
        connection.execute(disabling, [None])


def test_whoever_acts_need_not_have_seen_that_it_was_urged(connection: Connection[TupleRow]) -> None:
    incident = opened(connection)
    assert tick(connection, 60) == 1
    assert tick(connection, 180) == 1
    assert now_of(connection, incident).version == incident.version + 2
    with connection.transaction():
        asked = Asked("ack", version=incident.version)
        assert acts.move_incident(connection, ANNOUNCER, SEALER, by(), incident.id, asked).state == "acknowledged"


def test_signing_stops_the_calls_and_what_has_not_reached_whoever_signs(connection: Connection[TupleRow]) -> None:
    incident = opened(connection)

    def act(act: str, who: Actor, **more: Any) -> dict[str, set[str]]:
        with connection.transaction():
            acts.move_incident(connection, ANNOUNCER, SEALER, who, incident.id, Asked(act, **more))
        rows = connection.execute(
            "select purpose, array_agg(distinct state) from notification"
            " where incident_id = %s and username is not null group by purpose",
            [incident.id],
        ).fetchall()
        return {purpose: set(states) for purpose, states in rows}

    assert act("dispatch", by(), assignees=("officer",)) == {"incident": {"queued"}, "dispatch": {"queued"}}
    assert act("sign", by("deputy", "officer")) == {"incident": {"stopped"}, "dispatch": {"queued"}}
    assert act("assist", by("officer", "officer")) == {"incident": {"stopped"}, "dispatch": {"stopped"}}
    assert act("close", by(), disposition="real") == {"incident": {"stopped"}, "dispatch": {"stopped"}}


def test_the_end_stops_those_who_were_sent_and_did_not_sign(connection: Connection[TupleRow]) -> None:
    incident = opened(connection)
    for act, who, more in (
        ("dispatch", by(), {"assignees": ("officer",)}),
        ("sign", by("deputy", "officer"), {}),
        ("close", by(), {"disposition": "real"}),
    ):
        with connection.transaction():
            acts.move_incident(connection, ANNOUNCER, SEALER, who, incident.id, Asked(act, **more))  # type: ignore[arg-type]
    states = "select distinct state from notification where incident_id = %s and purpose = 'dispatch'"
    assert connection.execute(states, [incident.id]).fetchall() == [("stopped",)]


def test_with_nobody_assigned_only_the_console_is_told_first(connection: Connection[TupleRow]) -> None:
    incident = opened(connection)
    assert tick(connection, 60) == 1
    assert urged(connection, incident) == []
    assert lines(connection, incident, "urged")[0]["detail"]["told"] == []
    assert tick(connection, 179) == 0
    assert tick(connection, 180) == 1
    assert urged(connection, incident) == [], "the ladder calls the commander when it is time"
    assert lines(connection, incident, "supervised")[0]["detail"]["told"] == []


def test_the_commanders_of_the_area_come_first(connection: Connection[TupleRow]) -> None:
    """Without one of them, any commander of the station who can be reached."""
    areas = "update user_account set areas = %s where username = 'commander'"
    another = """
        insert into user_account (username, station_id, name, role, areas)
        values ('second', %(s)s, '', 'commander', '{grid-1}') on conflict do nothing;
    """
    connection.execute(areas, [["beat-1"]])
    assert incident_calls.supervisors(connection, STATION, "grid-1") == ["commander"], "an area above"
    connection.execute(areas, [["elsewhere"]])
    assert incident_calls.supervisors(connection, STATION, "grid-1") == ["commander"], "nobody else is there"
    connection.execute(another.strip().rstrip(";"), {"s": STATION})
    assert incident_calls.supervisors(connection, STATION, "grid-1") == ["commander"], "without a contact nobody"
    connection.execute(
        "insert into contact (station_id, username, channel, address_sealed, address_index)"
        " values (%s, 'second', 'phone', '', '')",
        [STATION],
    )
    assert incident_calls.supervisors(connection, STATION, "grid-1") == ["second"]
    connection.execute(areas, [None])
    assert incident_calls.supervisors(connection, STATION, "grid-1") == ["commander", "second"]
    connection.execute("delete from user_account where username = 'second'")


def test_what_fell_due_while_nothing_ran_is_said_in_order(connection: Connection[TupleRow]) -> None:
    incident = opened(connection)
    assert tick(connection, 100_000) == 1
    assert now_of(connection, incident).overdue == 1
    assert tick(connection, 100_000) == 1
    assert now_of(connection, incident).overdue == 2
    assert tick(connection, 100_000) == 0


def test_a_tick_that_was_rolled_back_is_said_once(connection: Connection[TupleRow]) -> None:
    incident = opened(connection)
    with connection.transaction():
        assert clocks.overdue(connection, STATION, ANNOUNCER, NOW + timedelta(seconds=60)) == 1
        raise psycopg.Rollback
    assert now_of(connection, incident).overdue == 0
    assert tick(connection, 60) == 1
    assert len(lines(connection, incident, "urged")) == 1


def test_what_somebody_changes_this_moment_is_left_alone(connection: Connection[TupleRow], url: str) -> None:
    held, free = opened(connection), opened(connection)
    with connect(url, "another") as another:
        incident_store.get(another, Scope(STATION), held.id, hold=True)
        assert tick(connection, 60) == 1
        assert (now_of(connection, held).overdue, now_of(connection, free).overdue) == (0, 1)
    assert tick(connection, 60) == 1


def test_a_tick_is_bounded_and_the_most_urgent_come_first(
    connection: Connection[TupleRow], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clocks, "AT_ONCE", 2)
    lesser = [opened(connection) for _ in range(2)]
    worse = opened(connection, priority="P1")
    assert tick(connection, 70) == 2
    assert now_of(connection, worse).overdue == 1
    assert [now_of(connection, one).overdue for one in lesser].count(1) == 1
    assert tick(connection, 70) >= 1


def test_over_or_without_a_deadline_nobody_is_urged(connection: Connection[TupleRow]) -> None:
    over, free = opened(connection), opened(connection)
    with connection.transaction():
        acts.move_incident(connection, ANNOUNCER, SEALER, by(), over.id, Asked("close", disposition="real"))
        # The policy lacks the state by now: what was due is let go of without a word.
        connection.execute("update incident set state = 'departed' where id = %s", [free.id])
        connection.execute("""update station set policy = policy || '{"deadlines": {"P2": {}}}'""")
    try:
        tick(connection, 1000)
        assert lines(connection, over, "urged") == lines(connection, free, "urged") == []
        assert now_of(connection, free).due_at is None
    finally:
        connection.execute("update station set policy = %s", [Jsonb(POLICY)])
