"""`anxin secrets`: everything that is missing, nothing twice, nothing readable by strangers."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest

from gateway import mosquitto
from gateway.credentials import Secrets, device_secrets, first_passwords
from gateway.model.errors import Misconfigured
from gateway.model.registry import Device
from gateway.registering.site import Site
from tests.station import STATION, make_site


def town() -> Site:
    """Two doors with a connection of their own, and a lock and a meter behind a gateway."""
    site = make_site(doors=2, elders=1)
    behind = [
        Device("gw-1", "gateway", "mall", "网关"),
        Device("lock-1", "door_contact", "mall", "锁", via="gw-1"),
        Device("meter-1", "meter", "mall", "水表", via="gw-1"),
    ]
    return msgspec.structs.replace(site, devices=[*site.devices, *behind])


def make(folder: Path, site: Site | None = None) -> list[str]:
    return Secrets(folder, site or town(), database="database:5432", broker="broker:1883").make()


def read(path: Path) -> Any:
    return json.loads(path.read_text())


def all_files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_each_part_gets_its_files(tmp_path: Path) -> None:
    written = make(tmp_path / "s")
    assert set(written) == set(all_files(tmp_path / "s")) == {
        "anxin_database_url", "anxin_mqtt_url", "anxin_command_room_secret", "anxin_data_key",
        "anxin_aliyun_reports_token", "anxin_web_push_key",
        "postgres_password", "grafana_password",
        "logins/devices.json", "logins/users.json", "logins/integrator.json",
        "broker/mosquitto.passwd", "broker/mosquitto.acl", "broker/mosquitto_sub",
    }  # fmt: skip
    database = urlsplit((tmp_path / "s" / "anxin_database_url").read_text())
    assert (database.username, database.hostname, database.port, database.path) == ("anxin", "database", 5432, "/anxin")
    assert database.password == (tmp_path / "s" / "postgres_password").read_text()
    assert urlsplit((tmp_path / "s" / "anxin_mqtt_url").read_text()).hostname == "broker"
    assert set(first_passwords(tmp_path / "s" / "logins")) == {user.username for user in town().users}


def test_only_their_readers_may_read_them_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o000)
    try:
        make(tmp_path / "s")
    finally:
        os.umask(before)
    for path in (tmp_path / "s").rglob("*"):
        mode = path.stat().st_mode & 0o777
        if path.is_dir():
            assert mode == 0o700, path
        else:
            assert mode == (0o640 if path.name in {"postgres_password", "grafana_password"} else 0o600), path
    assert (tmp_path / "s").stat().st_mode & 0o777 == 0o750


def test_again_changes_nothing(tmp_path: Path) -> None:
    make(tmp_path)
    before = all_files(tmp_path)
    assert make(tmp_path) == []
    assert all_files(tmp_path) == before


def test_only_what_is_missing_is_made(tmp_path: Path) -> None:
    make(tmp_path)
    before = all_files(tmp_path)
    (tmp_path / "anxin_command_room_secret").unlink()
    (tmp_path / "anxin_database_url").write_text("postgresql://of:mine@elsewhere/anxin\n")
    assert make(tmp_path) == ["anxin_command_room_secret"]
    assert (tmp_path / "anxin_database_url").read_text() == "postgresql://of:mine@elsewhere/anxin\n"
    assert (tmp_path / "anxin_mqtt_url").read_bytes() == before["anxin_mqtt_url"]


def test_a_site_that_grows_gets_the_new_log_ins_and_keeps_the_old(tmp_path: Path) -> None:
    make(tmp_path, make_site(doors=2))
    before = read(tmp_path / "logins" / "devices.json")["devices"]
    lines = (tmp_path / "broker" / "mosquitto.passwd").read_text().splitlines()
    assert set(make(tmp_path, make_site(doors=3))) == {"logins/devices.json", "broker/mosquitto.passwd"}
    after = read(tmp_path / "logins" / "devices.json")["devices"]
    assert after.keys() - before.keys() == {"door-2"}
    assert after | before == after
    assert set(lines) < set((tmp_path / "broker" / "mosquitto.passwd").read_text().splitlines())


def test_a_device_that_left_may_not_log_in_and_an_operators_own_account_stays(tmp_path: Path) -> None:
    make(tmp_path, make_site(doors=3))
    passwords = tmp_path / "broker" / "mosquitto.passwd"
    own = f"my-bridge:{mosquitto.hashed('word')}"
    passwords.write_text(passwords.read_text() + own + "\n")
    make(tmp_path, make_site(doors=2))
    names = [line.partition(":")[0] for line in passwords.read_text().splitlines()]
    assert "door-2" not in names
    assert "door-1" in names
    assert own in passwords.read_text().splitlines()


def test_behind_a_gateway_there_is_no_log_in_of_its_own(tmp_path: Path) -> None:
    make(tmp_path)
    devices = read(tmp_path / "logins" / "devices.json")["devices"]
    assert devices["lock-1"] == {**devices["gw-1"], "via": "gw-1"}
    assert devices["gw-1"]["username"] == "gw-1"
    names = {line.partition(":")[0] for line in (tmp_path / "broker" / "mosquitto.passwd").read_text().splitlines()}
    assert {"gw-1", "door-0", "anxin-gateway", "anxin-integrator", mosquitto.HEALTH_USER} <= names
    assert not {"lock-1", "meter-1"} & names
    assert not {"lock-1", "meter-1"} & device_secrets(tmp_path / "logins").keys()


def test_a_device_that_comes_out_from_behind_gets_one(tmp_path: Path) -> None:
    make(tmp_path)
    behind = read(tmp_path / "logins" / "devices.json")["devices"]["lock-1"]["password"]
    site = town()
    free = [msgspec.structs.replace(device, via=None) for device in site.devices]
    make(tmp_path, msgspec.structs.replace(site, devices=free))
    login = read(tmp_path / "logins" / "devices.json")["devices"]["lock-1"]
    assert login["username"] == "lock-1"
    assert login["password"] != behind


def test_the_password_file_fits_its_passwords_and_no_others(tmp_path: Path) -> None:
    make(tmp_path)
    kept = dict(line.split(":") for line in (tmp_path / "broker" / "mosquitto.passwd").read_text().splitlines())
    for name, secret in device_secrets(tmp_path / "logins").items():
        assert mosquitto.fits(kept[name], secret)
        assert not mosquitto.fits(kept[name], secret + "x")
    assert not mosquitto.fits("nonsense", "x")
    assert not mosquitto.fits("$6$salt$hash", "x")


def test_the_access_list_gives_a_gateway_its_devices_topics(tmp_path: Path) -> None:
    make(tmp_path)
    sections = (tmp_path / "broker" / "mosquitto.acl").read_text().split("\n\n")
    gateway = next(section for section in sections if section.startswith("user gw-1\n"))
    assert set(gateway.splitlines()[1:]) == {
        f"topic {how} anxin/v1/{STATION}/{device}/{leaf}"
        for device in ("lock-1", "meter-1")
        for how, leaf in [("write", "event"), ("write", "alarm"), ("write", "status"),
                          ("read", "command"), ("read", "display")]
    }  # fmt: skip
    assert f"pattern write anxin/v1/{STATION}/%u/event" in sections[-1]
    assert "%u/#" not in sections[-1]


def test_a_torn_file_is_said_and_left_alone(tmp_path: Path) -> None:
    make(tmp_path)
    (tmp_path / "logins" / "devices.json").write_text('{"devices": {')
    with pytest.raises(Misconfigured, match="restore it"):
        make(tmp_path)
    assert (tmp_path / "logins" / "devices.json").read_text() == '{"devices": {'


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Misconfigured, match="must own it"):
        make(tmp_path / "file" / "s")


def test_two_at_once_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        written = list(pool.map(make, [tmp_path / "s"] * 4))
    assert sorted(len(names) for names in written) == [0, 0, 0, 14]
