"""The long run: each of gateway, broker, database and API killed at least 20 times under 1,000 events a second."""

from __future__ import annotations

import os
from pathlib import Path

from tests.faults.nemesis import Plan, run, verdict


def test_nothing_is_lost_and_nothing_doubled(tmp_path: Path) -> None:
    plan = Plan(
        seed=int(os.environ.get("SEED", "20261122")),
        seconds=float(os.environ.get("SECONDS_OF_LOAD", "300")),
        kills_each=int(os.environ.get("KILLS", "20")),
    )
    outcome = run(plan, tmp_path / "station")
    print(f"seed {plan.seed}: {outcome.summary()}")
    complaints = verdict(outcome)
    assert not complaints, f"replay with SEED={plan.seed} make faults: " + "; ".join(complaints)
    assert all(outcome.kills[part] >= plan.kills_each for part in ("gateway", "broker", "postgres", "api"))
    assert outcome.kills["gateway by failpoint"] >= plan.failpoint_kills
