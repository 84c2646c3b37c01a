"""What the platform is told of our devices: the catalogue (GB/T 28181-2016 A.2.6 and annex N), whole and in changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Literal

import msgspec

from connectors.gb28181 import manscdp
from connectors.gb28181.codes import DIGITS
from connectors.gb28181.dialect import Dialect
from connectors.gb28181.manscdp import Items, Value

_Fields = Sequence[tuple[str, Value]]
Change = Literal["ON", "OFF", "ADD", "DEL", "UPDATE"]
#: Longer names are cut: platforms keep some forty characters.
LONGEST_NAME = 40
#: Items of one message, whatever else would fit; changes of one message.
MOST_ITEMS = 100


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One device in the catalogue. `longitude`, `latitude`: WGS-84 degrees, None when unknown."""

    code: str
    name: str
    #: Six digits: the county.
    civil_code: str
    parent: str
    manufacturer: str = "Anxin"
    model: str = "Anxin"
    owner: str = "Owner"
    block: str = ""
    address: str = ""
    online: bool = True
    longitude: float | None = None
    latitude: float | None = None
    #: The business group its parent belongs to, where that is a virtual organisation.
    group: str = ""


class Branch(msgspec.Struct, frozen=True, kw_only=True):
    """What devices are sorted under: a civil code (2 to 8 digits), a business group (215), an organisation (216).

    Empty is what its kind does not have (annex N): a civil code has nothing but its name, an organisation a `parent`
    only where that is another one.
    """

    code: str
    name: str
    civil_code: str = ""
    parent: str = ""
    group: str = ""


Entry = Item | Branch


def devices(entries: Iterable[Entry]) -> tuple[Item, ...]:
    """Return what is no branch."""
    return tuple(entry for entry in entries if isinstance(entry, Item))


def fields(entry: Entry, dialect: Dialect) -> list[tuple[str, Value]]:
    """Return the elements of an entry in the standard's order."""
    return _item(entry, dialect) if isinstance(entry, Item) else _branch(entry)


def _branch(branch: Branch) -> list[tuple[str, Value]]:
    found: list[tuple[str, Value]] = [
        ("DeviceID", branch.code), ("Name", branch.name[:LONGEST_NAME]), ("CivilCode", branch.civil_code),
        ("ParentID", branch.parent), ("BusinessGroupID", branch.group),
    ]  # fmt: skip
    return [(name, value) for name, value in found if value]


def _item(item: Item, dialect: Dialect) -> list[tuple[str, Value]]:
    old = dialect.edition == "2016"
    found: list[tuple[str, Value]] = [
        ("DeviceID", item.code), ("Name", item.name[:LONGEST_NAME]),
        ("Manufacturer", item.manufacturer or "Anxin"), ("Model", item.model or "Anxin"),
    ]  # fmt: skip
    if old:
        found.append(("Owner", item.owner or "Owner"))
    found.append(("CivilCode", item.civil_code))
    if item.block:
        found.append(("Block", item.block))
    found += [("Address", (item.address or item.name)[:LONGEST_NAME]), ("Parental", 0), ("ParentID", item.parent)]
    if old:
        found.append(("SafetyWay", 0))
    found += [("RegisterWay", 1), ("Secrecy", 0), ("Status", "ON" if item.online else "OFF")]
    if item.longitude is not None and item.latitude is not None:
        found += [("Longitude", f"{item.longitude:.6f}"), ("Latitude", f"{item.latitude:.6f}")]
    if item.group:
        found.append(("BusinessGroupID", item.group))
    return found


def scoped(entries: Sequence[Entry], asked: str, ours: str) -> list[Entry]:
    """Return what was asked for and all that is below it: everything for our own code, a part of the country by its.

    Parents stand before their children in `entries`.
    """
    if asked == ours:
        return list(entries)
    if len(asked) < DIGITS:
        civil = {entry.code: entry.civil_code or entry.code for entry in entries}
        return [entry for entry in entries if asked and (civil.get(entry.group) or civil[entry.code]).startswith(asked)]
    within = {asked}
    for entry in entries:
        if (entry.parent or entry.group) in within:
            within.add(entry.code)
    return [entry for entry in entries if entry.code in within]


def answers(  # one argument per thing a message holds
    entries: Sequence[Entry], sn: int, device: str, dialect: Dialect, *, most: int, room: int
) -> Iterator[bytes]:
    """Return the answer to a query, message by message: at most `most` items, and `room` bytes where several fit."""
    told = [fields(entry, dialect) for entry in entries]
    head: list[tuple[str, Value]] = [
        ("CmdType", "Catalog"), ("SN", sn), ("DeviceID", device), ("SumNum", len(told))
    ]  # fmt: skip
    if not told:
        yield manscdp.write("Response", head, charset=dialect.charset)
        return
    for part in _parts(told, head, dialect, most, room):
        yield manscdp.write("Response", [*head, ("DeviceList", Items(part))], charset=dialect.charset)


def changes(before: Iterable[Entry], after: Iterable[Entry]) -> list[tuple[Change, Entry]]:
    """Return what became of the entries between two catalogues; at no moment is anything below what is not there."""
    old: Mapping[str, Entry] = {entry.code: entry for entry in before}
    new: Mapping[str, Entry] = {entry.code: entry for entry in after}
    found: list[tuple[Change, Entry]] = []
    for code, entry in new.items():
        was = old.get(code)
        if was is None:
            found.append(("ADD", entry))
        elif was == entry:
            continue
        elif isinstance(entry, Item) and was == msgspec.structs.replace(entry, online=not entry.online):
            found.append(("ON" if entry.online else "OFF", entry))
        else:
            found.append(("UPDATE", entry))
    return found + [("DEL", old[code]) for code in reversed(list(old)) if code not in new]


def notices(
    found: Sequence[tuple[Change, Entry]], next_sn: Callable[[], int], device: str, dialect: Dialect, *, room: int
) -> Iterator[bytes]:
    """Return changes as notifications: whole entries where they are new or other, otherwise their state alone.

    Each message has a number and a sum of its own.
    """
    told: list[list[tuple[str, Value]]] = []
    for event, entry in found:
        whole = fields(entry, dialect) if event in {"ADD", "UPDATE"} else [("DeviceID", entry.code)]
        told.append([whole[0], ("Event", event), *whole[1:]])

    def head(number: int) -> list[tuple[str, Value]]:
        return [("CmdType", "Catalog"), ("SN", next_sn()), ("DeviceID", device), ("SumNum", number)]

    for part in _parts(told, head(len(told)), dialect, MOST_ITEMS, room):
        yield manscdp.write("Notify", [*head(len(part)), ("DeviceList", Items(part))], charset=dialect.charset)


def _parts(
    told: Sequence[_Fields],
    head: _Fields,
    dialect: Dialect,
    most: int,
    room: int,
) -> Iterator[list[_Fields]]:
    frame = len(manscdp.write("Response", [*head, ("DeviceList", Items([]))], charset=dialect.charset)) + 40
    part: list[_Fields] = []
    length = frame
    for one in told:
        size = len(manscdp.write("Item", one, charset=dialect.charset))
        if part and (len(part) >= most or length + size > room):
            yield part
            part, length = [], frame
        part.append(one)
        length += size
    if part:
        yield part
