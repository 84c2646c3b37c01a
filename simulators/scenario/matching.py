"""Whom an alert concerns: the cast's devices, places, people and areas."""

from collections.abc import Iterable

from simulators.scenario.cast import Role
from simulators.scenario.ground import Ground
from simulators.scenario.happened import Raised
from simulators.scenario.plan import Plan


def about(raised: Raised, role: Role, one: str, ground: Ground) -> bool:
    """Whether an alert is about this one of a role.

    About a device: its subject, its device, one of its events. About a person: the person or a device of their home.
    About a place: what itself is the subject, or one of the places it names. About an area: only the area itself. What
    merely lies there is `inside`.
    """
    body = raised.body
    if body.get("subject") == f"{role.kind}:{one}":
        return True
    match role.kind:
        case "device":
            return bool(body.get("device") == one) or any(
                event.startswith(f"{one}/") for event in body.get("events", ())
            )
        case "person":
            kit = {device.id for device in ground.at(ground.persons[one].place)}
            return bool(body.get("person") == one or body.get("device") in kit)
        case "place":
            named = str(body.get("subject", "")).partition(":")[2].split("+")
            return bool(body.get("subject") == f"building:{one}" or body.get("place") == one or one in named)
        case "area":
            return False


def about_any(raised: Raised, roles: Iterable[Role], ground: Ground) -> bool:
    """Whether an alert is about anyone of these roles."""
    return any(about(raised, role, one, ground) for role in roles for one in role.ids)


def inside(raised: Raised, role: Role, ground: Ground) -> bool:
    """Whether an alert lies in an area or place of a role, at its device's place or at its person's home."""
    area, place = raised.body.get("area"), raised.body.get("place")
    for one in role.ids:
        match role.kind:
            case "area":
                found = raised.body.get("subject") == f"area:{one}" or (
                    area is not None and one in ground.areas_above(area)
                )
            case "place":
                found = place is not None and one in ground.places_above(place)
            case "device":
                found = place == ground.devices[one].place
            case "person":
                found = place == ground.persons[one].place
        if found:
            return True
    return False


def concerns_cast(raised: Raised, plan: Plan) -> bool:
    """Whether an alert concerns anyone of the cast."""
    return about_any(raised, plan.cast.values(), plan.ground)
