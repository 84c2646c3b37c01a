"""Shapes of areas: what is taken, what is refused and why, and that the demo towns' places lie in theirs."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from gateway.model.errors import Misconfigured
from gateway.registering.coordinates import to_wgs84
from gateway.registering.exporting import site_text
from gateway.registering.reading import parse_site, read_site
from gateway.registering.shapes import MOST_POINTS, corners, read_shape
from gateway.registering.site import Site
from simulators.county.site import site_text as county_text

RING = [[109.10, 33.15], [109.11, 33.15], [109.11, 33.16], [109.10, 33.15]]
STATION = "station: {id: s, name: 所, time_zone: Asia/Shanghai}\n"


def polygon(*rings: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def test_a_polygon_and_many_are_taken_as_they_are() -> None:
    assert read_shape(polygon(RING)) == polygon(RING)
    many = {"type": "MultiPolygon", "coordinates": [[RING], [RING, RING]]}
    assert read_shape(many) == many
    assert len(list(corners(many))) == 2 * len(RING), "what is cut out lies within"


def test_heights_are_left_out() -> None:
    assert read_shape(polygon([[*position, 410.5] for position in RING])) == polygon(RING)


def test_other_systems_are_made_wgs84() -> None:
    [ring] = read_shape(polygon(RING), "gcj02")["coordinates"]
    for (lon, lat), (drawn_lon, drawn_lat) in zip(ring, RING, strict=True):
        assert (lat, lon) == to_wgs84(drawn_lat, drawn_lon, "gcj02")
        assert abs(lon - drawn_lon) > 0.001


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"type": "Point", "coordinates": [1, 2]}, "Polygon or a MultiPolygon"),
        ("here", "Polygon or a MultiPolygon"),
        ({"type": "Polygon"}, "no coordinates"),
        ({"type": "MultiPolygon", "coordinates": [[]]}, "list of rings"),
        ({"type": "Polygon", "coordinates": [3]}, "list of rings"),
        ({**polygon(RING), "crs": "x"}, "no crs"),
        (polygon(RING[:3]), "three corners"),
        (polygon([*RING[:3], [109.2, 33.2]]), "not closed"),
        (polygon([[33.15, 109.10], [33.15, 109.11], [33.16, 109.11], [33.15, 109.10]]), "longitude stands first"),
        (polygon([RING[0], ["a", 1], RING[2], RING[0]]), "point 2"),
        (polygon([RING[0], [True, 1], RING[2], RING[0]]), "point 2"),
        (polygon([RING[0]] * (MOST_POINTS + 1)), f"{MOST_POINTS + 1} points"),
    ],
)
def test_what_is_wrong_is_said(told: Any, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_shape(told)


def test_a_file_says_in_which_area_the_shape_is_wrong() -> None:
    text = STATION + "areas:\n  - {id: a, kind: beat, name: 甲, shape: {type: Polygon, coordinates: [[[1, 2]]]}}\n"
    with pytest.raises(Misconfigured, match=r"areas 'a': shape: a ring has 1 points"):
        parse_site(text, "here")


def test_a_file_is_converted_and_comes_back() -> None:
    text = (
        STATION + "coordinates: bd09\nareas:\n"
        f"  - {{id: a, kind: beat, name: 甲, shape: {polygon(RING)}}}\n"
        f"  - {{id: b, kind: beat, name: 乙, coordinates: wgs84, shape: {polygon(RING)}}}\n"
    )
    site = parse_site(text, "here")
    assert site.areas[0].shape == read_shape(polygon(RING), "bd09")
    assert site.areas[1].shape == polygon(RING)
    assert parse_site(site_text(site), "back") == site


def inside(lat: float, lon: float, ring: list[list[float]]) -> bool:
    odd = False
    for (x, y), (other_x, other_y) in pairwise(ring):
        if (y > lat) != (other_y > lat) and lon < (other_x - x) * (lat - y) / (other_y - y) + x:
            odd = not odd
    return odd


@pytest.fixture(scope="module", params=["small", "county"])
def town(request: pytest.FixtureRequest) -> Site:
    if request.param == "small":
        return read_site(Path(__file__).parents[2] / "simulators" / "site.yaml")
    return parse_site(county_text(1), "county")


def test_places_of_the_demo_towns_lie_in_their_areas(town: Site) -> None:
    areas = {area.id: area for area in town.areas}
    astray = []
    for place in town.places:
        for area in (areas[place.area], areas[areas[place.area].parent or place.area]):
            assert area.shape is not None, area.id
            assert place.lat is not None
            assert place.lon is not None
            if not inside(place.lat, place.lon, area.shape["coordinates"][0]):
                astray.append((place.id, area.id))
    assert astray == []
