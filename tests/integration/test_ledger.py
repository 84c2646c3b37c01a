"""The short run of the fault test: a few kills of each part, and the failpoints around the commit."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.faults.nemesis import Outcome, Plan, run, verdict

TRIES = 3


@pytest.mark.timeout(600)
def test_what_the_broker_acknowledged_is_stored_once_and_judged_once(tmp_path: Path) -> None:
    """Failpoints strike by dice at each batch; a slow machine makes few batches, and has more tries."""
    first = int(os.environ.get("SEED", "7"))
    for seed in range(first, first + TRIES):
        plan = Plan(seed=seed, seconds=25, kills_each=2, buttons=8, failpoint_kills=4)
        outcome = run(plan, tmp_path / f"station-{seed}")
        print(outcome.summary())
        complaints = verdict(outcome)
        assert not complaints, f"replay with SEED={plan.seed}: " + "; ".join(complaints)
        if outcome.kills["gateway by failpoint"] > 0:
            return
    pytest.fail("no failpoint struck: the runs prove less than they say")


def test_the_verdict_can_say_no() -> None:
    broken = Outcome(
        acked=[("d", "1", "door.opened"), ("d", "2", "door.opened")],
        stored=[("d", "1"), ("d", "1"), ("d", "9")],
        tallied={"d": 3},
        presses={"b": "p"},
        alerts=[{"id": 1, "device_id": "b", "seen": 2}],
    )
    told = " ".join(verdict(broken))
    for word in ("are not stored", "stored twice", "in no ledger", "counted wrong", "saw 2 presses", "never reached"):
        assert word in told
