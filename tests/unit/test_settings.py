"""Where settings come from, and which goes over which."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway import settings as module
from gateway.keeping_times import BOUNDS
from gateway.model.errors import Misconfigured
from gateway.settings import read_settings


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of secrets, and no setting of whoever runs the tests."""
    import os  # noqa: PLC0415

    for name in list(os.environ):
        if name.startswith("ANXIN_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("ANXIN_HOME", str(tmp_path))
    monkeypatch.setenv("ANXIN_SECRETS_DIR", str(tmp_path / "secrets"))
    (tmp_path / "secrets").mkdir()
    return tmp_path / "secrets"


def test_a_secret_is_read_from_its_file(folder: Path) -> None:
    (folder / "anxin_database_url").write_text("postgresql://anxin:word@database/anxin\n")
    (folder / "anxin_command_room_secret").write_text("key")
    (folder / "postgres_password").write_text("not ours")
    read = read_settings()
    assert read.database == "postgresql://anxin:word@database/anxin", "without the line end"
    assert read.command_room_secret.get_secret_value() == "key"


def test_the_environment_goes_over_secrets_and_those_over_the_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder.parent / "anxin.toml").write_text('mqtt_url = "mqtt://toml"\nstation = "toml"\nlog_level = "debug"\n')
    (folder / "anxin_mqtt_url").write_text("mqtt://secret")
    (folder / "anxin_station").write_text("secret")
    monkeypatch.setenv("ANXIN_STATION", "environment")
    read = read_settings()
    assert (read.station, read.mqtt, read.log_level) == ("environment", "mqtt://secret", "debug")


def test_an_empty_variable_is_not_set(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "anxin_mqtt_url").write_text("mqtt://secret")
    monkeypatch.setenv("ANXIN_MQTT_URL", "")
    monkeypatch.setenv("ANXIN_PHONE_URL", "")
    monkeypatch.setenv("ANXIN_BATCH_MAX", "")
    read = read_settings()
    assert (read.mqtt, read.phone_url, read.batch_max) == ("mqtt://secret", None, 500)


def test_the_usual_folder_is_read_when_it_is_there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "anxin_mqtt_url").write_text("mqtt://usual")
    monkeypatch.delenv("ANXIN_SECRETS_DIR")
    monkeypatch.setattr(module, "USUAL_SECRETS", folder)
    assert read_settings().mqtt == "mqtt://usual"
    monkeypatch.setattr(module, "USUAL_SECRETS", folder / "nowhere")
    assert read_settings().mqtt == ""


def test_a_folder_that_is_named_and_not_there_is_said(folder: Path) -> None:
    folder.rmdir()
    with pytest.raises(Misconfigured, match="anxin secrets"):
        read_settings()


def test_a_wrong_value_in_a_file_is_said_by_its_name(folder: Path) -> None:
    (folder / "anxin_http_port").write_text("eighty")
    with pytest.raises(Misconfigured, match="ANXIN_HTTP_PORT"):
        read_settings()


def test_a_token_that_could_be_guessed_is_refused(folder: Path) -> None:
    (folder / "anxin_aliyun_reports_token").write_text("guess-me\n")
    with pytest.raises(Misconfigured, match=r"ANXIN_ALIYUN_REPORTS_TOKEN: .*fewer than 32") as refused:
        read_settings()
    assert "guess-me" not in str(refused.value)


@pytest.mark.parametrize("setting", BOUNDS)
def test_what_is_kept_has_a_floor_and_a_ceiling(setting: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name, bounds = f"ANXIN_{setting.upper()}", BOUNDS[setting]
    assert folder.is_dir()
    assert bounds.floor <= getattr(read_settings(), setting) <= bounds.ceiling, "the default lies between them"
    for days in (bounds.floor, bounds.ceiling):
        monkeypatch.setenv(name, str(days))
        assert getattr(read_settings(), setting) == days
    for days, why in (
        (bounds.floor - 0.5, f"{name}: .*fewer than the floor of {bounds.floor}"),
        (bounds.ceiling + 0.5, f"{name}: .*more than the ceiling of {bounds.ceiling}: {bounds.why}"),
        ("nan", f"{name}: .*floor"),
        ("inf", f"{name}: .*ceiling"),
    ):
        monkeypatch.setenv(name, str(days))
        with pytest.raises(Misconfigured, match=why):
            read_settings()


def test_every_setting_of_days_that_are_kept_has_bounds() -> None:
    assert {name for name in module.Settings.model_fields if name.endswith("_keep_days")} == BOUNDS.keys()
