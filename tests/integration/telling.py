"""The telling side alone, in this process: real PostgreSQL, channels that answer as a test says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import msgspec
import psycopg
from psycopg.rows import dict_row

from gateway.clock import SystemClock
from gateway.failpoints import Failpoints
from gateway.incidents.telling import Why, tell_users
from gateway.model.incident import Incident
from gateway.model.judgement import Verdict
from gateway.model.policy import Policy
from gateway.model.ports import Channel, Message, Outcome
from gateway.store import incidents as incident_store
from gateway.store import registry as registry_store
from gateway.store import rungs as rungs_store
from gateway.store.pool import Pool, connect
from gateway.telling import tell
from gateway.telling.loop import Telling
from gateway.telling.tell import Announcer
from tests.station import SEALER, STATION, wait_for

TITLE = {"zh": "校园一键报警", "en": "School button"}
Answer = Callable[[Message], Outcome]


def accept(message: Message) -> Outcome:
    """A provider that takes everything."""
    return Outcome("accepted", provider_id=f"p-{message.id}")


class FakeChannel:
    """A channel whose provider answers as told, and which remembers what it was asked."""

    def __init__(
        self, name: str, answer: Answer = accept, *, receipts: bool = False, rate_per_min: int | None = None
    ) -> None:
        self.name, self.answer, self.receipts, self.rate_per_min = name, answer, receipts, rate_per_min
        self.asked: list[Message] = []

    async def send(self, message: Message) -> Outcome:
        """Answer at once."""
        self.asked.append(message)
        return self.answer(message)

    async def close(self) -> None:
        """Nothing to let go of."""


class Town:
    """One migrated database with a registry, and what tests ask of it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.clock = SystemClock()
        self.announcer = Announcer(STATION, command_room=False)
        self.said: list[Verdict] = []

    @contextmanager
    def pool(self) -> Iterator[Pool]:
        """A pool of connections, closed afterwards."""
        pool = Pool(self.url, "test", size=6)
        pool.open()
        try:
            yield pool
        finally:
            pool.close()

    @contextmanager
    def telling(self, *channels: FakeChannel, failpoints: str = "") -> Iterator[Telling]:
        """The running loop, stopped afterwards."""
        with self.pool() as pool:
            there: Sequence[Channel] = channels
            running = Telling(
                STATION, pool, there, self.clock, self.announcer, Failpoints(failpoints), SEALER, say=self.said.append
            )
            running.start()
            try:
                yield running
            finally:
                running.stop()

    def policy(self, **told: Any) -> None:
        """Set the station's policy."""
        with connect(self.url, "test") as connection:
            registry_store.put_policy(connection, STATION, Policy(**told))

    def ring(self, *rungs: Sequence[str], priority: str = "P1", later: timedelta = timedelta(hours=1)) -> int:
        """Open an incident; its first rung calls these users now, the others wait. Returns its id."""
        now = self.clock.now()
        with connect(self.url, "test") as connection:
            registry = registry_store.load(connection, STATION)
            incident = incident_store.insert(
                connection,
                Incident(
                    station=STATION, priority=priority, title=TITLE, opened_at=now, changed_at=now, ladder=[],
                    area="grid-1",
                ),
            )  # fmt: skip
            called = [[{"user": user, "role": "officer"} for user in rung] for rung in rungs]
            tell.tell_people(
                connection, incident, None, sounding=1, rung=0, recipients=called[0], by=["push"], now=now,
                registry=registry,
            )  # fmt: skip
            for number, recipients in enumerate(called[1:], start=1):
                rungs_store.plan(
                    connection, incident.id, sounding=1, number=number, kind="call", due_at=now + number * later,
                    recipients=recipients, climbed=False,
                )  # fmt: skip
        return incident.id

    def send(self, why: Why, *users: str, state: str = "dispatched", overdue: int = 0, rung: Sequence[str] = ()) -> int:
        """Send or urge these users, who are on an incident in a state and so late; returns its id.

        With `rung` a rung that calls these is still to come.
        """
        now = self.clock.now()
        with connect(self.url, "test") as connection:
            fresh = Incident(
                station=STATION, priority="P1", title=TITLE, opened_at=now, changed_at=now, ladder=[], area="grid-1",
                state=state, assignees=list(users),
            )  # fmt: skip
            incident = incident_store.insert(connection, fresh)
            late = msgspec.structs.replace(incident, overdue=overdue)
            incident = incident_store.move(connection, late)
            tell_users(connection, incident, why, users, now)
            if rung:
                rungs_store.plan(
                    connection, incident.id, sounding=1, number=1, kind="call", due_at=now + timedelta(hours=1),
                    recipients=[{"user": user, "role": "officer"} for user in rung], climbed=False,
                )  # fmt: skip
        return incident.id

    def rows(self, query: str, *parameters: object) -> list[dict[str, Any]]:
        """What the database says."""
        with psycopg.connect(self.url, row_factory=dict_row) as connection:
            return connection.execute(query, parameters).fetchall()  # type: ignore[arg-type]

    def execute(self, statement: str, *parameters: object) -> None:
        """Change the database behind everybody's back."""
        with psycopg.connect(self.url) as connection:
            connection.execute(statement, parameters)  # type: ignore[arg-type]

    def messages(self, incident: int, channel: str | None = None) -> list[dict[str, Any]]:
        """The messages of an incident, oldest first."""
        found = self.rows("select * from notification where incident_id = %s order by id", incident)
        return [row for row in found if channel in {None, row["channel"]}]

    def steps(self, incident: int) -> list[dict[str, Any]]:
        """An incident's timeline."""
        return self.rows("select * from incident_step where incident_id = %s order by id", incident)

    def until_told(self, incident: int, channel: str, state: str = "accepted") -> dict[str, Any]:
        """Wait until a channel has a message of an incident, and return it."""
        found = wait_for(
            lambda: [row for row in self.messages(incident, channel) if row["state"] == state],
            f"{channel} to have a message that is {state}",
            30,
        )
        row: dict[str, Any] = found[0]
        return row
