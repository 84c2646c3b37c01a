"""Who is logged in, their sessions and second factor, and the station's accounts."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from api.answers.documented import Answer
from api.answers.words import Onlooking, Permission, Role


class UserShown(Answer):
    """An account as its owner sees it. `areas` null means the whole station."""

    username: str
    name: str
    role: Role
    station: str
    areas: list[str] | None


class LoggedIn(Answer):
    """A session: its token goes into `Authorization: Bearer …`; browsers get it as a cookie too."""

    token: str
    token_type: str
    phone: bool = Field(description="whether it lasts as one on a phone does")
    user: UserShown


class SecondFactor(Answer):
    """Whether somebody has a second factor, and whether they have to get one before anything else."""

    enrolled: bool
    must_enrol: bool


class DemoShown(Answer):
    """What only a demo has: the stand-in for the officers' phones."""

    phones: str


class Me(Answer):
    """Who is logged in, at which station, and which acts their role allows; a wall's name is its label."""

    username: str
    name: str
    role: Onlooking
    station: str
    areas: list[str] | None

    station_name: str | None
    time_zone: str | None = Field(description="an IANA name")
    may: list[Permission]
    totp: SecondFactor
    demo: DemoShown | None


class SessionShown(Answer):
    """Where one is logged in; `this` is the one that asks."""

    id: int
    created_at: datetime
    used_at: datetime
    phone: bool
    this: bool


class SessionList(Answer):
    """One's own sessions, the last used first."""

    items: list[SessionShown]
    next: None


class TotpOffer(Answer):
    """A second factor's secret, and the address an authenticator app scans; it counts once it is confirmed."""

    secret: str
    uri: str


class RecoveryCodes(Answer):
    """Codes that are each good once instead of a second factor's digits, shown this once."""

    recovery_codes: list[str]


class AccountShown(Answer):
    """An account, without anything one could log in with. `areas` null means the whole station."""

    username: str
    name: str
    role: Role
    areas: list[str] | None
    auxiliary: bool
    disabled: bool
    locked_until: datetime | None
    has_password: bool
    totp: bool


class AccountPage(Answer):
    """Accounts, by user name. `next` is the `after` of the next page."""

    items: list[AccountShown]
    next: str | None
