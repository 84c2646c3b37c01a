"""Which 20 digits each device has: given once, kept for good, also when the device is gone; nobody else gets them."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.county.config import CodesConfig
from gateway.model.errors import Misconfigured
from gateway.model.registry import Registry

#: The last six digits count.
LAST = 999_999


def missing(registry: Registry, codes: CodesConfig, known: Mapping[str, str]) -> dict[str, str]:
    """Return codes for devices that have none, or another than the file gives them.

    What the file gives counts. Raises `Misconfigured` when it gives a code that another device has had.
    """
    of_code = {code: device for device, code in known.items()}
    found: dict[str, str] = {}
    for device, code in codes.devices.items():
        if device not in registry.devices or known.get(device) == code:
            continue
        if of_code.get(code, device) != device:
            raise Misconfigured(f"codes.devices: {device}: {of_code[code]} has {code}; no code is used twice")
        found[device] = of_code[code] = code
    serials: dict[str, int] = {}
    for code in [*of_code, *codes.devices.values()]:
        serials[code[:14]] = max(serials.get(code[:14], 0), int(code[14:]))
    for one in sorted(registry.devices.values(), key=lambda each: each.id):
        kind = codes.type_of(one.kind)
        if kind is None or one.id in known or one.id in codes.devices:
            continue
        place = registry.places.get(one.place)
        start = f"{codes.centre}{codes.industry_of(place.kind if place else None)}{kind}{codes.network}"
        serials[start] = serials.get(start, 0) + 1
        if serials[start] > LAST:
            raise Misconfigured(f"codes: {start} has no number left")
        found[one.id] = f"{start}{serials[start]:06d}"
    return found
