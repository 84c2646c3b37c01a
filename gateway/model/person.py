"""A resident: who they are, and what rules know of them."""

from __future__ import annotations

from typing import Any

import msgspec


class Relative(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody to be told about a person."""

    name: str
    relation: str = ""
    phone: str = ""


class Person(msgspec.Struct, frozen=True):
    """A resident. `care` is the care profile, for example `{"lives_alone": true, "silence_limit_s": 64800}`.

    Everything but `id`, `place` and `care` is personal: a site file says it, the database keeps it sealed, and a
    `Registry` never has it. `care.consent` false says that nobody may watch over them (docs/privacy.md).
    """

    id: str
    name: str
    place: str
    care: dict[str, Any] = {}
    phone: str = ""
    id_number: str = ""
    contacts: list[Relative] = []
    note: str = ""

    def on_the_road(self) -> Person:
        """The person as rules know them: nameless; without consent there is nothing in their profile to watch by."""
        watched = self.care if self.care.get("consent", True) else {"consent": False}
        return Person(self.id, "", self.place, watched)
