"""A station's site file as it is meant: what `reading` makes of the text, `writing` keeps and `exporting` writes."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from gateway.model.duty import Duty, Shift
from gateway.model.patrol import PatrolRoute
from gateway.model.person import Person, Relative
from gateway.model.policy import Policy
from gateway.model.registry import Area, Device, Place, Station

Role = Literal["operator", "officer", "commander", "grid_worker", "auditor", "admin"]
#: `left_out`: who made the file left personal data out; what is kept of it stays.
Personal = Literal["here", "left_out"]


class SitePerson(msgspec.Struct, frozen=True):
    """A resident. What is personal and not in the file stays as it is kept; `care` is what rules go by.

    In a file `care` may say `consent`, as `gateway.persons.imported` explains.
    """

    id: str
    place: str
    name: str | None = None
    care: dict[str, Any] = {}
    phone: str | None = None
    id_number: str | None = None
    contacts: list[Relative] | None = None
    note: str | None = None

    def person(self) -> Person:
        """The resident as the registry takes them; empty where the file says nothing."""
        return Person(
            self.id, self.name or "", self.place, self.care, self.phone or "", self.id_number or "",
            self.contacts or [], self.note or "",
        )  # fmt: skip


class SiteUser(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An account of the site file; it has no password until one is set with `anxin user password`."""

    username: str
    name: str
    role: Role
    #: The address on the phone channel; `contacts` are those on others: `{sms: "+86…", wecom: …}`.
    phone: str | None = None
    contacts: dict[str, str] = {}
    areas: list[str] | None = None
    auxiliary: bool = False

    def addresses(self) -> dict[str, str]:
        """The ways to reach them, by channel."""
        return self.contacts if self.phone is None else {"phone": self.phone, **self.contacts}


class Site(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A station as one file says it. Coordinates are WGS-84 here, whatever the file had.

    `policy` None: the file says nothing of it, and what is kept stays.
    """

    station: Station
    areas: list[Area] = []
    places: list[Place] = []
    devices: list[Device] = []
    persons: list[SitePerson] = []
    users: list[SiteUser] = []
    duty: list[Duty] = []
    shifts: list[Shift] = []
    patrols: list[PatrolRoute] = []
    policy: Policy | None = None
    personal: Personal = "here"
