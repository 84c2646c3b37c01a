"""Rules' state per subject: read when first touched, written back with the batch, forgotten on rollback."""

from __future__ import annotations

import heapq
from collections import OrderedDict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, get_type_hints

import msgspec
import structlog
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.model.judgement import Judgement, Timer
from gateway.store import rule_state
from gateway.store.rule_state import Key
from rules.load import RuleBook
from rules.rule import Rule

log = structlog.get_logger()

#: Subjects kept in memory; the least recently touched make room.
MOST_KEPT = 200_000
#: A state (or a profile) larger than this, as JSON, is a rule that grows without bound.
MOST_BYTES = 131_072
#: The field of a state that is learnt slowly and is large: it is written only when it is another object than before.
PROFILE = "profile"


class KeyedState:
    """The state and timers of the subjects in sight of one station's road.

    States are values: they are replaced, never changed in place, so forgetting the touched ones undoes a batch.
    """

    def __init__(self, station: str, book: RuleBook) -> None:
        self._station = station
        self._book = book
        self._known: OrderedDict[Key, Any] = OrderedDict()
        #: The profiles the store has, by key: the very objects.
        self._profiles: dict[Key, Any] = {}
        #: What is to be written, as (state, profile or None) in JSON.
        self._encoded: dict[Key, tuple[str, str | None]] = {}
        self._connection: Connection[TupleRow] | None = None
        self._changed: set[Key] = set()
        self._timers: dict[tuple[str, str, str], datetime | None] = {}
        self._touched: set[Key] = set()
        #: What was armed since somebody last asked, as a heap's entries.
        self._newly_armed: list[tuple[datetime, str, str, str]] = []

    def load(self, connection: Connection[TupleRow], keys: Iterable[Key]) -> None:
        """Make sure that these keys are in memory."""
        self._connection = connection
        wanted = set(keys)
        self._touched |= wanted
        missing = [key for key in wanted if key not in self._known]
        if not missing:
            return
        stored = rule_state.load_states(connection, self._station, missing)
        for key in missing:
            self._known[key] = self._decode(key, stored.get(key))

    def change_book(self, book: RuleBook, changed: Iterable[str]) -> None:
        """Let other versions run; what is known of the changed rules is read anew."""
        self._book = book
        gone = set(changed)
        for key in [key for key in self._known if key[0] in gone]:
            self._forget(key)

    def forget_subjects(self, subjects: Collection[str]) -> None:
        """Let go of what is in memory of subjects that are gone; the store is told by whoever says so."""
        for key in [key for key in self._known if key[1] in subjects]:
            self._touched.add(key)
            self._forget(key)

    def _decode(self, key: Key, stored: tuple[str, str | None] | None) -> Any:
        try:
            state = decode_state(self._book.rules[key[0]], stored)
        except msgspec.DecodeError as error:
            # The rule's kind changed under its id, say. Better to begin anew than to fall silent.
            log.error("a state cannot be read; the rule begins anew", rule=key[0], subject=key[1], error=str(error))  # noqa: TRY400
            return None
        if (learnt := getattr(state, PROFILE, None)) is not None:
            self._profiles[key] = learnt
        return state

    def get(self, key: Key) -> Any:
        """The state of a key, None when it has none; one that was not loaded with the batch is read now."""
        if key not in self._known and self._connection is not None:
            self.load(self._connection, [key])
        self._known.move_to_end(key)
        return self._known[key]

    def keep(self, key: Key, judgement: Judgement) -> None:
        """Take what a rule wants kept."""
        if judgement.state is not None:
            self._known[key] = judgement.state
            self._changed.add(key)
        for name, due in judgement.timers.items():
            self._timers[(*key, name)] = due
            if due is not None:
                self._newly_armed.append((due, *key, name))

    def put(self, key: Key, state: Any) -> None:
        """Take a state from elsewhere: learnt, or read on."""
        self._touched.add(key)
        self._forget(key)
        self._known[key] = state
        self._changed.add(key)

    def arm(self, timer: tuple[str, str, str], due: datetime) -> None:
        """Take a timer from elsewhere."""
        self._timers[timer] = due

    def disarm(self, rule: str, subject: str, name: str) -> None:
        """A timer fired; unless its rule arms it again it is gone."""
        self._timers[rule, subject, name] = None

    def due_of(self, key: tuple[str, str, str], stored: datetime | None) -> datetime | None:
        """When a timer is due as things stand in this batch; `stored` is what the store says."""
        return self._timers.get(key, stored)

    def take_newly_armed(self) -> list[tuple[datetime, str, str, str]]:
        """Return what was armed since the last call: (due, rule, subject, name)."""
        taken, self._newly_armed = self._newly_armed, []
        return taken

    def overgrown(self) -> set[Rule]:
        """The rules of which a changed state is too large to be kept; it stays as the store has it."""
        too_large: set[Rule] = set()
        for key in self._changed:
            state, profile = self._known[key], None
            learnt = getattr(state, PROFILE, None)
            if learnt is not None:
                state = msgspec.structs.replace(state, **{PROFILE: None})
                if learnt is not self._profiles.get(key):
                    profile = msgspec.json.encode(learnt).decode()
            encoded = (msgspec.json.encode(state).decode(), profile)
            if max(len(encoded[0]), len(profile or "")) > MOST_BYTES:
                too_large.add(self._book.rules[key[0]])
            else:
                self._encoded[key] = encoded
                self._profiles[key] = learnt
        return too_large

    def flush(self, connection: Connection[TupleRow]) -> datetime | None:
        """Write what `overgrown` let pass; returns the earliest moment among the timers armed."""
        rule_state.save_states(connection, self._station, self._encoded)
        rule_state.save_timers(connection, self._station, self._timers)
        return min((due for due in self._timers.values() if due is not None), default=None)

    def committed(self) -> None:
        """The batch is stored."""
        self._changed.clear()
        self._encoded.clear()
        self._timers.clear()
        self._touched.clear()
        self._newly_armed.clear()
        while len(self._known) > MOST_KEPT:
            self._forget(next(iter(self._known)))

    def rolled_back(self) -> None:
        """The batch is undone: what it touched is read anew next time."""
        for key in self._touched | self._changed:
            self._forget(key)
        self.committed()

    def _forget(self, key: Key) -> None:
        self._known.pop(key, None)
        self._profiles.pop(key, None)

    @property
    def subjects(self) -> int:
        """How many subjects are in memory."""
        return len(self._known)


