"""The county link whole: a press, a door forced, through gateway, outbox and `anxin county run` to Kamailio."""

from __future__ import annotations

import re
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from gateway.doctor.county import look
from gateway.store.pool import connect
from tests.county import Registrar, free_port, needs, registrar
from tests.integration.test_doctor import settings_of
from tests.station import Station, wait_for
from tests.unit.gb28181.desk import OURS, PASSWORD, SERVER

pytestmark = [needs("kamailio"), pytest.mark.slow]
BUTTON, DOOR = "34020000111345000001", "34020000011340000005"


def write_file(station: Station, address: str, *, lives_h: float = 24, **link: object) -> None:
    told = {
        "alarm_lives_h": lives_h,
        "links": [
            {"server_id": SERVER, "server": address, "device_id": OURS, "password_file": "county.password",
             "listen": f"127.0.0.1:{free_port()}", "catalog_first_s": 0, "retry_s": 0.5, "keepalive_s": 0.3, **link}
        ],
        "codes": {"centre": "34020000", "devices": {"button-1": BUTTON}},
    }  # fmt: skip
    (station.home / "county.yaml").write_text(yaml.safe_dump(told))
    (station.home / "county.password").write_text(f"{PASSWORD}\n")
    station.settings["ANXIN_COUNTY_FILE"] = str(station.home / "county.yaml")


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Station]:
    station = Station(tmp_path / "station")
    try:
        yield station.start_stores().start_receivers().start_gateway()
    finally:
        station.close()


def state(station: Station) -> str:
    return "".join(row["state"] for row in station.rows("select state from county_link"))


def alarms(county: Registrar) -> list[dict[str, str]]:
    return [dict(re.findall(r"<(\w+)>([^<]*)</", one)) for one in county.bodies() if "<CmdType>Alarm</CmdType>" in one]


def press(station: Station) -> None:
    with station.publisher("button-1") as button:
        button.event("button-1", "alarm.pressed", data={"point": "gatehouse"})


def doctor(station: Station) -> dict[str, dict[str, str]]:
    settings = settings_of(station, county_file=station.settings["ANXIN_COUNTY_FILE"])
    with connect(station.postgres.url, "test") as connection:
        return {one.name: {"level": one.level, "detail": one.detail} for one in look(connection, settings)}


def test_a_press_is_at_the_county_within_a_second_and_an_outage_loses_nothing(own: Station, tmp_path: Path) -> None:
    with registrar(tmp_path) as county:
        write_file(own, county.address)
        own.start_county()
        wait_for(lambda: state(own) == "online", "the registration")
        pressed = time.monotonic()
        assert doctor(own)["county county catalogue"]["level"] == "WARN"  # Kamailio asks for no catalogue
        press(own)
        (told,) = wait_for(lambda: alarms(county), "the alarm")
        assert time.monotonic() - pressed < 30  # within a second on a quiet machine; figures: docs/county.md
        assert (told["DeviceID"], told["AlarmPriority"], told["AlarmMethod"]) == (BUTTON, "1", "2")
        assert "实验小学" in told["AlarmDescription"]
        assert (told["Longitude"], told["Latitude"]) == ("109.100000", "33.150000")
        number = int(told["SN"])
        wait_for(lambda: own.one("select state from notification where id = %s", number) == "accepted", "the row")
        county.stop()
        wait_for(lambda: state(own) != "online", "the outage to be seen")
        assert "keepalives" in doctor(own)["county county registered"]["detail"]
        # While it is away: a door is forced open, then somebody presses again.
        with own.publisher() as doors:
            doors.event("door-1", "door.forced")
        wait_for(lambda: own.rows("select 1 from alert where rule_id = 'door-forced'"), "the alert")
        own.execute("update alert set acknowledged_at = now(), acknowledged_by = 'x' where device_id = 'button-1'")
        press(own)
        waiting = "select count(*) from notification where channel = 'county:county' and state = 'queued'"
        wait_for(lambda: own.one(waiting) == 2, "both to wait")
        own.kill("county")
        own.start_county()  # as after a crash
        with registrar(tmp_path, port=county.port) as again:
            wait_for(lambda: len(alarms(again)) == 3, "what waited")
            after = alarms(again)[1:]
            # By priority, each once, under the codes they keep.
            assert [(one["DeviceID"], one["AlarmPriority"]) for one in after] == [(BUTTON, "1"), (DOOR, "2")]
            wait_for(lambda: own.one(waiting) == 0, "the rows")
            own.stop("county")
            assert len(alarms(again)) == 3
        assert state(own) == "off"


