"""How one-key alarm buttons behave: a school's and, just as simple, the SOS pendant of an elder."""

from simulators.events import Step


def press(point: str) -> list[Step]:
    """Press; `point` names which of the button box's inputs it was."""
    return [Step(0.0, "alarm.pressed", {"point": point})]


def reset(point: str) -> list[Step]:
    """Turn the key that releases the button."""
    return [Step(0.0, "alarm.reset", {"point": point})]
