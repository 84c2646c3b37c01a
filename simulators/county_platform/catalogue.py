"""A device's catalogue as WVP keeps it: replaced as a whole once SumNum items have come, changed by Notifies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from xml.etree import ElementTree as ET  # only its type: trees come read

from simulators.county_platform.checks import item_kind
from simulators.county_platform.manscdp import Body, Fault

_FULL = frozenset({"ADD", "UPDATE"})
_ABNORMAL = frozenset({"OFF", "VLOST", "DEFECT"})


class Item(NamedTuple):
    """One entry: `fields` has every simple element as text, `status` is ON or OFF."""

    id: str
    name: str
    status: str
    fields: Mapping[str, str]


class _Coming:
    def __init__(self, total: int) -> None:
        self.total = total
        self.items: dict[str, Item] = {}
        self.over = False


class Catalogue:
    """The catalogue of one device. `complete`: whether one has ever come in full; `times`: how often one has."""

    def __init__(self, device: str, server: str) -> None:
        self.device, self._server = device, server
        self.items: dict[str, Item] = {}
        self.complete = False
        self.times = 0
        self._coming: dict[str, _Coming] = {}

    def forget(self) -> None:
        """Know nothing."""
        self.items, self.complete = {}, False
        self._coming.clear()

    def take(self, body: Body) -> tuple[bool, list[Fault]]:
        """Take a Response of a query for everything; return whether it is complete now, and what is wrong."""
        return self._gather(body, replaces=True)

    def take_part(self, body: Body) -> tuple[bool, list[Fault]]:
        """Take a Response of a query for a part: it is checked and changes nothing."""
        return self._gather(body, replaces=False)

    def _gather(self, body: Body, *, replaces: bool) -> tuple[bool, list[Fault]]:
        told = body.field("SumNum")
        total = int(told) if told.isdecimal() else 0
        coming = self._coming.setdefault(body.sn, _Coming(total))
        faults: list[Fault] = []
        if coming.over:
            return False, [("sum-num", f"Catalog SN {body.sn}: another message after SumNum {coming.total} items")]
        if total != coming.total:
            faults.append(("sum-num", f"Catalog SN {body.sn}: SumNum {total}, was {coming.total}"))
        for one in body.tree.findall("DeviceList/Item"):
            item = read_item(one)
            if item.id in coming.items:
                faults.append(("catalog-duplicate", f"Catalog SN {body.sn}: {item.id} twice"))
            coming.items[item.id] = item
        if len(coming.items) > coming.total:
            faults.append(("sum-num", f"Catalog SN {body.sn}: {len(coming.items)} items of {coming.total}"))
        if len(coming.items) < coming.total:
            return False, faults
        coming.over = True
        if replaces:
            self.items, self.complete, self.times = coming.items, True, self.times + 1
            faults += self._family()
        return True, faults

    def notify(self, body: Body, *, initial: bool) -> list[Fault]:
        """Take a Notify: `initial` is the one right after the subscription, of what is abnormal only."""
        faults: list[Fault] = []
        for one in body.tree.findall("DeviceList/Item"):
            item, event = read_item(one), (one.findtext("Event") or "").strip()
            if initial and event not in _ABNORMAL:
                faults.append(("first-notify", f"{item.id} {event}: the first tells what is offline or abnormal"))
            if event != "ADD" and item.id not in self.items:
                faults.append(("catalog-unknown", f"{event} of {item.id}, which is not in the catalogue"))
            elif event == "DEL":
                del self.items[item.id]
            elif event in _FULL:
                self.items[item.id] = item
            else:
                self.items[item.id] = self.items[item.id]._replace(status="ON" if event == "ON" else "OFF")
        return [*faults, *(self._family() if faults == [] else [])]

    def _family(self) -> list[Fault]:
        """Judge who is whose parent."""
        faults: list[Fault] = []
        parents = {parent for item in self.items.values() for parent in item.fields.get("ParentID", "").split("/")}
        for item in self.items.values():
            told = [one for one in item.fields.get("ParentID", "").split("/") if one]
            if self._server in told:
                faults.append(("parent", f"{item.id}: ParentID is the server's own ID, which WVP takes for none"))
            strangers = {one for one in told if one not in self.items} - {self.device, self._server}
            if strangers:
                faults.append(("parent", f"{item.id}: nobody has the ParentID {', '.join(sorted(strangers))}"))
            if item_kind(item.id) == "device" and (item.fields.get("Parental") == "1") != (item.id in parents):
                faults.append(
                    ("parental", f"{item.id}: Parental {item.fields.get('Parental')}, children say otherwise")
                )
        return faults


def read_item(element: ET.Element) -> Item:
    """Read an Item element."""
    fields = {child.tag: (child.text or "").strip() for child in element}
    return Item(fields.get("DeviceID", ""), fields.get("Name", ""), fields.get("Status", ""), fields)
