"""Which doors of a building residents pass, and which is the back door."""

from collections import defaultdict

from simulators.life.message import fixed
from simulators.site_file import DeviceEntry, Site


class Entrances:
    """The doors that residents pass on their way to their flats."""

    def __init__(self, site: Site) -> None:
        self._site = site
        backs = {door.id for door in back_doors(site)}
        self._at: dict[str, list[DeviceEntry]] = defaultdict(list)
        for door in site.find("door_controller", "building"):
            if door.id not in backs:
                self._at[door.place.id].append(door)

    def of(self, device: DeviceEntry) -> DeviceEntry | None:
        """Return the entrance of a flat that has this device: always the same one of its building's."""
        building = self._site.building_of(device.place)
        found = self._at.get(building.id, []) if building is not None else []
        return found[fixed(device.place.id) % len(found)] if found else None


def back_doors(site: Site) -> list[DeviceEntry]:
    """Return the back door of each building that has one: the last of its doors, where residents don't pass."""
    doors_of: dict[str, list[DeviceEntry]] = {}
    for door in site.find("door_controller", "building"):
        doors_of.setdefault(door.place.id, []).append(door)
    return [found[-1] for found in doors_of.values() if len(found) > 1]
