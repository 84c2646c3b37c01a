"""Whatever several people do to several incidents, in whatever order: what must hold in a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import Connection
from psycopg.rows import TupleRow, dict_row

from gateway.embedded.ports import any_free
from gateway.embedded.postgres import EmbeddedPostgres
from gateway.incidents import acts, clocks
from gateway.incidents.acts import Actor, Asked
from gateway.incidents.earlier import signed_by
from gateway.incidents.opening import Report, open_by_hand
from gateway.model.alert import Alert
from gateway.model.errors import BadInput, Permanent
from gateway.model.incident import ACTS, DISPOSITIONS, OPEN, OVER, TAKEN_BACK_WITHIN_S, TAKES_TWO, UNANSWERED
from gateway.model.scope import Scope
from gateway.registering.writing import import_site
from gateway.store import alerts as alert_store
from gateway.store import incidents as incident_store
from gateway.store.migrate import migrate
from gateway.store.pool import connect
from gateway.telling.tell import Announcer
from tests.station import SEALER, STATION, make_site, postgres_bin

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
ANNOUNCER = Announcer(STATION, command_room=True)
INCIDENTS = 3
PEOPLE = (("operator", "operator"), ("commander", "commander"), ("officer", "officer"), ("deputy", "officer"))
CLOCK = "the clock"
SEQUENCES = st.lists(
    st.tuples(
        st.integers(0, INCIDENTS - 1),
        st.sampled_from(PEOPLE),
        st.sampled_from([*sorted(ACTS), "merge", "close", "ack", "unack", CLOCK]),
        st.sampled_from(DISPOSITIONS),
        st.integers(0, INCIDENTS - 1),
    ),
    min_size=3,
    max_size=20,
)


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection[TupleRow]]:
    server = EmbeddedPostgres(tmp_path_factory.mktemp("pg") / "data", any_free(), bin_directory=postgres_bin())
    server.start()
    try:
        migrate(server.url)
        with connect(server.url, "test") as opened:
            import_site(opened, make_site(3), SEALER)
        with connect(server.url, "test", autocommit=True) as opened:
            yield opened
    finally:
        server.stop()


def by(username: str, role: str, after_s: float) -> Actor:
    return Actor(username, role, Scope(STATION), NOW + timedelta(seconds=after_s))


def opened(connection: Connection[TupleRow]) -> list[int]:
    """Incidents of three priorities; of the last one there is no alert."""
    numbers: list[int] = []
    for n, priority in enumerate(("P1", "P2", "P3")):
        report = Report("order", text="x", place="mall", priority=priority)  # type: ignore[arg-type]
        incident, _ = open_by_hand(connection, ANNOUNCER, SEALER, by("operator", "operator", 0), report)
        numbers.append(incident.id)
        if priority == "P3":
            break
        alert = Alert(STATION, "rule", 1, f"device:door-{n}", "alert", priority, {"zh": "", "en": ""}, {}, {}, NOW, NOW)
        incident_store.link(connection, incident.id, alert_store.insert(connection, alert).id)
    return numbers


def rows(connection: Connection[TupleRow], query: str, *parameters: object) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, parameters).fetchall()  # type: ignore[call-overload, no-any-return]


def picture(connection: Connection[TupleRow], numbers: list[int]) -> dict[str, Any]:
    """All that acts may change, of these incidents."""
    return {
        "incidents": {
            row["id"]: row for row in rows(connection, "select * from incident where id = any (%s)", numbers)
        },
        "lines": {number: incident_store.timeline(connection, number) for number in numbers},
        "alerts": {number: incident_store.alerts_of(connection, number) for number in numbers},
        "waiting": [
            row["incident_id"]
            for row in rows(
                connection, "select incident_id from rung where state = 'waiting' and incident_id = any (%s)", numbers
            )
        ],
    }


def test_what_was_taken_back_can_be_cancelled(connection: Connection[TupleRow]) -> None:
    with connection.transaction():
        number = opened(connection)[0]
        connection.execute("update incident set origin = 'alert', opened_by = null where id = %s", [number])
        cancel = Asked("cancel", reason="why")
        with pytest.raises(BadInput, match="taken back"), connection.transaction():
            acts.move_incident(connection, ANNOUNCER, SEALER, by("operator", "operator", 1), number, cancel)
        linked = incident_store.alerts_of(connection, number)
        connection.execute("update alert set retracted = true where id = any (%s)", [linked])
        moved = acts.move_incident(connection, ANNOUNCER, SEALER, by("operator", "operator", 1), number, cancel)
        assert moved.state == "cancelled"
        raise psycopg.Rollback


def test_what_was_opened_by_mistake_has_no_alert_that_stands(connection: Connection[TupleRow]) -> None:
    with connection.transaction():
        grave, _, reported = opened(connection)
        cancel, by_other = Asked("cancel", reason="why"), by("commander", "commander", 1)
        with pytest.raises(BadInput, match="alert that stands"), connection.transaction():
            acts.move_incident(connection, ANNOUNCER, SEALER, by_other, grave, cancel)
        assert acts.move_incident(connection, ANNOUNCER, SEALER, by_other, reported, cancel).state == "cancelled"
        raise psycopg.Rollback


def test_what_is_taken_over_withdraws_what_was_proposed(connection: Connection[TupleRow]) -> None:
    with connection.transaction():
        grave, lesser, _ = opened(connection)
        false = Asked("close", disposition="nuisance")
        acts.move_incident(connection, ANNOUNCER, SEALER, by("operator", "operator", 1), grave, false)
        acts.move_incident(
            connection, ANNOUNCER, SEALER, by("operator", "operator", 2), lesser, Asked("merge", into=grave)
        )
        moved = acts.move_incident(connection, ANNOUNCER, SEALER, by("commander", "commander", 3), grave, false)
        assert (moved.state, moved.proposed and moved.proposed["by"]) == ("new", "commander"), "a first person again"
        raise psycopg.Rollback


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(SEQUENCES)
def test_whatever_people_do(
    connection: Connection[TupleRow], sequence: list[tuple[int, tuple[str, str], str, str, int]]
) -> None:
    with connection.transaction():
        numbers = opened(connection)
        before = picture(connection, numbers)
        every_alert = sorted(alert for alerts in before["alerts"].values() for alert in alerts)
        moment = 0
        for step, (which, person, act, disposition, other) in enumerate(sequence, start=1):
            moment += 10 if act == "unack" else 60
            try:
                with connection.transaction():
                    if act == CLOCK:
                        clocks.overdue(connection, STATION, ANNOUNCER, NOW + timedelta(seconds=moment))
                    else:
                        said = Asked(
                            act, disposition=disposition, reason="why", text="so",
                            assignees=("deputy", "officer")[: 1 + step % 2], into=numbers[other],
                        )  # fmt: skip
                        acts.move_incident(connection, ANNOUNCER, SEALER, by(*person, moment), numbers[which], said)
            except Permanent:
                assert picture(connection, numbers) == before, "what is refused changes nothing"
                continue
            now = picture(connection, numbers)
            for number in numbers:
                _must_follow(now, before, number)
                _must_make_sense(now, number)
            assert sorted(alert for alerts in now["alerts"].values() for alert in alerts) == every_alert
            before = now
        raise psycopg.Rollback


def _must_follow(now: dict[str, Any], before: dict[str, Any], number: int) -> None:
    old, new = before["lines"][number], now["lines"][number]
    assert new[: len(old)] == old, "the timeline only grows"
    fresh = new[len(old) :]
    was, is_now = before["incidents"][number], now["incidents"][number]
    assert is_now["version"] - was["version"] == sum(line["act"] != "note" for line in fresh), "one per move"
    assert all(line["version"] == was["version"] for line in fresh)
    if fresh:
        assert (fresh[0]["from_state"], fresh[-1]["to_state"]) == (was["state"], is_now["state"])
    else:
        assert is_now == was, "nothing changes without a line"
    for line in fresh:
        if line["act"] == "assist":
            clock = ("state", "due_at", "overdue", "proposed")
            assert [is_now[key] for key in clock] == [was[key] for key in clock], "the clock is that of the first"
            assert line["actor"] not in signed_by(old)
            assert line["actor"] in is_now["assignees"]
        if line["act"] == "unack":
            taken = [one for one in old if one["act"] == "ack"][-1]
            assert (taken["actor"], is_now["state"]) == (line["actor"], "new")
            assert line["at"] - taken["at"] <= timedelta(seconds=TAKEN_BACK_WITHIN_S)
            assert is_now["due_at"] == datetime.fromisoformat(taken["detail"]["clock"]["due_at"])
        if line["act"] == "withdraw":
            assert was["proposed"] is not None
            assert is_now["proposed"] is None


def _must_make_sense(now: dict[str, Any], number: int) -> None:
    incident = now["incidents"][number]
    state = incident["state"]
    assert (incident["closed_at"] is not None) == (state in OVER)
    assert (incident["disposition"] is not None) == (state == "closed")
    assert (incident["merged_into"] is not None) == (state == "merged")
    assert incident["due_at"] is None or state in OPEN
    assert incident["proposed"] is None or (state in OPEN and incident["priority"] == "P1")
    assert len(set(incident["assignees"])) == len(incident["assignees"])
    assert number not in now["waiting"] or state in UNANSWERED, "phones rest once somebody has signed"
    if state in UNANSWERED and incident["priority"] in {"P1", "P2"}:
        assert number in now["waiting"], "somebody is called until somebody signs, whoever was on it before"
    root, steps = incident, 0
    while root["merged_into"] is not None:
        root, steps = now["incidents"][root["merged_into"]], steps + 1
        assert steps < INCIDENTS, "no circle"
    assert root["state"] != "merged"
    if incident["merged_into"] is not None:
        assert now["alerts"][number] == []
        assert root["priority"] <= incident["priority"], "nothing gets less urgent by it"
    if state == "closed" and incident["priority"] == "P1" and incident["disposition"] in TAKES_TWO:
        last, first = [line for line in now["lines"][number] if line["act"] in {"close", "proposed"}][:-3:-1]
        assert first["act"] == "proposed"
        assert first["actor"] != last["actor"]
