"""What is told of platforms that have video: where they are, how one logs in, where their streams come from."""

from __future__ import annotations

import string
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from connectors.wvp.streams import Kind, is_stream, origin_of

#: What may stand in a template; times are RFC 3339 in China's time, percent-encoded, seconds a whole number.
PLACES = {"live": ("device", "channel"), "playback": ("device", "channel", "begin", "end", "seconds")}


def _is_origin(told: str) -> str:
    if not is_stream("hls", told) or origin_of(told) != told:
        raise ValueError(f"{told} is no origin: write scheme, host and port like http://10.20.0.6:8080")
    return told


Origin = Annotated[str, AfterValidator(_is_origin)]
#: What the console can play, in the order it is tried.
Played = Literal["hls", "fmp4"]


class PlatformConfig(BaseModel):
    """One platform; every field stands in docs/county.md."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    kind: Literal["wvp", "template"] = "wvp"
    url: str = ""
    username: str = ""
    password: SecretStr | None = None
    password_file: Path | None = None
    api_key: SecretStr | None = None
    api_key_file: Path | None = None
    #: The authority that signed its certificate, where the system does not know it.
    ca_file: Path | None = None
    #: Where its streams come from, besides `url` and templates: the console's pages may load from there.
    media: list[Origin] = []
    live: dict[Kind, str] = {}
    playback: dict[Kind, str] = {}
    prefer: list[Played] = Field(default=["hls", "fmp4"], min_length=1)
    #: Who is called when it does not work: it stands in the sentence people read.
    contact: str = Field("", max_length=100)

    @model_validator(mode="after")
    def _is_whole(self) -> PlatformConfig:
        if self.kind == "wvp":
            self._check_wvp()
        else:
            self._check_templates()
        return self

    def _check_wvp(self) -> None:
        if not is_stream("hls", self.url) or "@" in self.url:
            raise ValueError("url is its address without a user name, like https://10.20.0.5:18080")
        by_password = (self.password is not None) + (self.password_file is not None)
        by_key = (self.api_key is not None) + (self.api_key_file is not None)
        if by_password + by_key != 1 or bool(self.username) != bool(by_password):
            raise ValueError("give username and one of password, password_file, or one of api_key, api_key_file")
        if self.live or self.playback:
            raise ValueError("live and playback are templates; leave them out, or say kind: template")

    def _check_templates(self) -> None:
        if self.url or self.username or any((self.password, self.password_file, self.api_key, self.api_key_file)):
            raise ValueError("templates are asked for nothing: leave out url and credentials")
        if not self.live and not self.playback:
            raise ValueError("give live or playback")
        for sort, templates in (("live", self.live), ("playback", self.playback)):
            for kind, template in templates.items():
                _check_template(sort, kind, template)

    def origins(self) -> frozenset[str]:
        """Where pages may load streams from, as browsers name origins."""
        own = [self.url, *self.live.values(), *self.playback.values()]
        return frozenset([*self.media, *(origin_of(one) for one in own if one.startswith(("http://", "https://")))])


class VideoConfig(BaseModel):
    """The platforms that have video of cameras near us."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    platforms: list[PlatformConfig] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_differ(self) -> VideoConfig:
        names = [one.name for one in self.platforms]
        if len(set(names)) < len(names):
            raise ValueError("two platforms have the same name")
        return self


def _check_template(sort: str, kind: Kind, template: str) -> None:
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError as error:
        raise ValueError(f"{sort}.{kind}: {error}") from error
    for _, name, form, turned in parts:
        if name is not None and (name not in PLACES[sort] or form or turned):
            raise ValueError(f"{sort}.{kind}: {{{name}}} is none of {', '.join(PLACES[sort])}")
    fixed = template.format(**dict.fromkeys(PLACES["playback"], "0"))
    if not is_stream(kind, fixed):
        raise ValueError(f"{sort}.{kind}: this is no address of a stream")
    if "@" in fixed.split("/")[2] or "{" in template.split("/")[2]:
        raise ValueError(f"{sort}.{kind}: whoever looks sees the address: no user, no placeholder before its path")
