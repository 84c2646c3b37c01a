"""An alert is kept quiet by a louder one about the very same subject, and by nothing else."""

from __future__ import annotations

from datetime import timedelta

from gateway.clock import VirtualClock
from gateway.settings import Settings
from tests.integration.test_activation import RULE, changed, denied, driving
from tests.integration.test_backfill import NOW, fresh, one, rows, server

__all__ = ["fresh", "server"]


def test_whoever_is_looked_for_already_is_not_looked_for_twice(fresh: Settings) -> None:
    loud = changed(fresh, RULE)
    quieter = loud.model_copy(update={"id": "own-quieter", "inhibited_by": (RULE,)})
    clock = VirtualClock(NOW)
    with driving(fresh, clock, [loud, quieter]) as road:
        for number in range(5):
            denied(road, clock, NOW + number * timedelta(seconds=10), number)
    told = rows(fresh, "select rule_id, suppressed_by, sounded > 0 as sounded from alert order by rule_id")
    assert told == [
        {"rule_id": "own-quieter", "suppressed_by": RULE, "sounded": False},
        {"rule_id": RULE, "suppressed_by": None, "sounded": True},
    ]
    assert one(fresh, "select count(*) from incident") == 1


def test_another_subject_explains_nothing(fresh: Settings) -> None:
    loud = changed(fresh, RULE).model_copy(update={"subject": "place"})
    quieter = changed(fresh, RULE).model_copy(update={"id": "own-quieter", "inhibited_by": (RULE,)})
    clock = VirtualClock(NOW)
    with driving(fresh, clock, [loud, quieter]) as road:
        for number in range(5):
            denied(road, clock, NOW + number * timedelta(seconds=10), number)
    assert one(fresh, "select count(*) from alert where suppressed_by is not null") == 0
    assert one(fresh, "select count(*) from alert where sounded = 1") == 2
    assert one(fresh, "select count(*) from incident") == 1, "heard both, and one incident: of one sort at one place"
