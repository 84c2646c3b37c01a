"""Every setting, with what it means. Environment `ANXIN_*` goes over the TOML file; both are read once at start."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from gateway.model.errors import Misconfigured

CONFIG_NAME = "anxin.toml"


class Settings(BaseSettings):
    """The settings of one station's gateway. `docs/settings.md` is made from these descriptions."""

    model_config = SettingsConfigDict(env_prefix="ANXIN_", extra="ignore", frozen=True)

    home: Path = Field(Path(".anxin"), description="Where all state lives; removable at will.")
    station: str = Field(
        "chengguan",
        pattern=r"^[A-Za-z0-9_-]{1,64}$",
        description="The id of the station this gateway serves.",
    )
    database_url: SecretStr = Field(
        SecretStr(""),
        description="PostgreSQL, with or without TimescaleDB: postgresql://user:password@host:port/name",
    )
    mqtt_url: SecretStr = Field(
        SecretStr(""), description="The broker: mqtt://user:password@host:port, mqtts:// for TLS."
    )
    mqtt_ca_file: Path | None = Field(None, description="The authority that signed the broker's certificate.")
    mqtt_reads: Literal["broker", "station"] = Field(
        "broker",
        description="broker: read every topic below anxin/v1, so that a wrong station's message becomes a dead letter. "
        "station: read only this station's topics, for a broker shared with others.",
    )
    http_host: str = Field("127.0.0.1", description="Where the API listens.")
    http_port: int = Field(8000, ge=0, le=65535, description="The API's port.")
    secure_cookies: bool = Field(False, description="Send the session cookie over HTTPS only; on behind TLS.")
    phone_url: str | None = Field(None, description="The push provider's base URL for officers' phones.")
    command_room_url: str | None = Field(
        None, description="Where each alert and incident change is posted as a CloudEvent."
    )
    command_room_secret: SecretStr = Field(
        SecretStr(""), description="Key of the HMAC-SHA256 signature on what goes to the command room."
    )
    rules_folders: list[Path] = Field(
        default_factory=list, description="Folders of further rule definitions beside the built-in catalogue."
    )
    batch_max: int = Field(500, ge=1, description="The most events in one transaction.")
    store_late_days: float = Field(7, gt=0, description="Older events are dead letters; compression starts after it.")
    store_keep_days: float = Field(180, ge=30, description="Events are kept so long; the law's floor is 30 days.")
    clock_tolerance_s: float = Field(
        300,
        ge=0,
        description="A device clock further ahead is not believed: the time of receipt counts instead.",
    )
    timers_settle_s: float = Field(
        3.5,
        ge=0,
        description="After a connection is made, how long redeliveries may take; more than the broker's ack_wait.",
    )
    timers_grace_s: float = Field(
        60,
        gt=0,
        description="How long timers wait for a broker that says nothing before they fire all the same.",
    )
    resound_after_s: float = Field(600, gt=0, description="More evidence sounds again this long after the last sound.")
    session_idle_minutes: float = Field(60, gt=0, description="A session nobody uses ends after this.")
    login_attempts: int = Field(5, ge=1, description="Wrong passwords before an account is locked.")
    login_lock_minutes: float = Field(15, gt=0, description="How long a locked account stays locked.")
    sign_deadline_s: dict[str, float] = Field(
        {"P1": 30, "P2": 120},
        description="By priority: when nobody has signed by then, the officer is told again and the deputy too.",
    )
    log_level: str = Field("info", description="debug, info, warning or error.")

    @property
    def mqtt(self) -> str:
        """The broker's URL, secrets included."""
        return self.mqtt_url.get_secret_value()

    @property
    def database(self) -> str:
        """The database's URL, secrets included."""
        return self.database_url.get_secret_value()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment over file; no other sources."""
        del dotenv_settings, file_secret_settings
        home = Path(os.environ.get("ANXIN_HOME", ".anxin"))
        file = Path(os.environ.get("ANXIN_CONFIG", home / CONFIG_NAME))
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=file)


def read_settings(**given: Any) -> Settings:
    """Read the settings. Raises `Misconfigured` with each field that is wrong and why."""
    try:
        return Settings(**given)
    except ValidationError as error:
        told = "; ".join(
            f"ANXIN_{'_'.join(str(part) for part in e['loc']).upper()}: {e['msg']}" for e in error.errors()
        )
        raise Misconfigured(told) from error
    except ValueError as error:
        raise Misconfigured(f"the settings cannot be read: {error}") from error


def require(settings: Settings, *names: str) -> None:
    """Raise `Misconfigured` unless these settings are set."""
    missing = [f"ANXIN_{name.upper()}" for name in names if not _set(getattr(settings, name))]
    if missing:
        raise Misconfigured(
            f"{' and '.join(missing)} must be set. `anxin demo` brings its own database and broker instead."
        )


def _set(value: object) -> bool:
    return bool(value.get_secret_value()) if isinstance(value, SecretStr) else bool(value)