def test_what_waited_too_long_is_marked_expired_shown_and_never_said(own: Station, tmp_path: Path) -> None:
    port = free_port()
    write_file(own, f"127.0.0.1:{port}", lives_h=5 / 3600)
    assert command(own, "health", "county") == (1, "county: the process of the county's links is not running\n")
    own.start_county()
    wait_for(lambda: state(own), "the link to begin")  # what happened before is not said
    press(own)
    wait_for(lambda: own.rows("select 1 from notification where channel = 'county:county'"), "the alarm to wait")
    assert command(own, "health", "county")[0] == 0, "the platform is away, and our process is well"
    kept = "select state from notification where channel = 'county:county' order by id"
    wait_for(lambda: [row["state"] for row in own.rows(kept)] == ["expired"], "its time to pass")
    assert "1 expired" in command(own, "county", "status")[1]
    with registrar(tmp_path, port=port) as county:
        wait_for(lambda: state(own) == "online", "the platform to come")
        own.execute("update alert set acknowledged_at = now(), acknowledged_by = 'x' where device_id = 'button-1'")
        press(own)
        wait_for(lambda: [row["state"] for row in own.rows(kept)] == ["expired", "accepted"], "the second alone")
        assert len(alarms(county)) == 1
        assert "1 expired" in doctor(own)["county county answered"]["detail"]


def test_after_an_outage_of_an_hour_what_still_matters_goes_out_by_priority(own: Station, tmp_path: Path) -> None:
    port = free_port()
    write_file(own, f"127.0.0.1:{port}", lives_h=0.75)
    own.start_county()
    wait_for(lambda: state(own), "the link to begin")
    with own.publisher() as doors:
        for number in range(1, 5):
            doors.event(f"door-{number}", "door.forced")
    kept = "select id, state, priority from notification where channel = 'county:county' order by id"
    wait_for(lambda: len(own.rows(kept)) == 4, "four doors to wait")
    early = [row["id"] for row in own.rows(kept)][:2]
    # The first two happened as the outage began, an hour ago.
    own.execute(
        "update notification set created_at = created_at - interval '1 hour', "
        "expires_at = expires_at - interval '1 hour' where id = any(%s)", early,
    )  # fmt: skip
    press(own)
    wait_for(lambda: len(own.rows(kept)) == 5, "the button, last of all")
    with registrar(tmp_path, port=port) as county:
        wait_for(lambda: not [row for row in own.rows(kept) if row["state"] == "queued"], "everything to be done", 60)
        told = alarms(county)
    assert [one["AlarmPriority"] for one in told] == ["1", "2", "2"]
    assert told[0]["DeviceID"] == BUTTON
    assert [row["id"] for row in own.rows(kept) if row["state"] == "expired"] == early
    assert "2 expired" in command(own, "county", "status")[1]


def command(station: Station, *words: str) -> tuple[int, str]:
    """Run `anxin` with the station's settings; returns the exit code and what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "gateway.cli", *words], env=station.environment(), capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout


def test_what_the_link_needs_is_said(own: Station, tmp_path: Path) -> None:
    with registrar(tmp_path) as county:
        write_file(own, county.address, device_id=SERVER)
        own.start_county()
        assert own.children["county"].wait(30) == 2
        assert "own code" in own.log("county")


def test_a_recording_of_the_link_has_no_credentials(own: Station, tmp_path: Path) -> None:
    with registrar(tmp_path) as county:
        write_file(own, county.address, retry_s=0.5)
        own.start_county()
        wait_for(lambda: state(own) == "online", "the registration")
        copy = tmp_path / "copy.txt"
        command = [sys.executable, "-m", "gateway.cli", "county", "capture", "--minutes", "0.1", "--output", str(copy)]
        asked = subprocess.Popen(
            command, env=own.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        wait_for(lambda: own.one("select capture_file from county_link"), "the recording to begin")
        press(own)
        wait_for(lambda: alarms(county), "the alarm")
        said, _ = asked.communicate(timeout=60)
        assert asked.returncode == 0, said
        file = Path(str(own.one("select capture_file from county_link")))
        assert str(file) in said
        assert stat.S_IMODE(file.stat().st_mode) == stat.S_IMODE(copy.stat().st_mode) == 0o600
        text = copy.read_text(encoding="utf-8")
        assert f" out {county.address}\nMESSAGE sip:" in text
        assert f" in {county.address}\nSIP/2.0 200" in text
        assert "实验小学" in text
        assert PASSWORD not in text
        (line,) = own.rows("select username, object, detail from audit where act = 'county.capture'")
        assert line == {"username": "command line", "object": "county/county", "detail": {"minutes": 0.1}}
