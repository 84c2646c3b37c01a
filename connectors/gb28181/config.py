"""What a link to a county platform is told: addresses, codes, a password, and how that platform is spoken to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from connectors.gb28181.codes import read_code
from connectors.gb28181.dialect import DIALECTS, Dialect, Edition

_Code = Annotated[str, Field(pattern=r"^\d{20}$")]
#: `host:port`; a name, an IPv4 address, or an IPv6 address in brackets.
_HOST_PORT = r"^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):(\d{1,5})$"
Delivery = Literal["auto", "message", "notify", "both"]
Tree = Literal["flat", "civil", "group"]


class LinkConfig(BaseModel):
    """One link; every field stands in docs/county.md."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field("county", pattern=r"^[a-z0-9-]{1,32}$")
    #: The platform: its code, where it listens, and how.
    server_id: _Code
    server: str = Field(pattern=_HOST_PORT)
    transport: Literal["udp", "tcp"] = "udp"
    #: Ours: given by the county's operator.
    device_id: _Code
    username: str = ""
    password: SecretStr | None = None
    password_file: Path | None = None
    #: Where we listen, and what the platform is told where that differs (behind NAT, in a container).
    listen: str = Field("0.0.0.0:5060", pattern=_HOST_PORT)
    advertised: str | None = Field(None, pattern=_HOST_PORT)
    #: Further addresses the platform's requests may come from.
    also_from: list[str] = []

    edition: Edition = "2016"
    request_host: Literal["address", "domain"] = "address"
    expires_s: int = Field(3600, ge=60, le=604800)
    keepalive_s: float = Field(60, gt=0, le=3600)
    keepalive_misses: int = Field(3, ge=1, le=20)
    #: How long to wait after a refused or unanswered registration; a random part of as much again is added.
    retry_s: float = Field(60, gt=0, le=3600)

    alarm_delivery: Delivery = "auto"
    #: A platform that never had the catalogue drops alarms of what is not in it: after the first registration they wait
    #: so long for it to ask, and while it is told so long for the end.
    catalog_first_s: float = Field(3, ge=0, le=60)
    catalog_wait_s: float = Field(30, ge=0, le=120)
    #: One item a message is what old platforms take surely; more are packed as far as a datagram reaches.
    catalog_items: int = Field(1, ge=1, le=100)
    #: Below what our devices stand: us, civil codes, or a business group and its organisations (215, 216). The standard
    #: gives organisations no CivilCode; some platforms want one.
    tree: Tree = "flat"
    group_civil_code: bool = False
    require_reset: bool = False
    reset_after_s: float = Field(300, gt=0, le=86400)
    honour_guard: bool = False
    subscribe_body: bool = False

    @field_validator("server", "listen", "advertised")
    @classmethod
    def _port_is_one(cls, told: str | None) -> str | None:
        if told is not None and not 0 <= int(told.rpartition(":")[2]) <= 65535:
            raise ValueError(f"{told}: there is no such port")
        return told

    @model_validator(mode="after")
    def _can_work(self) -> LinkConfig:
        if self.device_id == self.server_id:
            raise ValueError("device_id is the platform's own code: the county's operator gives you one of yours")
        if (self.password is None) == (self.password_file is None):
            raise ValueError("say password or password_file, one of them")
        return self

    @property
    def dialect(self) -> Dialect:
        """How the edition speaks."""
        return DIALECTS[self.edition]

    @property
    def domain(self) -> str:
        """The SIP domain: the first ten digits of the platform's code."""
        return self.server_id[:10]

    def advice(self) -> list[str]:
        """Return what is allowed and seldom meant."""
        found = []
        ours, theirs = read_code(self.device_id), read_code(self.server_id)
        if theirs.type != "200":
            found.append(f"server_id has the type {theirs.type}; a platform has 200")
        if ours.type not in {"200", "117", "118", "111", "113"}:
            found.append(f"device_id has the type {ours.type}; a gateway is a platform (200) or an alarm host (117)")
        if ours.centre[:6] != theirs.centre[:6]:
            found.append("device_id and server_id name different counties")
        return found


def host_port(told: str) -> tuple[str, int]:
    """Return host and port of `host:port`."""
    host, _, port = told.rpartition(":")
    return host.strip("[]"), int(port)
