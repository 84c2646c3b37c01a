"""The cast: who plays which role on a given site. The same scenario, site and seed always choose the same."""

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from simulators.scenario.check import KINDS
from simulators.scenario.file import ScenarioError
from simulators.scenario.form import Beyond, Having, Scenario, Selector, Some, Wish, several
from simulators.scenario.ground import Area, Device, Ground, Person, Place

Kind = Literal["device", "place", "area", "person"]


@dataclass(frozen=True, slots=True)
class Role:
    """Who plays: ids of one kind of thing."""

    kind: Kind
    ids: tuple[str, ...]


Cast = Mapping[str, Role]


def cast_of(scenario: Scenario, ground: Ground, seed: int) -> dict[str, Role]:
    """Choose who plays, role by role in the order of the file; nobody plays two roles.

    Raises ScenarioError when the site has too few for a role, saying what was looked for.
    """
    chosen: dict[str, Role] = {}
    for name, selector in scenario.cast.items():
        kind = cast("Kind", next(kind for kind in KINDS if getattr(selector, kind) is not None))
        taken = {one for role in chosen.values() if role.kind == kind for one in role.ids}
        fitting = [one for one in _fitting(kind, selector, ground, chosen) if one not in taken]
        if selector.beyond is not None:
            fitting = [one for one in fitting if _is_beyond(Role(kind, (one,)), selector.beyond, ground, chosen)]
        chosen[name] = Role(kind, _pick(fitting, selector, f"{seed}/{scenario.id}/{name}", name, ground))
    return chosen


def devices_of(role: Role, ground: Ground) -> list[str]:
    """Return the devices of a role: a gateway with all behind it, all of a place, an area, a person's home."""
    found: list[Device] = []
    for one in role.ids:
        match role.kind:
            case "device":
                found += [ground.devices[one], *ground.behind(one)]
            case "place":
                found += ground.below(one)
            case "area":
                found += ground.in_area(one)
            case "person":
                found += ground.at(ground.persons[one].place)
    return list(dict.fromkeys(device.id for device in found))


def _pick(fitting: list[str], selector: Selector, dice: str, name: str, ground: Ground) -> tuple[str, ...]:
    if selector.spread:
        fitting = _spread(fitting, ground, random.Random(f"{dice}/spread"))
    if selector.nth is not None:
        least, wanted = selector.nth, fitting[selector.nth - 1 : selector.nth]
    elif selector.count == "all":
        least, wanted = 1, fitting
    else:
        least = selector.count
        wanted = random.Random(dice).sample(fitting, least) if len(fitting) >= least else []
    if len(fitting) < least:
        raise ScenarioError(
            f"the site of {ground.station} has nobody for the role {name}: {least} wanted, {len(fitting)} there, "
            f"of {_describe(selector)}. Use a site that has them (python -m simulators site --seed 1), or ask for less"
        )
    return tuple(wanted)


def _spread(fitting: list[str], ground: Ground, dice: random.Random) -> list[str]:
    """Leave one of each area."""
    by_area = {_area_of(one, ground): one for one in dice.sample(fitting, len(fitting))}
    return sorted(by_area.values())


def _area_of(one: str, ground: Ground) -> str:
    device = ground.devices.get(one)
    return ground.places[device.place if device is not None else one].area


def _is_beyond(role: Role, beyond: Beyond, ground: Ground, chosen: Cast) -> bool:
    far = [ground.metres(one, other) for one in _spots(role, ground) for other in _spots(chosen[beyond.of], ground)]
    return all(metres is not None and metres >= beyond.metres for metres in far)


def _spots(role: Role, ground: Ground) -> list[str]:
    """Return the places themselves of a role's devices, places or people."""
    match role.kind:
        case "device":
            return [ground.devices[one].place for one in role.ids]
        case "person":
            return [ground.persons[one].place for one in role.ids]
        case _:
            return list(role.ids)


