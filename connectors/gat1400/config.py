"""What a link to an image database is told."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

_Code = Annotated[str, Field(pattern=r"^\d{20}$")]
#: `host:port`; a name, an IPv4 address, or an IPv6 address in brackets.
_HOST_PORT = r"^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):(\d{1,5})$"


class ViidConfig(BaseModel):
    """One link; every field stands in docs/county.md."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field("viid", pattern=r"^[a-z0-9-]{1,32}$")
    #: `http://host:port`; what comes after (/VIID/…) is the standard's.
    url: str
    server_id: _Code
    device_id: _Code
    username: str = ""
    password: SecretStr | None = None
    password_file: Path | None = None
    mode: Literal["direct", "subscribe"] = "direct"
    #: Where the platform's subscriptions are taken; without it nobody can subscribe.
    listen: str | None = Field(None, pattern=_HOST_PORT)
    #: Further hosts its requests come from and its ReceiveAddr may name.
    also_from: list[str] = []
    keepalive_s: float = Field(60, gt=0, le=3600)
    keepalive_misses: int = Field(3, ge=1, le=20)
    #: How long to wait after a refused or unanswered registration; a random part of as much again is added.
    retry_s: float = Field(10, gt=0, le=3600)
    image_source: Literal["01", "02", "10", "11", "99"] = "01"
    image_key: Literal["Image", "ImageObject"] = "Image"
    #: Alerts of these rules show a vehicle.
    vehicle_rules: list[str] = ["fire-lane-parked"]

    @field_validator("url")
    @classmethod
    def _is_a_url(cls, told: str) -> str:
        parts = urlsplit(told)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.username:
            raise ValueError(f"{told}: say http://host:port")
        if parts.path not in {"", "/"}:
            raise ValueError(f"{told}: /VIID and what follows is added; say http://host:port")
        parts.port  # noqa: B018  # raises ValueError for one that is none
        return told.rstrip("/")

    @model_validator(mode="after")
    def _can_work(self) -> ViidConfig:
        if self.device_id == self.server_id:
            raise ValueError("device_id is the platform's own code: the county's operator gives you one of yours")
        if (self.password is None) == (self.password_file is None):
            raise ValueError("say password or password_file, one of them")
        if self.mode == "subscribe" and self.listen is None:
            raise ValueError("mode subscribe needs listen: the platform has to reach us")
        return self

    @property
    def hosts(self) -> list[str]:
        """Hosts the platform speaks from, its own first."""
        return [urlsplit(self.url).hostname or "", *self.also_from]
