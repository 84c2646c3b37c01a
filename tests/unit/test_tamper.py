"""A camera that is meddled with: on drawn pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings

from connectors.camera.analytics.tamper import Tamper
from connectors.camera.seeing import Frame
from tests.unit.moving_pictures import START, frame, said, strange_frames

pytestmark = pytest.mark.unit
Change = Callable[[Any, float], Any]
BEGINS, ENDS = 12.0, 26.0


def facade() -> Any:
    """Bricks, windows and a street: 480 x 270, with hard edges."""
    dice = np.random.default_rng(5)
    seen = cv2.resize(dice.uniform(60, 180, (18, 32)).astype(np.float32), (480, 270), interpolation=cv2.INTER_NEAREST)
    return seen + dice.normal(0, 6, seen.shape).astype(np.float32)


VIEW = facade()


def watched(change: Change, *, lasts: float = 34.0, view: Any = VIEW) -> list[tuple[float, str, str]]:
    dice, frames = np.random.default_rng(1), []
    for number in range(round(lasts * 2)):
        s = number / 2
        seen = np.clip(view + dice.normal(0, 1.5, view.shape), 0, 255)
        seen = change(seen, s - BEGINS) if BEGINS <= s < ENDS else seen
        frames.append(frame(np.asarray(np.clip(seen, 0, 255), np.uint8), s))
    return [(s, one.data["state"], one.data["reason"]) for s, one in said(Tamper(), frames)]


def covered(seen: Any, _: float) -> Any:
    hidden = np.full_like(seen, 70.0) + np.random.default_rng(2).normal(0, 1, seen.shape)
    hidden[:, :60] = seen[:, :60]
    return hidden


def sprayed(seen: Any, _: float) -> Any:
    blots = np.zeros(seen.shape, np.float32)
    cv2.circle(blots, (200, 130), 115, 1.0, cv2.FILLED)
    blots = cv2.GaussianBlur(blots, (0, 0), 6)
    return seen * (1 - blots) + 90 * blots


def frozen(_: Any, __: float) -> Any:
    return VIEW


HARM: dict[str, Change] = {
    "black": lambda seen, _: seen * 0.03,
    "white": lambda seen, _: seen * 0.02 + 250,
    "covered": covered,
    "sprayed": sprayed,
    "defocused": lambda seen, _: cv2.GaussianBlur(seen, (0, 0), 4),
    "moved": lambda seen, _: np.roll(seen, (31, 170), axis=(0, 1)),
    "frozen": frozen,
}


@pytest.mark.parametrize("reason", HARM)
def test_it_is_said_with_its_reason_and_taken_back(reason: str) -> None:
    happened = watched(HARM[reason])
    assert [(state, why) for _, state, why in happened] == [("on", reason), ("off", reason)]
    on, off = happened[0][0], happened[1][0]
    assert on - BEGINS <= (10.5 if reason == "frozen" else 4.0)
    assert ENDS <= off <= ENDS + 4.0


HARMLESS: dict[str, Change] = {
    "nothing": lambda seen, _: seen,
    "light": lambda seen, _: seen * 1.3,
    "dusk": lambda seen, _: seen * 0.5,
    "haze": lambda seen, _: seen * 0.55 + 85,
    "a bus": lambda seen, s: np.where(np.abs(np.arange(480) - 150 * s) < 130, 80, seen),
    "a blink": lambda seen, s: seen if s > 2 else seen * 0,
}


@pytest.mark.parametrize("what", HARMLESS)
def test_light_and_weather_are_not_tampering(what: str) -> None:
    assert watched(HARMLESS[what]) == []


def test_it_says_when_it_began_and_takes_back_without_evidence() -> None:
    frames = [frame(np.asarray(np.clip(VIEW * (0.0 if n >= 30 else 1.0) + n % 2, 0, 255), np.uint8), n / 2)
              for n in range(50)]  # fmt: skip
    back = [frame(np.asarray(np.clip(VIEW + n % 2, 0, 255), np.uint8), 25 + n / 2) for n in range(12)]
    (_, on), (_, off) = said(Tamper(), frames + back)
    assert on.kind == "camera.tamper"
    assert on.evidence
    assert not off.evidence
    assert 14 <= (on.at - START).total_seconds() <= 15.5
    assert 24 <= (off.at - START).total_seconds() <= 26


def test_a_bare_wall_cannot_be_judged_and_a_facade_can() -> None:
    judged = {}
    for name, view in (("wall", np.full((270, 480), 120.0)), ("facade", VIEW)):
        tamper, dice = Tamper(), np.random.default_rng(1)
        assert tamper.enough_texture is None
        for n in range(20):
            tamper.look(frame(np.asarray(np.clip(view + dice.normal(0, 1.5, view.shape), 0, 255), np.uint8), n / 2))
        judged[name] = tamper.enough_texture
    assert judged == {"wall": False, "facade": True}


def test_a_wall_is_never_covered_but_can_be_black() -> None:
    wall = np.full((270, 480), 120.0)
    assert watched(covered, view=wall) == []
    assert [why for _, _, why in watched(HARM["black"], view=wall)] == ["black", "black"]


def test_after_a_cut_the_new_view_is_learnt() -> None:
    tamper, dice = Tamper(), np.random.default_rng(1)

    def show(view: Any, since: float) -> list[Any]:
        noisy = [np.asarray(np.clip(view + dice.normal(0, 1.5, view.shape), 0, 255), np.uint8) for _ in range(40)]
        return said(tamper, [frame(seen, since + n / 2) for n, seen in enumerate(noisy)])

    turned = np.roll(VIEW, (31, 170), axis=(0, 1))
    assert show(VIEW, 0) == []
    tamper.interrupted()
    assert show(turned, 20) == []


@settings(max_examples=25)
@given(strange_frames())
def test_no_pictures_upset_it(frames: list[Frame]) -> None:
    tamper, state = Tamper(), "off"
    for n, one in enumerate(frames):
        if n and one.grey.shape != frames[n - 1].grey.shape:
            state = "off"
        for sighting in tamper.look(one):
            assert sighting.at <= one.at
            assert sighting.data["state"] != state, "said twice"
            state = sighting.data["state"]
