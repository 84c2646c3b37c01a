"""How cameras with analytics behave: what they believe they saw, and how sure they are."""

import random

from simulators.events import Step, Value


def _sighting(dice: random.Random, zone: str, low: float, high: float) -> dict[str, Value]:
    confidence = round(dice.uniform(low, high), 2)
    return {"zone": zone, "confidence": confidence, "track": dice.randrange(1, 100_000)}


def person(dice: random.Random, zone: str = "pavement") -> list[Step]:
    """See somebody walk through the picture."""
    return [Step(0.0, "camera.person", _sighting(dice, zone, 0.6, 0.98))]


def vehicle(dice: random.Random, zone: str = "lane") -> list[Step]:
    """See something with wheels pass."""
    kind = dice.choice(("car", "car", "van", "motorcycle", "bicycle"))
    return [Step(0.0, "camera.vehicle", {**_sighting(dice, zone, 0.65, 0.98), "class": kind})]


def parked(dice: random.Random, still_s: int = 180, zone: str = "fire_lane") -> list[Step]:
    """See a vehicle that has stood still for `still_s` seconds where it shouldn't."""
    return [Step(0.0, "camera.parked", {**_sighting(dice, zone, 0.7, 0.95), "still_s": still_s})]


def falling_object(dice: random.Random, zone: str = "facade") -> list[Step]:
    """See something drop along a building's front; cameras are less sure of these."""
    return [Step(0.0, "camera.falling_object", _sighting(dice, zone, 0.55, 0.9))]


def loitering(dice: random.Random, dwell_s: int = 300, zone: str = "gate") -> list[Step]:
    """See somebody stay in one zone for `dwell_s` seconds."""
    return [Step(0.0, "camera.loitering", {**_sighting(dice, zone, 0.6, 0.95), "dwell_s": dwell_s})]