def _describe(selector: Selector) -> str:
    asked = {field: getattr(selector, field) for field in selector.__struct_fields__ if field not in {"count", "nth"}}
    return ", ".join(f"{field} {value}" for field, value in asked.items() if value)


def _fitting(kind: Kind, selector: Selector, ground: Ground, chosen: Cast) -> list[str]:
    inside = _places_of(chosen[selector.inside], ground) if selector.inside is not None else set(ground.places)
    match kind:
        case "device":
            return [one.id for one in ground.devices.values() if _device_fits(one, selector, ground, chosen, inside)]
        case "place":
            return [one.id for one in ground.places.values() if one.id in inside and _place_fits(one, selector, ground)]
        case "area":
            return [one.id for one in ground.areas.values() if _area_fits(one, selector, ground)]
        case "person":
            people = (one for one in ground.persons.values() if one.place in inside)
            return [one.id for one in people if _person_fits(one, selector, ground)]


def _is(kind: str, wanted: Some | None) -> bool:
    return wanted is None or wanted == "*" or kind in several(wanted)


def _device_fits(device: Device, selector: Selector, ground: Ground, chosen: Cast, inside: set[str]) -> bool:
    return (
        device.place in inside
        and _is(device.kind, selector.device)
        and _is(ground.places[device.place].kind, selector.where)
        and (selector.connected is None or selector.connected is (device.via is None))
        and (selector.behind is None or device.via in chosen[selector.behind].ids)
        and (not selector.has or _has(selector.has, ground.behind(device.id)))
        and _says({**ground.places[device.place].attributes, **device.attributes}, selector)
    )


def _place_fits(place: Place, selector: Selector, ground: Ground) -> bool:
    return (
        _is(place.kind, selector.place)
        and (not selector.has or _has(selector.has, ground.below(place.id)))
        and (not selector.elders or _elders(ground.below_place(place.id), ground) >= selector.elders)
        and _says(place.attributes, selector)
    )


def _says(attributes: Mapping[str, Any], selector: Selector) -> bool:
    """Whether the site file says of somebody what is asked."""
    return all(name in attributes and wanted in ("*", attributes[name]) for name, wanted in selector.attributes.items())


def _area_fits(area: Area, selector: Selector, ground: Ground) -> bool:
    if not _is(area.kind, selector.area):
        return False
    if selector.has and not _has(selector.has, ground.in_area(area.id)):
        return False
    if not selector.elders:
        return True
    areas = ground.below_area(area.id)
    return _elders({place.id for place in ground.places.values() if place.area in areas}, ground) >= selector.elders


def _person_fits(person: Person, selector: Selector, ground: Ground) -> bool:
    wish = selector.person or Wish()
    kit = {device.kind for device in ground.at(person.place)}
    return (
        (wish.lives_alone is None or wish.lives_alone is person.lives_alone)
        and (wish.own_limit is None or wish.own_limit is ("silence_limit_s" in person.care))
        and kit.issuperset(wish.kit)
        and (not wish.kit_any or not kit.isdisjoint(wish.kit_any))
        and kit.isdisjoint(wish.kit_lacks)
    )


def _places_of(role: Role, ground: Ground) -> set[str]:
    return set().union(*_reach(role, ground))


def _reach(role: Role, ground: Ground) -> Iterator[set[str]]:
    for one in role.ids:
        match role.kind:
            case "device":
                yield {ground.devices[one].place}
            case "place":
                yield ground.below_place(one)
            case "area":
                areas = ground.below_area(one)
                yield {place.id for place in ground.places.values() if place.area in areas}
            case "person":
                yield {ground.persons[one].place}


def _has(wanted: Iterable[Having], devices: list[Device]) -> bool:
    return all(
        sum(_is(one.kind, having.device) and not (having.connected and one.via is not None) for one in devices)
        >= having.count
        for having in wanted
    )


def _elders(places: Iterable[str], ground: Ground) -> int:
    return sum(person.lives_alone for person in ground.living_in(places))
