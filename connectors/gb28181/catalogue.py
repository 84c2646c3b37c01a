"""What the platform is told of our devices: the catalogue (GB/T 28181-2016 A.2.6 and annex N), whole and in changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Literal

import msgspec

from connectors.gb28181 import manscdp
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


def fields(item: Item, dialect: Dialect) -> list[tuple[str, Value]]:
    """Return the elements of an item in the standard's order."""
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
    return found


def scoped(items: Sequence[Item], asked: str, ours: str) -> list[Item]:
    """Return the items below what was asked for: all of them for our own code, one device, a part of the country."""
    if asked == ours:
        return list(items)
    if len(asked) < 20:
        return [item for item in items if asked and item.civil_code.startswith(asked)]
    return [item for item in items if asked in (item.code, item.parent)]


def answers(  # one argument per thing a message holds
    items: Sequence[Item], sn: int, device: str, dialect: Dialect, *, most: int, room: int
) -> Iterator[bytes]:
    """Return the answer to a query, message by message: at most `most` items, and `room` bytes where several fit."""
    told = [fields(item, dialect) for item in items]
    head: list[tuple[str, Value]] = [
        ("CmdType", "Catalog"), ("SN", sn), ("DeviceID", device), ("SumNum", len(told))
    ]  # fmt: skip
    if not told:
        yield manscdp.write("Response", head, charset=dialect.charset)
        return
    for part in _parts(told, head, dialect, most, room):
        yield manscdp.write("Response", [*head, ("DeviceList", Items(part))], charset=dialect.charset)


def changes(before: Iterable[Item], after: Iterable[Item]) -> list[tuple[Change, Item]]:
    """Return what became of the devices between two catalogues."""
    old: Mapping[str, Item] = {item.code: item for item in before}
    new: Mapping[str, Item] = {item.code: item for item in after}
    found: list[tuple[Change, Item]] = [("DEL", item) for code, item in old.items() if code not in new]
    for code, item in new.items():
        was = old.get(code)
        if was is None:
            found.append(("ADD", item))
        elif msgspec.structs.replace(was, online=item.online) != item:
            found.append(("UPDATE", item))
        elif was.online != item.online:
            found.append(("ON" if item.online else "OFF", item))
    return found


def notices(
    found: Sequence[tuple[Change, Item]], next_sn: Callable[[], int], device: str, dialect: Dialect, *, room: int
) -> Iterator[bytes]:
    """Return changes as notifications: whole items where they are new or other, otherwise their state alone.

    Each message has a number and a sum of its own.
    """
    told: list[list[tuple[str, Value]]] = []
    for event, item in found:
        whole = fields(item, dialect) if event in {"ADD", "UPDATE"} else [("DeviceID", item.code)]
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
