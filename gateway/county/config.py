"""What `anxin county` is told: one YAML file, checked whole before anything starts (docs/county.md)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from connectors.gat1400.config import ViidConfig
from connectors.gb28181.codes import BUSINESS_GROUP
from connectors.gb28181.config import LinkConfig
from connectors.wvp.config import PlatformConfig, VideoConfig
from gateway.county.mapping import ALARMS, KINDS, Meaning
from gateway.model.errors import Misconfigured
from gateway.settings import secrets_folder

_Code = Annotated[str, Field(pattern=r"^\d{20}$")]
_GroupCode = Annotated[str, Field(pattern=r"^\d{10}21[56]\d{7}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Street(_Strict):
    """A street or town (8 digits) and those of our areas that lie in it, with all below them."""

    name: str = Field(min_length=1, max_length=40)
    areas: list[str] = Field(min_length=1)


class CodesConfig(_Strict):
    """How devices get their 20 digits: those the county gave by name, all others in order.

    `centre` is ours, eight digits; `industry` by kind of place (`default` for all others); `types` by kind of device,
    and only kinds that stand there are told to the county. `groups`: codes of business group and organisations that the
    county gave, by `station`, `area/ID`, `place/ID`.
    """

    centre: str = Field(pattern=r"^\d{8}$")
    network: str = Field("0", pattern=r"^\d$")
    industry: dict[str, Annotated[str, Field(pattern=r"^\d{2}$")]] = {}
    types: dict[str, Annotated[str, Field(pattern=r"^\d{3}$")]] = {}
    devices: dict[str, _Code] = {}
    owner: str = Field("Owner", max_length=40)
    #: Six digits; unless said the first six of `centre`.
    civil_code: str = Field("", pattern=r"^(\d{6})?$")
    #: What a tree of civil codes needs: the county's name, and its streets by their eight digits.
    county: str = Field("", max_length=40)
    streets: dict[Annotated[str, Field(pattern=r"^\d{8}$")], Street] = {}
    groups: dict[Annotated[str, Field(pattern=r"^(station|(area|place)/.+)$")], _GroupCode] = {}

    @model_validator(mode="after")
    def _each_once(self) -> CodesConfig:
        seen: dict[str, str] = {}
        for what, code in [*self.devices.items(), *self.groups.items()]:
            if code in seen:
                raise ValueError(f"{what} and {seen[code]} have the same code {code}")
            seen[code] = what
        for what, code in self.groups.items():
            if (what == "station") is not (code[10:13] == BUSINESS_GROUP):
                raise ValueError(f"groups: {what}: a station is a business group (215), all else an organisation (216)")
        return self

    @model_validator(mode="after")
    def _streets_are_the_countys(self) -> CodesConfig:
        where: dict[str, str] = {}
        for code, street in self.streets.items():
            if not code.startswith(self.county_code):
                raise ValueError(f"streets: {code} is no part of the county {self.county_code}")
            for area in street.areas:
                if area in where:
                    raise ValueError(f"streets: {area} is in {where[area]} and in {code}")
                where[area] = code
        return self

    @property
    def county_code(self) -> str:
        """The county's six digits."""
        return self.civil_code or self.centre[:6]

    def type_of(self, kind: str) -> str | None:
        """Return the type of a kind of device, None when the county is not told of it."""
        return {**KINDS, **self.types}.get(kind)

    def industry_of(self, kind: str | None) -> str:
        """Return the industry of a kind of place."""
        told = {"default": "01", "school": "11", "school_gate": "11", **self.industry}
        return told.get(kind or "default", told["default"])


class CountyConfig(_Strict):
    """The whole file: links of either kind, video, or all of them. Links need codes.

    `alarms`: by rule what an alert is to the county, over what is built in; null keeps it here.
    """

    links: list[LinkConfig] = []
    #: Image databases (GA/T 1400) that get the pictures of alerts.
    viid: list[ViidConfig] = []
    codes: CodesConfig = CodesConfig.model_validate({"centre": "00000000"})
    video: VideoConfig | None = None
    alarms: dict[str, Meaning | None] = {}
    drills: bool = False
    #: An alarm that could not be said for so long is not said any more.
    alarm_lives_h: float = Field(24, gt=0, le=168)

    @property
    def platforms(self) -> list[LinkConfig | ViidConfig]:
        """All links, of both kinds."""
        return [*self.links, *self.viid]

    @property
    def rules_told(self) -> list[str]:
        """The rules whose alerts go to the county."""
        return sorted(rule for rule in {*ALARMS, *self.alarms} if self.meaning_of(rule) is not None)

    @model_validator(mode="after")
    def _is_for_something(self) -> CountyConfig:
        if not self.platforms and self.video is None:
            raise ValueError("there is nothing in it: give at least one of links, viid, video")
        names = [one.name for one in self.platforms]
        if len(set(names)) < len(names):
            raise ValueError("two links have the same name")
        if self.platforms and "codes" not in self.model_fields_set:
            raise ValueError("codes: links need them")
        if any(link.tree == "civil" for link in self.links) and not self.codes.county:
            raise ValueError("codes.county: a tree of civil codes needs the county's name")
        return self

    @property
    def is_grouped(self) -> bool:
        """Whether any platform is shown a business group."""
        return any(link.tree == "group" for link in self.links)

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


def password_of(told: LinkConfig | ViidConfig | PlatformConfig, beside: Path) -> str:
    """Return a platform's password or key. Its file is beside the county's file or among our secrets.

    Raises `Misconfigured` when there is none, or nothing in it.
    """
    secret, file = told.password, told.password_file
    if isinstance(told, PlatformConfig):
        secret, file = secret or told.api_key, file or told.api_key_file
    if secret is not None:
        return secret.get_secret_value()
    path, secrets = beside / (file or ""), secrets_folder()
    if secrets is not None and not path.exists():
        path = secrets / (file or "")
    try:
        found = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{told.name}: password_file {path} cannot be read: {type(error).__name__}") from error
    if not found:
        raise Misconfigured(f"{told.name}: password_file {path} is empty")
    return found