def decode_state(rule: Rule, stored: tuple[str, str | None] | None) -> Any:
    """Return a rule's state of a subject from what the store has (state and profile as JSON). Raises `DecodeError`."""
    if stored is None or rule.State is None:
        return None
    text, profile = stored
    state = msgspec.json.decode(text, type=rule.State)
    if profile is None:
        return state
    learnt = msgspec.json.decode(profile, type=get_type_hints(rule.State)[PROFILE])
    return msgspec.structs.replace(state, **{PROFILE: learnt})


class TimersOnTheWay:
    """The timers of a stretch of virtual time in due order: those the store knows and those armed on the way."""

    def __init__(self, states: KeyedState, known: Sequence[Timer]) -> None:
        self.known = known
        self._states = states
        self._stored = {(timer.rule, timer.subject, timer.name): timer.due_at for timer in known}
        self._agenda = [(timer.due_at, timer.rule, timer.subject, timer.name) for timer in known]
        heapq.heapify(self._agenda)

    def next_before(self, moment: datetime) -> Timer | None:
        """Take the earliest timer due before a moment; None when there is none."""
        for armed in self._states.take_newly_armed():
            heapq.heappush(self._agenda, armed)
        while self._agenda and self._agenda[0][0] < moment:
            due, *key = heapq.heappop(self._agenda)
            rule, subject, name = key
            # What was armed anew meanwhile, taken back or fired already has another due time by now.
            if self._states.due_of((rule, subject, name), self._stored.get((rule, subject, name))) == due:
                return Timer(rule, subject, name, due)
        return None
