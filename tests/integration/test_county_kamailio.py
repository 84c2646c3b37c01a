"""Against Kamailio, a registrar we did not write: digest over UDP and TCP, sanity checks on every message."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from connectors.gb28181.news import AlarmFailed, AlarmSent, StateChanged
from tests.county import Running, needs, registrar, until
from tests.unit.gb28181.desk import BUTTON, OURS, alarm, item

pytestmark = [needs("kamailio"), pytest.mark.slow]


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_it_registers_keeps_alive_says_an_alarm_and_leaves(tmp_path: Path, transport: str) -> None:
    with registrar(tmp_path) as county:
        with Running(county.address, (item(BUTTON),), transport=transport, keepalive_s=0.3) as ours:
            ours.until(StateChanged, state="online")
            ours.alarm(alarm(description="实验小学东门 一键报警 㙍𠮷"))
            assert ours.until(AlarmSent)[0].by == "message"
            until(lambda: sum("Keepalive" in one for one in county.bodies()) >= 2, "two keepalives")
        said = [one for one in county.bodies() if "<CmdType>Alarm</CmdType>" in one]
        assert len(said) == 1
        told = dict(re.findall(r"<(\w+)>([^<]*)</", said[0]))
        assert (told["DeviceID"], told["AlarmPriority"], told["AlarmMethod"]) == (BUTTON, "1", "2")
        assert told["AlarmDescription"] == "实验小学东门 一键报警 㙍𠮷"
        assert county.logged("REGISTERED") == [f"REGISTERED {OURS} 3600", f"REGISTERED {OURS} 0"]
        assert county.logged("INSANE") == []


def test_a_wrong_password_is_said_and_no_alarm_is_thought_sent(tmp_path: Path) -> None:
    with registrar(tmp_path, password="another") as county, Running(county.address) as ours:
        assert "bad credentials" in ours.until(StateChanged, state="waiting")[0].why
        ours.alarm(alarm())
        assert ours.until(AlarmFailed)[0].again
        assert county.bodies() == []


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_registrar_that_died_and_came_back_empty_is_registered_at_anew(tmp_path: Path, transport: str) -> None:
    with registrar(tmp_path) as county:
        ours = Running(county.address, transport=transport, keepalive_s=0.3)
        with ours:
            ours.until(StateChanged, state="online")
            county.stop()
            if transport == "udp":
                time.sleep(0.5)  # it is away long enough for a keepalive to be missed
            with registrar(tmp_path, port=county.port) as again:
                # It knows nobody any more: 404 to the keepalive, or the connection is gone.
                ours.until(StateChanged, 2, seconds=60, state="online")
                ours.alarm(alarm("a2"))
                ours.until(AlarmSent, key="a2")
                assert sum("<CmdType>Alarm</CmdType>" in one for one in again.bodies()) == 1
