"""Playing live: against a broker and an API small enough to tell any story."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from simulators.scenario import play as playing
from simulators.scenario.command import scenario as command
from simulators.scenario.file import find, names
from simulators.scenario.play import refusal

LIVE = {
    "covered-camera", "duress-code", "falling-object", "fire-lane-car", "forced-door", "night-market",
    "one-card-many-doors", "propped-door", "refused-again", "school-alarm", "suspicious-entries-at-night", "tailgating",
}  # fmt: skip
RIGHT = "right"
PRESS = {
    "id": "quick-press",
    "title": {"zh": "按下", "en": "A press"},
    "shows": {"zh": "……", "en": "…"},
    "begins": "08:00",
    "warm_up": "0 s",
    "lasts": "2 s",
    "cast": {"button": {"device": "school_button", "nth": 1}},
    "steps": [{"say": "alarm.pressed", "by": "button", "name": "press", "at": "0.5 s"}],
    "must": [
        {"alert": "school-one-touch-alarm", "about": "button", "after": "press", "within": "1.5 s", "priority": "P1",
         "told": {"within": "1 min", "role": "officer"}, "rung": {"number": 1, "within": "1 min"}}
    ],
}  # fmt: skip


class Gateway(ThreadingHTTPServer):
    """What a running system says: a stream with one alert once the broker has a press, and its incident."""

    def __init__(self, broker: Any, *, deaf: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.broker, self.deaf = broker, deaf

    def alert(self) -> dict[str, Any]:
        return {
            "id": 5, "rule": "school-one-touch-alarm", "subject": "device:school-1-button", "device": "school-1-button",
            "priority": "P1", "sounded": 1, "active": True, "suppressed_by": None, "raised_at": _now(),
            "state": "active",
        }  # fmt: skip

    def incident(self) -> dict[str, Any]:
        return {
            "id": 9, "alerts": [5], "priority": "P1", "opened_at": _now(), "changed_at": _now(),
            "receipts": [{"channel": "phone", "user": "officer", "accepted_at": _now()},
                         {"channel": "phone", "user": "deputy", "accepted_at": None}],
            "timeline": [{"act": "opened", "at": _now(), "detail": {}},
                         {"act": "escalated", "at": _now(), "detail": {"rung": 1}}],
        }  # fmt: skip


class _Answers(BaseHTTPRequestHandler):
    server: Gateway

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        right = given == {"username": "operator", "password": RIGHT}
        self._json(200 if right else 401, {"token": "t"} if right else {"detail": "the password is wrong"})

    def do_GET(self) -> None:
        assert self.headers["Authorization"] == "Bearer t"
        if not self.path.endswith("/stream"):
            self._json(200, self.server.incident())
            return
        self.send_response(200)
        self.end_headers()
        self._frame("hello", {"position": 1}, 1)
        while not self.server.broker.acked:
            threading.Event().wait(0.02)
        if not self.server.deaf:
            self._frame("incident", self.server.incident(), 2)
            self._frame("alert", self.server.alert(), 3)
        threading.Event().wait(5)

    def _json(self, code: int, body: object) -> None:
        self.send_response(code)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def _frame(self, event: str, body: object, number: int) -> None:
        self.wfile.write(f"event: {event}\nid: {number}\ndata: {json.dumps(body)}\n\n".encode())
        self.wfile.flush()


def _now() -> str:
    return datetime.now(UTC).isoformat()


@contextmanager
def running(broker: Any, *, deaf: bool = False) -> Iterator[Gateway]:
    loop = asyncio.new_event_loop()
    turning = threading.Thread(target=loop.run_forever)
    turning.start()
    asyncio.run_coroutine_threadsafe(broker.start(), loop).result()
    gateway = Gateway(broker, deaf=deaf)
    gateway.daemon_threads = True
    gateway.block_on_close = False
    serving = threading.Thread(target=gateway.serve_forever, daemon=True)
    serving.start()
    try:
        yield gateway
    finally:
        gateway.shutdown()
        gateway.server_close()
        asyncio.run_coroutine_threadsafe(broker.stop(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        turning.join()
        loop.close()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(playing, "SETTLE_S", 0.2)
    monkeypatch.delenv("ANXIN_CLOCK", raising=False)


def played(gateway: Gateway, folder: Path, *more: str, password: str = RIGHT) -> Result:
    scenario, credentials = folder / "quick-press.yaml", folder / "devices.json"
    scenario.write_text(yaml.safe_dump(PRESS), encoding="utf-8")
    login = {"username": "school-1-button", "password": "x"}
    told = {"host": "127.0.0.1", "port": gateway.broker.port, "station": "chengguan"}
    credentials.write_text(json.dumps({**told, "devices": {"school-1-button": login}}), encoding="utf-8")
    api = f"http://127.0.0.1:{gateway.server_address[1]}"
    return CliRunner().invoke(
        command,
        ["play", str(scenario), "--credentials", str(credentials), "--api", api, "--user", "operator",
         "--language", "en", *more],
        env={"ANXIN_SCENARIO_PASSWORD": password},
    )  # fmt: skip


def test_a_press_is_said_watched_and_judged(fake_broker: Any, tmp_path: Path) -> None:
    broker = fake_broker()
    with running(broker) as gateway:
        result = played(gateway, tmp_path, "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout.splitlines()[-1])
    assert found["holds"]
    assert found["cast"] == {"button": ["school-1-button"]}
    (press,) = broker.acked
    assert press.topic == "anxin/v1/chengguan/school-1-button/alarm"
    assert json.loads(press.payload)["kind"] == "alarm.pressed"
    assert "school-1-button alarm.pressed" in result.stderr
    assert "alert school-one-touch-alarm" in result.stderr


def test_a_system_that_notices_nothing_is_found_out(fake_broker: Any, tmp_path: Path) -> None:
    with running(fake_broker(), deaf=True) as gateway:
        result = played(gateway, tmp_path)
    assert result.exit_code == 1
    assert "instead: nothing at all" in result.stdout


def test_a_wrong_password_is_told(fake_broker: Any, tmp_path: Path) -> None:
    with running(fake_broker()) as gateway:
        result = played(gateway, tmp_path, password="wrong")
    assert result.exit_code == 2
    assert "auth/login answers 401: the password is wrong" in result.stderr


def test_what_needs_a_virtual_clock_is_refused() -> None:
    live = {name for name in names() if refusal(find(name)) is None}
    assert live == LIVE
    for name in set(names()) - live:
        assert f"anxin simulate {name}" in str(refusal(find(name)))
    refused = CliRunner().invoke(
        command, ["play", "flood", "--credentials", "x", "--api", "x", "--user", "x", "--password", "x"]
    )
    assert refused.exit_code == 2
    assert "anxin simulate flood" in refused.stderr


def test_commands_tell_what_is_wrong_and_end_with_2(tmp_path: Path) -> None:
    def said(*words: str) -> str:
        result = CliRunner().invoke(command, list(words), input="")
        assert result.exit_code == 2, result.output
        return result.stderr

    assert "there is no scenario 'nope'" in said("judge", "nope", "--begin", "2026-11-23")
    assert "write a date such as" in said("tell", "school-alarm", "--begin", "tomorrow")
    assert "can't read" in said("tell", "school-alarm", "--begin", "2026-11-23", "--site", str(tmp_path / "no.yaml"))
    assert "has nobody for the role doors" in said("judge", "flood", "--begin", "2026-11-23")


def test_list_and_judge_speak_to_people_and_machines() -> None:
    listed = CliRunner().invoke(command, ["list"])
    assert listed.exit_code == 0
    assert all(name in listed.stdout for name in names())
    assert listed.stdout.isascii()
    chinese = CliRunner().invoke(command, ["list", "--language", "zh"])
    assert "校园一键报警" in chinese.stdout
    machine = json.loads(CliRunner().invoke(command, ["list", "--json"]).stdout)
    assert {one["id"] for one in machine if one["live"]} == LIVE
    judged = CliRunner().invoke(command, ["judge", "school-alarm", "--begin", "2026-11-23", "--json"], input="")
    assert judged.exit_code == 1
    assert json.loads(judged.stdout)["holds"] is False
