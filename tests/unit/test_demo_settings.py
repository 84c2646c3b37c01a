"""Commands beside a running demo need no settings; anything else that is set is never mixed with a demo's."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from gateway.model.errors import Misconfigured
from gateway.settings import Settings, read_settings, require, running_demo

DEAD = 2**22 + 1


def write_demo(home: Path, pid: int) -> None:
    settings = {"database_url": "postgresql://demo", "mqtt_url": "mqtt://demo", "station": "demostation"}
    (home / "demo.json").write_text(json.dumps({"pids": {"demo": pid}, "settings": settings}))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in list(os.environ):
        if name.startswith("ANXIN_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("ANXIN_HOME", str(tmp_path))
    monkeypatch.setattr("gateway.settings.USUAL_SECRETS", tmp_path / "no-secrets")
    return tmp_path


def found(settings: Settings) -> tuple[str, str]:
    return settings.database, settings.station


def test_a_running_demo_is_found(home: Path) -> None:
    write_demo(home, os.getpid())
    assert found(read_settings()) == ("postgresql://demo", "demostation")
    assert running_demo(home)["settings"]["mqtt_url"] == "mqtt://demo"


def test_one_that_was_killed_is_not(home: Path) -> None:
    write_demo(home, DEAD)
    assert found(read_settings()) == ("", "chengguan")
    with pytest.raises(Misconfigured, match="ANXIN_DATABASE_URL must be set"):
        require(read_settings(), "database_url")


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"pids": {"demo": "x"}}', '{"pids": {"demo": null}}'])
def test_a_file_that_says_nothing_is_no_demo(home: Path, text: str) -> None:
    (home / "demo.json").write_text(text)
    assert found(read_settings()) == ("", "chengguan")


@pytest.mark.parametrize("name", ["ANXIN_DATABASE_URL", "ANXIN_MQTT_URL"])
def test_an_installation_of_its_own_takes_nothing_from_a_demo(
    home: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    write_demo(home, os.getpid())
    monkeypatch.setenv(name, "mine://there")
    settings = read_settings()
    assert "demo" not in settings.database + settings.mqtt + settings.station


def test_neither_do_secrets_in_files_nor_a_file_of_settings(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_demo(home, os.getpid())
    (home / "anxin.toml").write_text('log_level = "debug"\n')
    assert found(read_settings()) == ("", "chengguan")
    (home / "anxin.toml").unlink()
    (home / "secrets").mkdir()
    monkeypatch.setenv("ANXIN_SECRETS_DIR", str(home / "secrets"))
    assert found(read_settings()) == ("", "chengguan")


def test_other_settings_of_the_environment_go_over_a_demo(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_demo(home, os.getpid())
    monkeypatch.setenv("ANXIN_STATION", "another")
    assert found(read_settings()) == ("postgresql://demo", "another")
