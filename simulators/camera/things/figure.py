"""People, small, as a camera on a pole sees them: legs that step, arms that swing, no faces."""

from __future__ import annotations

import msgspec
import numpy as np

from simulators.camera.scene import Picture
from simulators.camera.things.paint import Bgr, fill, limb, line, oval

_SKIN: Bgr = (135, 165, 205)
_STRIDE = 0.72


class Clothes(msgspec.Struct, frozen=True):
    """What somebody wears, the colour of hands and face, and how tall and broad they are: metres, and 1 for usual."""

    top: Bgr
    legs: Bgr
    hair: Bgr
    skin: Bgr
    tall: float
    broad: float


def dress(random: np.random.Generator, light: float = 1.0) -> Clothes:
    """Draw somebody, in a light from 0 to 1."""

    def cloth(low: float, high: float) -> Bgr:
        grey = float(random.uniform(low, high))
        return tuple(float(np.clip(grey + change, 5, 245)) * light for change in random.normal(0, 28, 3))  # type: ignore[return-value]

    hair = float(random.choice([25.0, 35.0, 60.0, 150.0])) * light
    skin: Bgr = (_SKIN[0] * light, _SKIN[1] * light, _SKIN[2] * light)
    top, legs = cloth(35, 225), cloth(25, 130)
    tall, broad = float(random.uniform(1.52, 1.84)), float(random.uniform(0.9, 1.2))
    return Clothes(top, legs, (hair, hair, hair * 1.1), skin, tall, broad)


def draw_walker(
    picture: Picture,
    feet: tuple[float, float],
    scale: float,
    clothes: Clothes,
    walked: float,
    facing: float,
    *,
    still: bool = False,
) -> None:
    """Draw somebody who stands at `feet` (pixels), `scale` pixels per metre.

    `walked`: metres so far, which says where the legs are. `facing`: -1 to the left, 1 to the right, 0 to or from us.
    """
    x, y = feet
    tall, broad = clothes.tall * scale, clothes.broad * scale
    swing = 0.0 if still else float(np.sin(np.pi * walked / _STRIDE))
    bob = 0.0 if still else 0.02 * scale * abs(float(np.cos(np.pi * walked / _STRIDE)))
    hip, neck = (x, y - 0.50 * tall - bob), (x + 0.02 * scale * facing, y - 0.83 * tall - bob)
    side = 1.0 - abs(facing)
    for leg in (-1.0, 1.0):
        reach = leg * swing * 0.36 * scale * (facing or 0.25)
        lifted = 0.07 * scale * max(leg * swing, 0.0) * (1 if not still else 0)
        apart = leg * 0.09 * broad * (0.35 + side)
        knee = (x + reach * 0.55 + apart * 0.9 + 0.05 * scale * facing, y - 0.26 * tall - lifted)
        foot = (x + reach + apart, y - lifted * 0.8 - 0.02 * scale)
        limb(picture, (hip[0] + apart * 0.7, hip[1]), knee, (0.17 * broad, 0.13 * broad), clothes.legs)
        limb(picture, knee, foot, (0.13 * broad, 0.09 * broad), clothes.legs)
        limb(
            picture,
            foot,
            (foot[0] + 0.16 * scale * facing, foot[1] + 0.01 * scale),
            (0.08 * broad, 0.06 * broad),
            (40, 40, 44),
        )
    width = (0.24 + 0.18 * side) * broad
    fill(
        picture,
        [
            (neck[0] - width / 2, neck[1]),
            (neck[0] + width / 2, neck[1]),
            (hip[0] + width * 0.45, hip[1] + 0.03 * scale),
            (hip[0] - width * 0.45, hip[1] + 0.03 * scale),
        ],
        clothes.top,
    )
    for arm in (-1.0, 1.0):
        reach = -arm * swing * 0.26 * scale * facing
        shoulder = (neck[0] + arm * width * 0.45 * (0.3 + side), neck[1] + 0.05 * scale)
        elbow = (shoulder[0] + reach * 0.5, shoulder[1] + 0.27 * scale)
        hand = (shoulder[0] + reach + 0.04 * scale * facing, shoulder[1] + 0.5 * scale)
        limb(picture, shoulder, elbow, (0.11 * broad, 0.09 * broad), clothes.top)
        limb(picture, elbow, hand, (0.09 * broad, 0.06 * broad), clothes.skin)
    head = (neck[0] + 0.01 * scale * facing, neck[1] - 0.11 * scale)
    fill(picture, oval(head, (0.095 * scale, 0.125 * scale)), clothes.skin)
    fill(
        picture,
        oval((head[0] - 0.02 * scale * facing, head[1] - 0.04 * scale), (0.1 * scale, 0.09 * scale)),
        clothes.hair,
    )


