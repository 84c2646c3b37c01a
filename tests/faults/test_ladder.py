"""Kill -9 while ladders are climbed, at moments drawn by seed: no rung lost, none sent twice as another message."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import msgspec
import pytest

from gateway.model.policy import Ladder, Policy, Rung
from gateway.model.registry import Device, Place
from tests.station import Station, make_site, wait_for

SEED = int(os.environ.get("SEED", "20261122"))
BUTTONS, KILLS = 12, 20
CLIMB = Policy(
    ladders=(
        Ladder(
            "P1",
            (
                Rung(0, ("officer",)),
                Rung(4, ("officer", "deputy")),
                Rung(9, ("commander",)),
                Rung(15, ("station",)),
            ),
            expires_after_s=20,
        ),
    ),
    join_within_s=0,
)
#: By rung: how many are called.
CALLED = {0: 1, 1: 2, 2: 1, 3: 3}


@pytest.mark.faults
def test_every_rung_of_every_ladder_is_climbed_once_over_twenty_kills(tmp_path: Path) -> None:
    rng = random.Random(SEED)
    site = make_site(1)
    gates = [Place(f"gate-{n}", "school_gate", "grid-1", f"学校{n}") for n in range(BUTTONS)]
    buttons = [Device(f"press-{n}", "school_button", f"gate-{n}", "按钮") for n in range(BUTTONS)]
    station = Station(
        tmp_path, msgspec.structs.replace(site, places=[*site.places, *gates], devices=[*site.devices, *buttons])
    )
    station.policy = CLIMB
    try:
        station.start_all()
        pending = [button.id for button in buttons]
        with station.publisher() as town:
            for _ in range(KILLS):
                if pending:
                    town.event(pending.pop(), "alarm.pressed")
                time.sleep(rng.uniform(0.0, 2.5))
                station.kill("gateway")
                time.sleep(rng.uniform(0.0, 0.5))
                station.start_gateway(ready=rng.random() < 0.5)
            for button in pending:
                town.event(button, "alarm.pressed")
        wait_for(
            lambda: station.one("select count(*) from rung where kind = 'expiry' and state = 'climbed'") == BUTTONS,
            "the end of every ladder",
            120,
        )
        wait_for(
            lambda: (
                station.one("select count(*) from notification where state = 'queued' and username is not null") == 0
            ),
            "an empty outbox",
        )
        told = station.rows(
            "select incident_id, split_part(key, ':', 5)::int as rung, count(*) as n from notification "
            "where username is not null group by 1, 2"
        )
        assert {(row["incident_id"], row["rung"]): row["n"] for row in told} == {
            (incident["id"], rung): calls
            for incident in station.rows("select id from incident where priority = 'P1'")
            for rung, calls in CALLED.items()
        }
        heard = {message["key"] for message in station.phone_messages()}
        assert heard == {row["key"] for row in station.rows("select key from notification where username is not null")}
    finally:
        station.close()
