"""What is wrong with a site's patrol routes: points that are nowhere or elsewhere, times that are none."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.model.patrol import PatrolRoute
from gateway.registering.site import Site

MOST_POINTS = 100
LONGEST_TEXT = 500
_DAY_MIN = 24 * 60
_TIME = re.compile(r"^([01]\d|2[0-3]):[0-5]\d\Z")


def patrols(site: Site) -> Iterator[str]:
    """Routes: points within the route's area, times of day, instructions in zh and en."""
    area_of = {place.id: place.area for place in site.places}
    above = {area.id: area.parent for area in site.areas}
    for route in site.patrols:
        yield from _shape(route)
        for number, point in enumerate(route.points, 1):
            where = f"patrol {route.id}: point {number}"
            if point.place in area_of and not _lies_in(area_of[point.place], route.area, above):
                yield f"{where}: place {point.place!r} does not lie in {route.area!r}"
            if strays := point.look_for.keys() - {"zh", "en"}:
                yield f"{where}: look_for has zh and en, no {', '.join(sorted(strays))}"
            if any(len(text) > LONGEST_TEXT or "\0" in text for text in point.look_for.values()):
                yield f"{where}: look_for has at most {LONGEST_TEXT} characters"


def _shape(route: PatrolRoute) -> Iterator[str]:
    if not 1 <= len(route.points) <= MOST_POINTS:
        yield f"patrol {route.id}: points: {len(route.points)} of them; a route has 1 to {MOST_POINTS}"
    for told in route.at:
        if not _TIME.match(told):
            yield f'patrol {route.id}: at: {told!r} is no time of day like "08:30", quoted'
    if len(set(route.at)) < len(route.at):
        yield f"patrol {route.id}: at: a time stands twice"
    if not 1 <= route.within_min <= _DAY_MIN:
        yield f"patrol {route.id}: within_min {route.within_min} is no number of minutes from 1 to {_DAY_MIN}"


def _lies_in(area: str | None, wanted: str, above: dict[str, str | None]) -> bool:
    seen: set[str] = set()
    while area is not None and area not in seen:
        if area == wanted:
            return True
        seen.add(area)
        area = above.get(area)
    return False