def draw_leaning(
    picture: Picture, middle: tuple[float, float], scale: float, clothes: Clothes, t: float, restless: float
) -> None:
    """Draw somebody's upper half above a railing at `middle` (pixels), busy with the hands."""
    sway = 0.08 * float(np.sin(1.3 * restless * t)) * scale
    x, y = middle[0] + sway, middle[1]
    width = 0.4 * clothes.broad * scale
    fill(
        picture,
        [
            (x - width / 2, y - 0.42 * scale),
            (x + width / 2, y - 0.42 * scale),
            (x + width * 0.45, y),
            (x - width * 0.45, y),
        ],
        clothes.top,
    )
    for arm in (-1.0, 1.0):
        raised = 0.25 + 0.25 * float(np.sin(2.1 * restless * t + arm))
        shoulder = (x + arm * width * 0.5, y - 0.38 * scale)
        hand = (x + arm * (width * 0.5 + 0.18 * scale), y - raised * scale)
        limb(picture, shoulder, hand, (0.11 * scale, 0.07 * scale), clothes.top)
        fill(picture, oval(hand, (0.05 * scale, 0.05 * scale), corners=8), clothes.skin)
    head = (x, y - 0.55 * scale)
    fill(picture, oval(head, (0.095 * scale, 0.125 * scale)), clothes.skin)
    fill(picture, oval((head[0], head[1] - 0.05 * scale), (0.1 * scale, 0.085 * scale)), clothes.hair)


def draw_cyclist(
    picture: Picture, ground: tuple[float, float], scale: float, clothes: Clothes, ridden: float, facing: float
) -> None:
    """Draw somebody who rides past; `ground`: the pixel between the wheels. `facing`: -1 left, 1 right."""
    x, y = ground
    radius = 0.34 * scale
    for hub in (-0.52, 0.52):
        ring = oval((x + hub * scale, y - radius), (radius, radius), corners=18)
        line(picture, np.concatenate([ring, ring[:1]]), (40, 40, 42))
    saddle, bars = (x - 0.22 * scale * facing, y - 0.92 * scale), (x + 0.42 * scale * facing, y - 0.98 * scale)
    pedals = (x, y - 0.3 * scale)
    for a, b in (
        (saddle, pedals),
        (pedals, bars),
        ((x - 0.52 * scale * facing, y - radius), pedals),
        (bars, (x + 0.52 * scale * facing, y - radius)),
    ):
        limb(picture, a, b, (0.05 * scale, 0.05 * scale), (70, 60, 150))
    turned = ridden / 0.9 * np.pi
    for leg in (0.0, np.pi):
        foot = (
            pedals[0] + 0.16 * scale * float(np.cos(turned + leg)),
            pedals[1] + 0.16 * scale * float(np.sin(turned + leg)),
        )
        knee = ((saddle[0] + foot[0]) / 2 + 0.2 * scale * facing, (saddle[1] + foot[1]) / 2)
        limb(picture, saddle, knee, (0.17 * scale, 0.13 * scale), clothes.legs)
        limb(picture, knee, foot, (0.13 * scale, 0.09 * scale), clothes.legs)
    neck = (saddle[0] + 0.28 * scale * facing, saddle[1] - 0.52 * scale)
    limb(picture, saddle, neck, (0.3 * scale, 0.34 * scale), clothes.top)
    limb(picture, neck, bars, (0.11 * scale, 0.07 * scale), clothes.top)
    head = (neck[0] + 0.06 * scale * facing, neck[1] - 0.16 * scale)
    fill(picture, oval(head, (0.1 * scale, 0.125 * scale)), clothes.skin)
    fill(
        picture,
        oval((head[0] - 0.02 * scale * facing, head[1] - 0.04 * scale), (0.105 * scale, 0.09 * scale)),
        clothes.hair,
    )
