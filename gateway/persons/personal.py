"""What is personal of a person: sealed as one value, shown masked, found again by exact name or phone."""

from __future__ import annotations

from typing import Any

import msgspec

from gateway.model.person import Person, Relative
from gateway.sealing import Sealer


class Personal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A person's data; empty where nothing is known."""

    name: str = ""
    phone: str = ""
    id_number: str = ""
    contacts: list[Relative] = []
    note: str = ""

    def masked(self) -> dict[str, Any]:
        """What people see without a reason: 王**, 138****1234; of the note only whether there is one."""
        return {
            "name": mask_name(self.name),
            "phone": mask_number(self.phone, 3),
            "id_number": mask_number(self.id_number, 4),
            "contacts": [
                {"name": mask_name(one.name), "relation": one.relation, "phone": mask_number(one.phone, 3)}
                for one in self.contacts
            ],
            "has_note": bool(self.note),
        }


class Sealed(msgspec.Struct, frozen=True):
    """A person's data as the database keeps it."""

    sealed: bytes
    name_index: bytes | None
    phone_index: bytes | None


def personal_of(person: Person) -> Personal:
    """What a site file says of a person."""
    return Personal(person.name, person.phone, person.id_number, person.contacts, person.note)


def seal(sealer: Sealer, station: str, person: str, personal: Personal) -> Sealed:
    """Seal a person's data for one row."""
    return Sealed(
        sealer.seal(msgspec.json.encode(personal).decode(), _about(station, person)),
        name_index(sealer, personal.name) if personal.name else None,
        phone_index(sealer, personal.phone) if personal.phone else None,
    )


def unseal(sealer: Sealer, station: str, person: str, sealed: bytes | None) -> Personal:
    """Open a person's data; nothing where there is nothing. Raises `Misconfigured` when the key is another."""
    if sealed is None:
        return Personal()
    return msgspec.json.decode(sealer.unseal(bytes(sealed), _about(station, person)), type=Personal)


def name_index(sealer: Sealer, name: str) -> bytes:
    """The blind index of a name."""
    return sealer.index(name, "person.name")


def phone_index(sealer: Sealer, phone: str) -> bytes:
    """The blind index of a phone number: its digits, China's country code aside."""
    return sealer.index(_digits(phone), "person.phone")


def mask_name(name: str) -> str:
    """A name with all but its first character hidden: 王**."""
    return name[:1] + "*" * min(max(len(name) - 1, 1), 2) if name else ""


def mask_number(number: str, shown: int) -> str:
    """A number with its middle hidden: 138****1234; of a short one only the last two digits are shown."""
    if len(number) < shown + 4 + 3:
        return "*" * max(len(number) - 2, 1) + number[-2:] if len(number) > 2 else "*" * len(number)  # noqa: PLR2004
    return number[:shown] + "*" * (len(number) - shown - 4) + number[-4:]


def names(personal: Personal, text: str) -> bool:
    """Whether a text names the person or one of theirs, or has one of their numbers in it."""
    told = "".join(text.casefold().split())
    people = [personal.name, *(one.name for one in personal.contacts)]
    numbers = [personal.phone, personal.id_number, *(one.phone for one in personal.contacts)]
    digits = _digits(told)
    return any("".join(one.casefold().split()) in told for one in people if len(one) > 1) or any(
        _digits(one) in digits
        for one in numbers
        if len(_digits(one)) > 5  # noqa: PLR2004  # a house number is none
    )


def _digits(text: str) -> str:
    digits = "".join(one for one in text if one.isdecimal() or one in "xX")
    return digits.removeprefix("0086").removeprefix("86") if len(digits) > 11 else digits  # noqa: PLR2004


def _about(station: str, person: str) -> str:
    return f"person/{station}/{person}"
