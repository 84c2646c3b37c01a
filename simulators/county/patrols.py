"""What the command room looks at by its cameras, beat by beat: schools, places of the night, hazardous sites."""

from collections.abc import Callable
from typing import NamedTuple

from simulators.county.plan import Draft, Entry

MOST_POINTS = 6


class Round(NamedTuple):
    """A kind of route: which places, when, and what to look for."""

    key: str
    name: str
    at: list[str]
    fits: Callable[[Entry], bool]
    look_for: Entry


ROUNDS = (
    Round(
        "schools", "校园巡查", ["07:30", "16:00"], lambda place: place["kind"] == "school_gate",
        {"zh": "校门口秩序和消防通道", "en": "Order at the gate, and the fire lane"},
    ),
    Round(
        "night", "夜间重点场所巡查", ["20:00", "22:30"],
        lambda place: place["id"] in {"mall", "night-market", "bar-street"},
        {"zh": "消防通道和人员聚集", "en": "The fire lane, and crowds"},
    ),
    Round(
        "sites", "危险品单位巡查", ["10:00", "18:00"], lambda place: place["kind"] == "hazardous_site",
        {"zh": "库房门是否关好，周边有无隐患", "en": "Is the store shut, is anything around it a hazard"},
    ),
)  # fmt: skip


def route_patrols(draft: Draft) -> None:
    """Add the routes; what they look at is what the draft has."""
    areas = {area["id"]: area for area in draft.areas}
    cameras = {one["place"]: one["id"] for one in reversed(draft.devices) if one["kind"] == "camera"}
    for beat in [area for area in draft.areas if area["kind"] == "beat"]:
        within = [place for place in draft.places if _beat(areas, place) == beat["id"]]
        for one in ROUNDS:
            places = [place for place in within if one.fits(place)][:MOST_POINTS]
            if places:
                draft.patrols.append({
                    "id": f"{one.key}-{str(beat['id']).removeprefix('beat-')}", "area": beat["id"],
                    "name": f"{beat['name']}{one.name}", "at": one.at,
                    "points": [_point(place, cameras, one) for place in places],
                })  # fmt: skip


def _point(place: Entry, cameras: dict[object, object], one: Round) -> Entry:
    camera = {"device": cameras[place["id"]]} if place["id"] in cameras else {}
    return {"place": place["id"], **camera, "look_for": one.look_for}


def _beat(areas: dict[object, Entry], place: Entry) -> object:
    area = areas[place["area"]]
    while area.get("parent"):
        area = areas[area["parent"]]
    return area["id"]
