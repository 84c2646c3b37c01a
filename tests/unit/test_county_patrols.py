"""The county town's patrol routes look at what lies in their beat, by cameras that hang there."""

from __future__ import annotations

import pytest

from simulators.county.site import county_town

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("seed", [1, 7])
def test_a_route_looks_at_places_of_its_beat_by_their_cameras(seed: int) -> None:
    town = county_town(seed)
    parents = {area["id"]: area.get("parent") for area in town.areas}
    places = {place["id"]: place for place in town.places}
    devices = {device["id"]: device for device in town.devices}
    assert len({route["id"] for route in town.patrols}) == len(town.patrols) > 5
    for route in town.patrols:
        for point in route["points"]:
            area = places[point["place"]]["area"]
            while parents[area] is not None:
                area = parents[area]
            assert area == route["area"]
            if "device" in point:
                assert devices[point["device"]]["kind"] == "camera"
                assert devices[point["device"]]["place"] == point["place"]
