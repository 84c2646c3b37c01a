"""The load generator accounts for every event, through cuts and refusals."""

import asyncio
import json
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from simulators.__main__ import main
from simulators.load_ledger import Ledger
from simulators.load_link import Broker
from simulators.load_mix import TOWN_MIX, EventMaker
from simulators.load_run import LoadError, LoadRun, Plan


def plan(port: int, **changes: Any) -> Plan:
    wanted: dict[str, Any] = {
        "station": "st",
        "devices": ["d1", "d2", "d3"],
        "kinds": TOWN_MIX,
        "rate": 1000.0,
        "seconds": 0.2,
        "drain_s": 3.0,
        "connections": 2,
        "window": 50,
        "seed": 1,
    }
    return Plan(Broker("127.0.0.1", port, "u", "p"), **{**wanted, **changes})


def run_against(broker: Any, ledger: Path, **changes: Any) -> dict[str, Any]:
    async def both() -> dict[str, Any]:
        await broker.start()
        try:
            return await LoadRun(plan(broker.port, **changes), Ledger(ledger)).run()
        finally:
            await broker.stop()

    return asyncio.run(both())


def ledger_ids(ledger: Path) -> list[str]:
    return [line.split()[1] for line in ledger.read_text().splitlines()]


def ids(publishes: list[Any]) -> list[str]:
    return [json.loads(publish.payload)["id"] for publish in publishes]


def test_the_ledger_holds_exactly_what_was_acknowledged(fake_broker: Any, tmp_path: Path) -> None:
    broker = fake_broker()

    summary = run_against(broker, tmp_path / "ledger")

    assert summary["offered"] == summary["sent"] == summary["acked"] == 200
    assert summary["resent"] == summary["reconnects"] == 0
    assert sorted(ledger_ids(tmp_path / "ledger")) == sorted(ids(broker.acked))
    assert broker.said_goodbye == 2


def test_what_was_not_acknowledged_is_sent_again_with_dup_and_the_same_id(fake_broker: Any, tmp_path: Path) -> None:
    broker = fake_broker(withhold=20)

    summary = run_against(broker, tmp_path / "ledger", connections=1)

    again = [publish for publish in broker.published if publish.dup]
    assert set(ids(broker.published[:20])) <= set(ids(again))
    assert summary["resent"] == len(again) >= 20
    assert summary["reconnects"] == 1
    assert summary["acked"] == summary["offered"] == 200
    assert sorted(ledger_ids(tmp_path / "ledger")) == sorted(set(ids(broker.published)))


def test_a_packet_id_means_one_event_until_it_is_acknowledged(fake_broker: Any, tmp_path: Path) -> None:
    broker = fake_broker(withhold=5)

    run_against(broker, tmp_path / "ledger", connections=1, rate=0.0, seconds=0.3, window=7)

    assert {publish.packet_id for publish in broker.published} <= set(range(1, 8))
    first = {publish.packet_id: publish.payload for publish in broker.published[:5]}
    again = {publish.packet_id: publish.payload for publish in broker.published if publish.dup}
    assert again.keys() == set(range(1, 8))
    assert first.items() <= again.items()


def test_a_device_keeps_to_one_connection_and_its_order(fake_broker: Any, tmp_path: Path) -> None:
    broker = fake_broker()

    run_against(broker, tmp_path / "ledger", rate=0.0, seconds=0.2)

    for device in ("d1", "d2", "d3"):
        own = [publish for publish in broker.acked if f"/{device}/" in publish.topic]
        assert ids(own) == sorted(ids(own))


def test_alarms_go_to_their_own_topic(fake_broker: Any, tmp_path: Path) -> None:
    broker = fake_broker()

    summary = run_against(broker, tmp_path / "ledger", alarm_device="button", alarm_every_s=0.05)

    alarms = [publish for publish in broker.acked if publish.topic == "anxin/v1/st/button/alarm"]
    assert len(alarms) == summary["alarms"]["acked"] == 4
    assert {json.loads(alarm.payload)["kind"] for alarm in alarms} == {"alarm.pressed"}
    assert summary["acked"] == 204


def test_without_pubacks_the_end_is_bounded(fake_broker: Any, tmp_path: Path) -> None:
    broker = fake_broker(withhold=1_000_000)
    started = time.monotonic()

    summary = run_against(broker, tmp_path / "ledger", seconds=0.04, drain_s=0.2)

    assert summary["offered"] == 40
    assert summary["acked"] == 0
    assert summary["puback_ms"] == {"p50": None, "p99": None}
    assert time.monotonic() - started < 20
    assert (tmp_path / "ledger").read_text() == ""


def test_a_refused_login_is_an_error_at_once(fake_broker: Any, tmp_path: Path) -> None:
    with pytest.raises(LoadError, match="refuses the login"):
        run_against(fake_broker(code=5), tmp_path / "ledger")


def test_events_look_like_those_of_a_device() -> None:
    maker = EventMaker("st", ["d"], TOWN_MIX, "seed")
    moment = datetime.fromisoformat("2026-11-22T08:00:00.123+08:00")

    made = [maker.make(moment.timestamp()) for _ in range(300)]

    bodies = [json.loads(event.payload) for event in made]
    assert all(body.keys() == {"id", "ts", "kind", "data"} for body in bodies)
    assert {datetime.fromisoformat(body["ts"]) for body in bodies} == {moment}
    assert {body["kind"] for body in bodies} <= TOWN_MIX.keys()
    assert len({len(body["id"]) for body in bodies}) == 1
    assert [body["id"] for body in bodies] == sorted({body["id"] for body in bodies})
    assert {event.topic for event in made} == {b"anxin/v1/st/d/event"}


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--host", "192.0.2.1", "--device", "d"], "--allow-remote"),
        (["--host", "127.0.0.1"], "--device"),
        (["--host", "127.0.0.1", "--device", "d", "--alarm-every", "1"], "--alarm-device"),
    ],
)
def test_the_command_refuses_what_is_dangerous_or_incomplete(arguments: list[str], complaint: str) -> None:
    login = ["--port", "1", "--username", "u", "--password", "p", "--station", "s"]
    result = CliRunner().invoke(main, ["load", *login, "--rate", "1", "--seconds", "1", *arguments])

    assert result.exit_code == 2
    assert complaint in result.output


def test_a_target_file_stands_in_for_options_but_not_for_all(tmp_path: Path) -> None:
    target = tmp_path / "demo.json"
    target.write_text(json.dumps({"mqtt": {"host": "127.0.0.1", "port": 1, "username": "u"}, "station": "s"}))
    result = CliRunner().invoke(
        main, ["load", "--target", str(target), "--rate", "1", "--seconds", "1", "--device", "d"]
    )

    assert result.exit_code == 2
    assert "--password must be given" in result.output
