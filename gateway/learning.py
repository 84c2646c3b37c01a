"""Learning: what a version of a rule would know by now, had it always run. In a process of its own, from the store.

The past is replayed through the same code as live (`rules.replay`), as far back as the rule's `memory` reaches. What
comes out is data: states, timers, what stands, and up to which commit it was read; the road reads on from there.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.model.device_health import DeviceHealth
from gateway.model.errors import AnxinError, Misconfigured, StoreUnavailable
from gateway.model.event import ALERT_RAISED
from gateway.model.judgement import Verdict
from gateway.past import Past
from gateway.rule_book import revive
from gateway.settings import Settings, read_settings
from gateway.store import events as event_store
from gateway.store import rule_versions
from gateway.store.pool import connect, snapshot
from rules.judging import Key
from rules.replay import Replay, RuleFailed
from rules.rule import Rule

#: How far it steps back for everything else on the machine.
NICE = 10
PR_SET_PDEATHSIG = 1
#: Exit code: the database was away.
TRY_AGAIN = 75


class Version(msgspec.Struct, frozen=True):
    """A version to be learnt, as it was written down."""

    rule: str
    version: int
    definition: dict[str, Any]

    def alive(self) -> Rule:
        """Bring it to life. Raises `Misconfigured`."""
        return revive(self.rule, self.version, self.definition)


class Learnt(msgspec.Struct):
    """What versions know. `states` as JSON by (rule, subject); `read_until` is the last commit that was read (UTC).

    `raised` is the last raise of each (rule, subject) that has not been cleared or retracted since.
    """

    since: datetime
    events: int
    read_until: datetime | None
    states: list[tuple[str, str, bytes]]
    timers: list[tuple[str, str, str, datetime]]
    raised: list[Verdict]
    last_heard: dict[str, datetime]
    online: dict[str, bool]


class Standing:
    """Follows verdicts: the last raise of each (rule, subject) that has not ended."""

    def __init__(self, raised: Sequence[Verdict] = ()) -> None:
        self.raised: dict[Key, Verdict] = {(verdict.rule, verdict.subject): verdict for verdict in raised}

    def __call__(self, verdict: Verdict, _moment: datetime) -> None:
        """Take one verdict."""
        key = (verdict.rule, verdict.subject)
        if verdict.action in {"raise", "extend"}:
            self.raised[key] = verdict
        else:
            self.raised.pop(key, None)


class Task(msgspec.Struct, frozen=True):
    """What a process apart is told: these versions, up to this moment. Its settings it reads itself."""

    versions: list[Version]
    now: datetime


def learn_apart(versions: Sequence[Version], now: datetime) -> Learnt:
    """Do the same as `learn` in a process of its own: the road shares no interpreter with a million events.

    It ends when this process does. Raises `StoreUnavailable`, and `Misconfigured` with what it said when it cannot.
    """
    done = subprocess.run(
        [sys.executable, "-m", "gateway.learning"],
        input=msgspec.json.encode(Task(list(versions), now)),
        capture_output=True,
        check=False,
    )
    told = done.stderr.decode(errors="replace").strip()[-2000:]
    if done.returncode == TRY_AGAIN:
        raise StoreUnavailable(told)
    if done.returncode:
        raise Misconfigured(told or f"the process that learnt ended with {done.returncode}")
    return msgspec.msgpack.decode(done.stdout, type=Learnt)


def learn(settings: Settings, versions: Sequence[Version], now: datetime) -> Learnt:
    """Let versions live through the stored past up to now.

    Raises `RuleFailed` when one throws on the way, `Misconfigured`, `StoreUnavailable`.
    """
    rules = [version.alive() for version in versions]
    kept = timedelta(days=settings.store_keep_days)
    late = timedelta(days=settings.store_late_days)
    since = now - min(kept, max((rule.memory for rule in rules), default=timedelta()))
    with connect(settings.database, "learning") as connection, snapshot(connection):
        past = Past(connection, settings.station, since, now + timedelta(minutes=5), late)
        read_until = event_store.newest_commit(connection, settings.station, since - late)
        standing = Standing()
        beside = _beside(connection, rules)
        replay = Replay([*rules, *beside], past.registry, since, health=past.health(), on_verdict=standing)
        events = past.play(replay)
    learnt = {rule.id for rule in rules}
    return Learnt(
        since=since,
        events=events,
        read_until=read_until,
        states=[(*key, msgspec.json.encode(told)) for key, told in replay.memory.states.items() if key[0] in learnt],
        timers=[(*key, due) for key, due in replay.memory.timers.items() if key[0] in learnt],
        raised=[verdict for verdict in standing.raised.values() if verdict.rule in learnt],
        last_heard=dict(replay.health.last_heard),
        online=dict(replay.health.online),
    )


def _beside(connection: Connection[TupleRow], rules: Sequence[Rule]) -> list[Rule]:
    """The running rules that must raise for these to hear it: none, unless one of these judges what others raise."""
    if not any(ALERT_RAISED in rule.event_kinds for rule in rules):
        return []
    ids = {rule.id for rule in rules}
    return [revive(rule, *told) for rule, told in rule_versions.running(connection).items() if rule not in ids]


def main() -> None:
    """Learn what stands on standard input; what is learnt goes to standard output."""
    os.nice(NICE)
    _end_with_parent()
    task = msgspec.json.decode(sys.stdin.buffer.read(), type=Task)
    try:
        learnt = learn(read_settings(), task.versions, task.now)
    except StoreUnavailable as error:
        sys.stderr.write(str(error))
        sys.exit(TRY_AGAIN)
    except (AnxinError, RuleFailed) as error:
        sys.exit(str(error))
    sys.stdout.buffer.write(msgspec.msgpack.encode(learnt))


def _end_with_parent() -> None:
    """A gateway that is killed leaves nobody learning for nothing (Linux; elsewhere the write at the end fails)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def resume(
    rules: Sequence[Rule], learnt: Learnt, past: Past, on_verdict: Callable[[Verdict, datetime], None]
) -> Replay:
    """Return a replay that goes on from what was learnt."""
    kinds = {rule.id: rule.State for rule in rules}
    return Replay(
        rules,
        past.registry,
        past.since,
        health=DeviceHealth(learnt.last_heard, learnt.online),
        states={
            (rule, subject): msgspec.json.decode(state, type=kind)
            for rule, subject, state in learnt.states
            if (kind := kinds[rule]) is not None
        },
        timers={(rule, subject, name): due for rule, subject, name, due in learnt.timers},
        on_verdict=on_verdict,
    )


if __name__ == "__main__":
    main()
