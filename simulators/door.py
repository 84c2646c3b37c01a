"""How doors behave: controllers with a card reader, and plain contacts."""

import random

from simulators.events import Step


def granted_swipe(dice: random.Random, credential: str, direction: str = "in") -> list[Step]:
    """Let a known card in: the leaf opens a moment later and falls shut."""
    opened = dice.uniform(0.6, 1.8)
    closed = opened + dice.uniform(2.5, 6.0)
    return [
        Step(0.0, "door.granted", {"direction": direction, "credential": credential}),
        Step(opened, "door.opened", {"direction": direction}),
        Step(closed, "door.closed", {}),
    ]


def pushed_open(dice: random.Random, direction: str = "out") -> list[Step]:
    """Leave by the exit button: no card is read."""
    return [
        Step(0.0, "door.opened", {"direction": direction}),
        Step(dice.uniform(3.0, 7.0), "door.closed", {}),
    ]


def denied_swipe(credential: str, reason: str = "not_allowed") -> list[Step]:
    """Refuse a card that isn't for this door; the leaf stays shut."""
    return [Step(0.0, "door.denied", {"direction": "in", "credential": credential, "reason": reason})]


def forced() -> list[Step]:
    """Break the door open: no card, no exit button, and it stays open."""
    return [Step(0.0, "door.forced", {}), Step(0.2, "door.opened", {})]


def forced_then_closed(closed_after_s: float) -> list[Step]:
    """Break the door open; somebody pushes it shut `closed_after_s` seconds later."""
    return [*forced(), Step(closed_after_s, "door.closed", {})]


def held_then_closed(held_after_s: float, closed_after_s: float, credential: str) -> list[Step]:
    """Wedge the door, as when moving furniture: the controller complains, at last it is closed.

    Both delays count in seconds from the swipe.
    """
    return [
        Step(0.0, "door.granted", {"direction": "out", "credential": credential}),
        Step(1.0, "door.opened", {"direction": "out"}),
        Step(held_after_s, "door.held", {"open_s": round(held_after_s - 1.0)}),
        Step(closed_after_s, "door.closed", {}),
    ]


def contact_cycle(dice: random.Random, longest_open_s: float = 12.0) -> list[Step]:
    """Open and close the door of a flat or shop: its contact doesn't know who or which way."""
    return [Step(0.0, "door.opened", {}), Step(dice.uniform(2.0, longest_open_s), "door.closed", {})]
