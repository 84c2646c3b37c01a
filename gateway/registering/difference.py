"""What an import would change: a station as it stands beside a station as it is wanted. Nothing is read or written.

`settled` first fills in what the file leaves alone; then equal means that nothing is to be written.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

from gateway.registering.policy import policy_difference
from gateway.registering.site import Site, SitePerson, SiteUser

#: Personal data never stands in a difference.
MASK = "***"
PERSONAL_FIELDS = ("name", "phone", "id_number", "contacts", "note")
PERSONAL = {*(("person", name) for name in PERSONAL_FIELDS), ("user", "phone"), ("user", "contacts")}
SORTS = ("station", "area", "place", "device", "person", "user", "duty", "shift", "patrol", "policy")
#: By sort: the file's list.
LISTS = {
    "area": "areas", "place": "places", "device": "devices", "person": "persons", "user": "users", "duty": "duty",
    "shift": "shifts", "patrol": "patrols",
}  # fmt: skip
#: (sort, id)
Key = tuple[str, str]


class Change(msgspec.Struct, frozen=True):
    """One entry that is added, changed or removed; `fields` are `[before, after]` of what differs, JSON values."""

    sort: str
    id: str
    what: Literal["added", "changed", "removed"]
    fields: dict[str, list[Any]] = {}

    def line(self) -> str:
        """The change in one line, `+ device door-1` or `~ place mall: name «…» → «…»`."""
        sign = {"added": "+", "changed": "~", "removed": "-"}[self.what]
        told = ", ".join(f"{name} {_shown(old)} → {_shown(new)}" for name, (old, new) in self.fields.items())
        of = f"{self.sort} {self.id}".rstrip() if self.sort != "duty" else f"duty of {self.id or 'the station'}"
        return f"{sign} {of}: {told}" if self.what == "changed" else f"{sign} {of}"


class Difference(msgspec.Struct, frozen=True):
    """What is to be added and changed, in the order of `SORTS`, and what stands although the file has no such thing."""

    changes: list[Change]
    missing: list[Key]

    def counts(self) -> dict[str, dict[str, int]]:
        """How many are added and changed, by sort."""
        told: dict[str, dict[str, int]] = {}
        for change in self.changes:
            by_what = told.setdefault(change.sort, {})
            by_what[change.what] = by_what.get(change.what, 0) + 1
        return told

    def of(self, sort: str) -> dict[str, Change]:
        """The changes of one sort by id."""
        return {change.id: change for change in self.changes if change.sort == sort}


def entries(site: Site, sort: str) -> dict[str, Any]:
    """Return the entries of a sort by id; the duty of the whole station has the id ''."""
    if sort == "station":
        return {site.station.id: site.station}
    if sort == "policy":
        return {} if site.policy is None else {"": site.policy}
    return {id_of(one): one for one in getattr(site, LISTS[sort])}


def id_of(entry: Any) -> str:
    """Return what an entry of a site is told from others by."""
    if hasattr(entry, "username"):
        return str(entry.username)
    return str(entry.id) if hasattr(entry, "id") else str(entry.area or "")


def settled(now: Site | None, wanted: Site) -> Site:
    """Return what is wanted with what the file leaves alone as it stands.

    That is a person's name when the file has none, until when somebody is away, the ways to reach a user on channels
    the file does not name, and the policy when the file has none.
    """
    persons = entries(now, "person") if now is not None else {}
    users = entries(now, "user") if now is not None else {}
    return msgspec.structs.replace(
        wanted,
        persons=[_settled_person(persons.get(person.id), person) for person in wanted.persons],
        users=[_settled_user(users.get(user.username), user) for user in wanted.users],
        policy=wanted.policy if wanted.policy is not None or now is None else now.policy,
    )


def _settled_person(now: SitePerson | None, wanted: Any) -> SitePerson:
    kept = {"away_until": now.care["away_until"]} if now is not None and "away_until" in now.care else {}
    care = {name: value for name, value in {**kept, **wanted.care}.items() if value is not None}
    told = {name: getattr(wanted, name) for name in PERSONAL_FIELDS}
    kept_of = {name: getattr(now, name) if now is not None else None for name in PERSONAL_FIELDS}
    personal = {name: told[name] if told[name] is not None else kept_of[name] for name in PERSONAL_FIELDS}
    return SitePerson(id=wanted.id, place=wanted.place, care=care, **personal)


def _settled_user(now: SiteUser | None, wanted: SiteUser) -> SiteUser:
    kept = now.addresses() if now is not None else {}
    told = {
        channel: kept[channel] if channel in kept and same_address(kept[channel], address) else address
        for channel, address in wanted.addresses().items()
    }
    contacts = {**kept, **told}
    areas = sorted(set(wanted.areas)) if wanted.areas is not None else None
    return msgspec.structs.replace(wanted, phone=contacts.pop("phone", None), contacts=contacts, areas=areas)


def same_address(one: str, other: str) -> bool:
    """Say whether two addresses are the same to the blind index: width, case and spaces aside."""
    return _plain(one) == _plain(other)


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def difference(now: Site | None, wanted: Site) -> Difference:
    """Return what differs between a station as it stands (None: it is new) and as it is wanted (`settled`)."""
    changes: list[Change] = []
    missing: list[Key] = []
    for sort in SORTS:
        before = entries(now, sort) if now is not None else {}
        after = entries(wanted, sort)
        for name, entry in after.items():
            if name not in before:
                changes.append(Change(sort, name, "added"))
            elif fields := dict(_fields(sort, before[name], entry)):
                changes.append(Change(sort, name, "changed", fields))
        if sort not in {"station", "policy"}:
            missing.extend((sort, name) for name in before if name not in after)
    return Difference(changes, missing)


def _fields(sort: str, before: Any, after: Any) -> Iterator[tuple[str, list[Any]]]:
    if sort == "policy":
        yield from policy_difference(before, after).items()
        return
    old, new = _plain_values(before), _plain_values(after)
    for name, value in new.items():
        if old[name] != value:
            yield name, [MASK, MASK] if (sort, name) in PERSONAL else [old[name], value]


def _plain_values(entry: Any) -> Mapping[str, Any]:
    values: dict[str, Any] = msgspec.to_builtins(entry)
    # Nothing known and nothing said are the same.
    return {name: value or None if name in PERSONAL_FIELDS else value for name, value in values.items()}


def _shown(value: Any) -> str:
    if value is None:
        return "–"
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= 60 else text[:57] + "…"  # noqa: PLR2004  # a line of a terminal


def references(site: Site) -> Iterator[tuple[Key, Key]]:
    """Every reference of a site: who refers, to what."""
    for area in site.areas:
        yield from _to(("area", area.id), ("area", area.parent))
    for place in site.places:
        yield from _to(("place", place.id), ("area", place.area), ("place", place.parent))
    for device in site.devices:
        yield from _to(("device", device.id), ("place", device.place), ("device", device.via))
    for person in site.persons:
        yield from _to(("person", person.id), ("place", person.place))
    for user in site.users:
        yield from _to(("user", user.username), *(("area", area) for area in user.areas or ()))
    for duty in site.duty:
        people = (duty.officer, duty.deputy, duty.commander, duty.leader)
        yield from _to(("duty", duty.area or ""), ("area", duty.area), *(("user", one) for one in people))
    for shift in site.shifts:
        yield from _to(
            ("shift", shift.id), ("area", shift.area), ("place", shift.place), *(("user", one) for one in shift.people)
        )
    for route in site.patrols:
        where = ((sort, name) for one in route.points for sort, name in (("place", one.place), ("device", one.device)))
        yield from _to(("patrol", route.id), ("area", route.area), ("shift", route.shift), *where)
    for ladder in site.policy.ladders if site.policy is not None else ():
        yield from _to(("policy", f"ladder {ladder.priority}"), ("area", ladder.area))


def _to(who: Key, *what: tuple[str, str | None]) -> Iterator[tuple[Key, Key]]:
    yield from ((who, (sort, name)) for sort, name in what if name is not None)
