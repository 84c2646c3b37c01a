"""Every setting, with what it means. Environment `ANXIN_*` goes over secrets in files, those over the TOML file.

All are read once at start.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from gateway.clock import clock_of
from gateway.keeping_times import BOUNDS, within_bounds
from gateway.model.errors import Misconfigured

CONFIG_NAME = "anxin.toml"
#: Where container engines put secrets; read when it is there and `ANXIN_SECRETS_DIR` names no other folder.
USUAL_SECRETS = Path("/run/secrets")
#: A token in an address is guessed by whoever has time.
SHORTEST_TOKEN = 32


class Settings(BaseSettings):
    """The settings of one station's gateway. `docs/settings.md` is made from these descriptions."""

    # An empty variable counts as not set: compose files can only say «empty» for «nothing».
    model_config = SettingsConfigDict(env_prefix="ANXIN_", env_ignore_empty=True, extra="ignore", frozen=True)

    home: Path = Field(Path(".anxin"), description="Where all state lives; removable at will.")
    station: str = Field("chengguan", pattern=r"^[A-Za-z0-9_-]{1,64}$", description="The id of this station.")
    data_key: SecretStr = Field(
        SecretStr(""),
        description="The key personal data is sealed with: 32 bytes in URL-safe base64. Empty: the file data.key in "
        "ANXIN_HOME, made at first use. Keep it apart from backups; without it sealed data is lost.",
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
    mappings: list[Path] = Field(
        default_factory=list,
        description="Mappings of other vendors' messages: YAML files, folders of them, or frigate, onvif, zigbee2mqtt.",
    )
    county_file: Path | None = Field(
        None,
        description="The county's video platform: a YAML file; with links in it `anxin run` starts `anxin county run` "
        "too.",
    )
    http_host: str = Field("127.0.0.1", description="Where the API listens.")
    http_port: int = Field(8000, ge=0, le=65535, description="The API's port.")
    secure_cookies: bool = Field(False, description="Send the session cookie over HTTPS only; on behind TLS.")
    phone_url: str | None = Field(None, description="The push provider's base URL for officers' phones.")
    phone_receipts: bool = Field(
        False,
        description="The phones' app shows receipts: without one in time the next way to the same person is tried.",
    )
    receipts_secret: SecretStr = Field(
        SecretStr(""),
        description="Key of the HMAC-SHA256 signature on providers' reports of delivery; empty: none are taken.",
    )
    command_room_url: str | None = Field(
        None, description="Where each alert and incident change is posted as a CloudEvent."
    )
    command_room_secret: SecretStr = Field(
        SecretStr(""), description="Key of the HMAC-SHA256 signature on what goes to the command room."
    )
    map_tiles: Path | None = Field(
        None, description="The base map: a .pmtiles file of yours; without one the map shows shapes and places only."
    )
    map_attribution: str | None = Field(None, description="Whose map that is, as it stands in the map's corner.")
    public_url: str | None = Field(
        None, description="Where phones reach the console, like https://anxin.example.cn: for links in messages."
    )
    private_endpoints: bool = Field(
        False,
        description="Let push subscriptions and webhooks lead to private and loopback addresses, over http too: for "
        "tests and closed networks.",
    )
    web_push_contact: str | None = Field(
        None,
        description="Switches Web Push on: the mailto: or https: address by which a push service can reach you.",
    )
    web_push_key: SecretStr = Field(
        SecretStr(""),
        description="The key Web Push is signed with: 32 bytes in URL-safe base64. Empty: the file web_push.key in "
        "ANXIN_HOME, made at first use. With another key every phone has to subscribe again.",
    )
    wecom_corp_id: str | None = Field(None, description="Switches WeCom on: the corporation's id (企业ID).")
    wecom_agent_id: int = Field(0, ge=0, description="The number of the WeCom application (AgentId).")
    wecom_secret: SecretStr = Field(SecretStr(""), description="The secret of the WeCom application.")
    wecom_url: str = Field("https://qyapi.weixin.qq.com", description="WeCom's interface; another one behind a proxy.")
    aliyun_key_id: SecretStr = Field(SecretStr(""), description="Alibaba Cloud's key, for texts and calls.")
    aliyun_key_secret: SecretStr = Field(SecretStr(""), description="The secret of that key.")
    aliyun_sms_sign: str | None = Field(None, description="The approved signature of texts (签名).")
    aliyun_sms_template: str | None = Field(
        None, description="Switches texts on: the approved template's code, like SMS_123456789."
    )
    aliyun_sms_bulletin_template: str | None = Field(
        None,
        description="The approved template of bulletins to residents, with the variables kind and title; empty: none "
        "are sent as texts.",
    )
    aliyun_sms_url: str = Field("https://dysmsapi.aliyuncs.com", description="The interface for texts.")
    aliyun_voice_template: str | None = Field(
        None, description="Switches calls on: the approved voice template's code, like TTS_123456789."
    )
    aliyun_voice_signed_template: str | None = Field(
        None, description="What a call says when key 1 was pressed; set, calls ask for that key and it signs."
    )
    aliyun_voice_number: str | None = Field(
        None, description="The number that calls come from; empty: the provider's shared ones."
    )
    aliyun_voice_url: str = Field("https://dyvmsapi.aliyuncs.com", description="The interface for calls.")
    aliyun_reports_token: SecretStr = Field(
        SecretStr(""),
        description="What the address ends with to which Alibaba Cloud posts its reports of delivery, at least 32 "
        "characters; whoever knows it can say that a message arrived. Empty: none are taken.",
    )
    apprise: bool = Field(
        False, description="Switches the catch-all on; needs the optional package: pip install 'anxin[apprise]'."
    )
    rules_folders: list[Path] = Field(
        default_factory=list, description="Folders of further rule definitions beside the built-in catalogue."
    )
    rules_activate: Literal["asked", "files"] = Field(
        "asked",
        description="When a rule's file has changed: `asked`, the new version waits to be activated; `files`, it "
        "learns and runs at the next start.",
    )
    batch_max: int = Field(500, ge=1, description="The most events in one transaction.")
    store_late_days: float = Field(7, gt=0, description="Older events are dead letters; compression starts after it.")
    store_keep_days: float = Field(180, description="Events are kept so long; the law's floor is 30 days.")
    records_keep_days: float = Field(
        1095, description="Incidents that are over are kept so long, with timeline, pictures and alerts."
    )
    lesser_keep_days: float = Field(
        400,
        description="P4 incidents and alerts, work items and rounds of online patrol are kept so long: a year, and the "
        "month it is compared with.",
    )
    media_keep_days: float = Field(
        30,
        description="Snapshots and clips that no alert names are kept so long; those of an alert go with its case.",
    )
    audit_keep_days: float = Field(1095, description="Lines of the audit trail are kept so long.")
    consent_keep_days: float = Field(
        1095, description="Consent is kept so long after there is no record of the person any more."
    )
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
    session_hours: float = Field(24, gt=0, description="A session ends after this, however busy.")
    phone_session_idle_hours: float = Field(
        72,
        gt=0,
        le=168,
        description="An officer's or grid worker's session on their phone ends after this without use.",
    )
    phone_session_days: float = Field(30, gt=0, description="Such a session ends after this, however busy.")
    totp_required: bool = Field(
        True,
        description="Admins and commanders log in with a second factor (TOTP); until they have one they can only "
        "enrol.",
    )
    login_attempts: int = Field(5, ge=1, description="Wrong passwords before an account is locked.")
    login_lock_minutes: float = Field(15, gt=0, description="How long a locked account stays locked.")
    watchdog_every_s: float = Field(
        300, ge=0, description="How often the gateway's own probe travels the whole road; 0: never."
    )
    watchdog_late_s: float = Field(
        30, gt=0, description="A probe that has not come through by then is an alert, and /readyz says so."
    )
    clock: str | None = Field(
        None,
        description="For rehearsals and soak runs only: a virtual time that runs fast, VIRTUAL@UNIXxSPEED, like "
        "2026-11-22T08:00:00+08:00@1795312800x10. The same for every process.",
    )
    demo: bool = Field(False, description="What runs here is a demo: the console offers its tour at the first log-in.")
    log_level: str = Field("info", description="debug, info, warning or error.")

    @field_validator("clock")
    @classmethod
    def _clock_can_be_read(cls, told: str | None) -> str | None:
        clock_of(told)
        return told

    @field_validator(*BOUNDS)
    @classmethod
    def _neither_too_short_nor_too_long(cls, told: float, info: ValidationInfo) -> float:
        return within_bounds(str(info.field_name), told)

    @field_validator("aliyun_reports_token")
    @classmethod
    def _nobody_guesses_it(cls, told: SecretStr) -> SecretStr:
        if 0 < len(told.get_secret_value()) < SHORTEST_TOKEN:
            raise ValueError(f"it has fewer than {SHORTEST_TOKEN} characters; `openssl rand -hex 32` makes one")
        return told

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
        """Environment over secrets in files over the TOML file; with none of these a demo that runs here."""
        del dotenv_settings, file_secret_settings
        home = Path(os.environ.get("ANXIN_HOME", ".anxin"))
        file = Path(os.environ.get("ANXIN_CONFIG", home / CONFIG_NAME))
        toml = TomlConfigSettingsSource(settings_cls, toml_file=file)
        folder = secrets_folder()
        if folder is not None:
            return init_settings, env_settings, SecretsSettingsSource(settings_cls, secrets_dir=folder), toml
        if file.exists() or any(os.environ.get(name) for name in ("ANXIN_DATABASE_URL", "ANXIN_MQTT_URL")):
            return init_settings, env_settings, toml  # an installation of its own, never mixed with a demo
        return (
            init_settings,
            env_settings,
            InitSettingsSource(settings_cls, init_kwargs=running_demo(home).get("settings", {})),
        )


def running_demo(home: Path) -> dict[str, Any]:
    """Return what the demo that runs on this home says of itself, so that doctor, drill and the like find its parts."""
    try:
        told: dict[str, Any] = json.loads((home / "demo.json").read_text(encoding="utf-8"))
        os.kill(told["pids"]["demo"], 0)
    except (OSError, ValueError, KeyError, TypeError):
        return {}  # none, or one that was killed, or not ours to read
    return told


def secrets_folder() -> Path | None:
    """Return the folder of secrets to read, if there is one. Raises `Misconfigured` when the one named is not there."""
    told = os.environ.get("ANXIN_SECRETS_DIR")
    if not told:
        return USUAL_SECRETS if USUAL_SECRETS.is_dir() else None
    if not Path(told).is_dir():
        raise Misconfigured(f"ANXIN_SECRETS_DIR: {told} is no folder; make it with `anxin secrets {told} --site …`")
    return Path(told)


def read_settings(**given: Any) -> Settings:
    """Read the settings. Raises `Misconfigured` with each field that is wrong and why."""
    try:
        return Settings(**given)
    except ValidationError as error:
        told = "; ".join(
            f"ANXIN_{'_'.join(str(part) for part in e['loc']).upper()}: {e['msg']}" for e in error.errors()
        )
        raise Misconfigured(told) from error
    except OSError as error:
        raise Misconfigured(f"{error.filename} cannot be read: {error.strerror}; who runs this must own it") from error
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
