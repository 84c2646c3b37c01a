"""Below what a platform is shown our devices: civil codes, or a business group and its organisations (annex N)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from connectors.gb28181.catalogue import Branch
from connectors.gb28181.config import LinkConfig
from gateway.county.codes import group
from gateway.county.config import CodesConfig
from gateway.model.registry import Area, Registry


class Tree:
    """One platform's tree, parents first. Empty where the platform is shown a flat list."""

    def __init__(self, registry: Registry, codes: CodesConfig, link: LinkConfig, known: Mapping[str, str]) -> None:
        self._registry = registry
        self._branches: dict[str, Branch] = {}
        #: The branch of an area, and of a place that others lie in.
        self._areas: dict[str, str] = {}
        self._places: dict[str, str] = {}
        #: The branch of everything else.
        self._rest: str | None = None
        if link.tree == "civil":
            self._grow_civil(codes)
        elif link.tree == "group":
            self._grow_groups(codes, link, known)

    def above(self, place: str | None) -> Branch | None:
        """Return the branch of what hangs at a place, None where it is directly below us."""
        building, area = self._registry.building_of(place), self._registry.area_of(place)
        here = [self._places.get(building or ""), *map(self._areas.get, self._registry.areas_above(area)), self._rest]
        return next((self._branches[code] for code in here if code is not None), None)

    def used(self, codes: Iterable[str]) -> list[Branch]:
        """Return these branches and those above them: empty ones are not told."""
        used: set[str] = set()
        for code in codes:
            branch = self._branches.get(code)
            while branch is not None and branch.code not in used:
                used.add(branch.code)
                branch = self._branches.get(branch.parent or branch.group)
        if used and self._rest is not None:
            used.add(self._rest)
        return [branch for branch in self._branches.values() if branch.code in used]

    def _grow_civil(self, codes: CodesConfig) -> None:
        self._rest = codes.county_code
        self._add(Branch(code=codes.county_code, name=codes.county))
        for code, street in sorted(codes.streets.items()):
            self._add(Branch(code=code, name=street.name))
            self._areas |= dict.fromkeys(street.areas, code)

    def _grow_groups(self, codes: CodesConfig, link: LinkConfig, known: Mapping[str, str]) -> None:
        station, civil = known[group("station")], codes.county_code
        self._add(Branch(code=station, name=self._registry.station.name, civil_code=civil, parent=link.device_id))

        def organise(what: str, name: str, parent: str | None) -> str:
            code = known[group(what)]
            told = civil if link.group_civil_code else ""
            self._add(Branch(code=code, name=name, parent=parent or "", group=station, civil_code=told))
            return code

        for area in sorted(self._registry.areas.values(), key=self._depth):
            self._areas[area.id] = organise(f"area/{area.id}", area.name, self._areas.get(area.parent or ""))
        above = {place.parent for place in self._registry.places.values()}
        for place in sorted(self._registry.places.values(), key=lambda one: one.id):
            if place.id in above and group(f"place/{place.id}") in known:
                self._places[place.id] = organise(f"place/{place.id}", place.name, self._areas.get(place.area))

    def _depth(self, area: Area) -> tuple[int, str]:
        return len(self._registry.areas_above(area.id)), area.id

    def _add(self, branch: Branch) -> None:
        self._branches[branch.code] = branch
