"""Which 20 digits each device and group has: given once, kept for good, also when it is gone; never given again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from connectors.gb28181.codes import BUSINESS_GROUP, ORGANISATION
from gateway.county.config import CodesConfig
from gateway.model.errors import Misconfigured
from gateway.model.registry import Registry

#: The last six digits count.
LAST = 999_999
#: Groups are of no industry.
NO_INDUSTRY = "00"


def missing(
    registry: Registry, codes: CodesConfig, known: Mapping[str, str], *, grouped: bool = False
) -> dict[str, str]:
    """Return codes for devices that have none, or another than the file gives them; `grouped`: for groups too.

    What the file gives counts. Raises `Misconfigured` when it gives a code that something else has had.
    """
    groups = dict(_groups(registry, codes)) if grouped else {}
    of_code = {code: name for name, code in known.items()}
    found: dict[str, str] = {}
    told = {**codes.devices, **{group(what): code for what, code in codes.groups.items()}}
    for name, code in told.items():
        if (name not in registry.devices and name not in groups) or known.get(name) == code:
            continue
        if of_code.get(code, name) != name:
            raise Misconfigured(f"codes: {name}: {of_code[code]} has {code}; no code is used twice")
        found[name] = of_code[code] = code
    serials: dict[str, int] = {}
    for code in [*of_code, *told.values()]:
        serials[code[:14]] = max(serials.get(code[:14], 0), int(code[14:]))
    for name, start in [*_devices(registry, codes), *groups.items()]:
        if name in known or name in told:
            continue
        serials[start] = serials.get(start, 0) + 1
        if serials[start] > LAST:
            raise Misconfigured(f"codes: {start} has no number left")
        found[name] = f"{start}{serials[start]:06d}"
    return found


def group(what: str) -> str:
    """Return under which name a group's code is kept: `station`, `area/ID`, `place/ID`. No device has such a name."""
    return f"group/{what}"


def _devices(registry: Registry, codes: CodesConfig) -> Iterator[tuple[str, str]]:
    """Give each device that is told, in the order of ids, and the first fourteen digits of its code."""
    for one in sorted(registry.devices.values(), key=lambda each: each.id):
        if (kind := codes.type_of(one.kind)) is not None:
            place = registry.places.get(one.place)
            yield one.id, f"{codes.centre}{codes.industry_of(place.kind if place else None)}{kind}{codes.network}"


def _groups(registry: Registry, codes: CodesConfig) -> Iterator[tuple[str, str]]:
    """Give what devices may be grouped by: the station, its areas, and each place that others lie in."""
    yield group("station"), f"{codes.centre}{NO_INDUSTRY}{BUSINESS_GROUP}{codes.network}"
    above = {place.parent for place in registry.places.values()}
    for what in [
        *(f"area/{area}" for area in sorted(registry.areas)),
        *(f"place/{one.id}" for one in sorted(registry.places.values(), key=lambda place: place.id)
          if one.parent is None and one.id in above),
    ]:  # fmt: skip
        yield group(what), f"{codes.centre}{NO_INDUSTRY}{ORGANISATION}{codes.network}"
