"""What `anxin county` is told: one YAML file, checked whole before anything starts (docs/county.md)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from connectors.gb28181.config import LinkConfig
from connectors.wvp.config import VideoConfig
from gateway.county.mapping import ALARMS, KINDS, Meaning
from gateway.model.errors import Misconfigured
from gateway.settings import secrets_folder

_Code = Annotated[str, Field(pattern=r"^\d{20}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CodesConfig(_Strict):
    """How devices get their 20 digits: those the county gave by name, all others in order.

    `centre` is ours, eight digits; `industry` by kind of place (`default` for all others); `types` by kind of device,
    and only kinds that stand there are told to the county.
    """

    centre: str = Field(pattern=r"^\d{8}$")
    network: str = Field("0", pattern=r"^\d$")
    industry: dict[str, Annotated[str, Field(pattern=r"^\d{2}$")]] = {}
    types: dict[str, Annotated[str, Field(pattern=r"^\d{3}$")]] = {}
    devices: dict[str, _Code] = {}
    owner: str = Field("Owner", max_length=40)
    #: Six digits; unless said the first six of `centre`.
    civil_code: str = Field("", pattern=r"^(\d{6})?$")

    @model_validator(mode="after")
    def _each_once(self) -> CodesConfig:
        seen: dict[str, str] = {}
        for device, code in self.devices.items():
            if code in seen:
                raise ValueError(f"{device} and {seen[code]} have the same code {code}")
            seen[code] = device
        return self

    def type_of(self, kind: str) -> str | None:
        """Return the type of a kind of device, None when the county is not told of it."""
        return {**KINDS, **self.types}.get(kind)

    def industry_of(self, kind: str | None) -> str:
        """Return the industry of a kind of place."""
        told = {"default": "01", "school": "11", "school_gate": "11", **self.industry}
        return told.get(kind or "default", told["default"])


class CountyConfig(_Strict):
    """The whole file: links, video, or both. Links need codes.

    `alarms`: by rule what an alert is to the county, over what is built in; null keeps it here.
    """

    links: list[LinkConfig] = []
    codes: CodesConfig = CodesConfig.model_validate({"centre": "00000000"})
    video: VideoConfig | None = None
    alarms: dict[str, Meaning | None] = {}
    drills: bool = False
    #: An alarm that could not be said for so long is not said any more.
    alarm_lives_h: float = Field(24, gt=0, le=168)

    @field_validator("links")
    @classmethod
    def _names_differ(cls, told: list[LinkConfig]) -> list[LinkConfig]:
        names = [one.name for one in told]
        if len(set(names)) < len(names):
            raise ValueError("two links have the same name")
        return told

    @model_validator(mode="after")
    def _is_for_something(self) -> CountyConfig:
        if not self.links and self.video is None:
            raise ValueError("there is nothing in it: give at least one of links, video")
        if self.links and "codes" not in self.model_fields_set:
            raise ValueError("codes: links need them")
        return self

    def meaning_of(self, rule: str) -> Meaning | None:
        """Return what an alert of a rule is to the county, None when it does not go there."""
        return self.alarms[rule] if rule in self.alarms else ALARMS.get(rule)

    @property
    def alarm_lives(self) -> timedelta:
        """For how long an alarm is of use."""
        return timedelta(hours=self.alarm_lives_h)


def read_county(path: Path) -> CountyConfig:
    """Return what a file says. Raises `Misconfigured` with each place that is wrong."""
    try:
        told: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Misconfigured(f"{path}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{path} is no YAML: {error}") from error
    try:
        return CountyConfig.model_validate(told)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'file'}: {one['msg']}" for one in error.errors())
        raise Misconfigured(f"{path}: {wrong}") from error


def password_of(link: LinkConfig, beside: Path) -> str:
    """Return a link's password. Its file is beside the county's file or among our secrets. Raises `Misconfigured`."""
    if link.password is not None:
        return link.password.get_secret_value()
    path, secrets = beside / (link.password_file or ""), secrets_folder()
    if secrets is not None and not path.exists():
        path = secrets / (link.password_file or "")
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise Misconfigured(f"{link.name}: password_file {path}: {error.strerror}") from error
