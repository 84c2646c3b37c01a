"""The horizon: up to which moment timers may fire. And the back-off of deliveries, and device health."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.clock import monotonic
from gateway.driver import Driver
from gateway.failpoints import Failpoints
from gateway.model.device_health import DeviceHealth
from gateway.model.errors import Misconfigured
from gateway.model.event import Event
from gateway.model.ports import Delivery, Outcome
from gateway.telling.deliver import FIRST_RETRY_S, LONGEST_RETRY_S, retry_delay

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


class Still:
    """A clock that stands still."""

    def now(self) -> datetime:
        return NOW


class FakeSource:
    """A source whose watermark and last sign of life are set by hand."""

    name = "fake"

    def __init__(self, watermark: datetime | None, silent_s: float = 0, backlog: int = 0) -> None:
        self.watermark = watermark
        self.progressed_at = monotonic() - silent_s
        self.backlog = backlog

    def take(self, limit: int) -> list[Delivery]:
        del limit
        return []

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        del deliveries

    def is_marker(self, delivery: Delivery) -> bool:
        del delivery
        return False


def horizon(*sources: FakeSource, stood_still_s: float = 0) -> datetime:
    road: Any = None
    driver = Driver(
        road, sources, Still(), batch_max=1, grace_s=60, committed=lambda: None
    )  # fmt: skip
    driver._grace_from -= 3600
    driver._went_round_at -= stood_still_s
    return driver.horizon()


def test_timers_wait_for_the_slowest_source() -> None:
    early, late = NOW - timedelta(seconds=30), NOW - timedelta(seconds=1)
    assert horizon(FakeSource(late), FakeSource(early)) == early


def test_nothing_fires_before_every_source_was_read_once() -> None:
    assert horizon(FakeSource(NOW), FakeSource(None)) < NOW - timedelta(days=365)


def test_a_source_that_says_nothing_for_the_grace_is_waited_for_no_longer() -> None:
    early = NOW - timedelta(seconds=30)
    assert horizon(FakeSource(None, silent_s=61), FakeSource(NOW)) == NOW
    assert horizon(FakeSource(None, silent_s=61), FakeSource(early)) == early, "the others still count"


def test_the_grace_does_not_count_a_pause_of_our_own_or_what_we_have_not_taken_yet() -> None:
    early = NOW - timedelta(seconds=90)
    silent = FakeSource(early, silent_s=61)
    assert horizon(silent) == NOW
    assert horizon(silent, stood_still_s=70) == early, "we were stopped: what came meanwhile is heard first"
    assert horizon(FakeSource(early, silent_s=61, backlog=1)) == early


def test_retries_back_off_with_jitter_and_obey_the_provider() -> None:
    again = Outcome("retry")
    first, tenth = retry_delay(1, again).total_seconds(), retry_delay(10, again).total_seconds()
    assert FIRST_RETRY_S / 2 <= first <= FIRST_RETRY_S
    assert LONGEST_RETRY_S / 2 <= tenth <= LONGEST_RETRY_S
    assert retry_delay(2000, again).total_seconds() <= LONGEST_RETRY_S
    assert retry_delay(1, Outcome("retry", retry_after=7)) == timedelta(seconds=7)
    assert retry_delay(1, Outcome("retry", retry_after=9999)) == timedelta(seconds=LONGEST_RETRY_S)


def event(kind: str, at: datetime, **data: Any) -> Event:
    return Event("s", "d", "1", at, at, at, kind, data, 1, "camera", None)


def test_a_farewell_is_no_sign_of_life() -> None:
    health = DeviceHealth({})
    health.learn([event("camera.person", NOW)])
    worth = health.learn([event("device.offline", NOW + timedelta(hours=1), battery=40)])
    assert health.last_heard["d"] == NOW
    assert (worth["d"].online, worth["d"].battery, worth["d"].heard) == (False, 40, NOW)


def test_who_speaks_after_a_farewell_is_back_and_so_is_its_gateway() -> None:
    health = DeviceHealth({}, {})
    health.learn([event("device.offline", NOW)])
    behind = msgspec.structs.replace(event("door.opened", NOW - timedelta(minutes=1)), device="lock", via="d")
    health.learn([behind])
    assert health.online["d"] is False, "it said that before, and it came late"
    worth = health.learn([msgspec.structs.replace(behind, ts=NOW + timedelta(minutes=1))])
    assert health.online["d"] is True
    assert worth["d"].online is True
    health.rolled_back()
    assert health.online == {}


def test_last_heard_is_written_sparingly() -> None:
    health = DeviceHealth({})
    assert health.learn([event("camera.person", NOW)])
    assert not health.learn([event("camera.person", NOW + timedelta(seconds=5))])
    assert health.learn([event("camera.person", NOW + timedelta(seconds=16))])["d"].heard == NOW + timedelta(seconds=16)
    assert health.last_heard["d"] == NOW + timedelta(seconds=16)


def test_what_an_undone_batch_taught_is_forgotten() -> None:
    health = DeviceHealth({}, {})
    health.learn([event("device.online", NOW)])
    health.committed()
    later = event("device.offline", NOW + timedelta(hours=1))
    health.learn([later, event("camera.person", NOW + timedelta(hours=2))])
    health.rolled_back()
    assert health.online == {"d": True}
    assert health.last_heard["d"] == NOW


def test_failpoints_are_named_and_seeded() -> None:
    with pytest.raises(Misconfigured, match="none of"):
        Failpoints("somewhere=1")
    dice = [Failpoints("after_commit=0.5;seed=3") for _ in range(2)]
    rolls = [[one.strikes("after_commit") for _ in range(50)] for one in dice]
    assert rolls[0] == rolls[1]
    assert 10 < sum(rolls[0]) < 40
    assert not Failpoints("").strikes("after_commit")
    with pytest.raises(Misconfigured, match="neither seed"):
        Failpoints("after_commit=1;sometimes=yes")


def test_failpoints_may_wait_for_a_file(tmp_path: Path) -> None:
    armed = tmp_path / "armed"
    points = Failpoints(f"after_commit=1;armed_by={armed}")
    assert not points.strikes("after_commit")
    armed.touch()
    assert points.strikes("after_commit")
    assert not points.strikes("before_store")
