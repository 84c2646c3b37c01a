"""Durations as people write them: `90 s`, `5 min`, `26 h`, `3 days`, and several after each other: `1 h 30 min`."""

import re
from datetime import timedelta
from typing import Literal

Language = Literal["zh", "en"]

_SECONDS = {"s": 1, "min": 60, "h": 3600, "day": 86400, "days": 86400}
_PART = r"(\d+(?:\.\d+)?)\s*(s|min|h|days?)"
_SPAN = re.compile(rf"([+-]?)\s*{_PART}(?:\s+{_PART})*")
_CHINESE = {"day": "天", "h": "小时", "min": "分", "s": "秒"}


class Span(timedelta):
    """A duration of a scenario file. Negative: before the scenario begins."""


def read_span(text: object) -> Span:
    """Read a duration; raises ValueError with what to write instead."""
    if not isinstance(text, str) or not _SPAN.fullmatch(text.strip()):
        raise ValueError(
            f"{text!r} is no duration: write a number and s, min, h or days, such as '90 s' or '1 h 30 min'"
        )
    parts = re.findall(_PART, text)
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in parts)
    return Span(seconds=-seconds if text.strip().startswith("-") else seconds)


def say_span(span: timedelta, language: Language = "en") -> str:
    """Say a duration for people, to the tenth of a second below a minute, to the second above."""
    total = abs(span.total_seconds())
    sign = "-" if span < timedelta(0) else ""
    if total < _SECONDS["min"]:
        return sign + _unit(f"{round(total, 1):g}", "s", language)
    rest = round(total)
    said: list[str] = []
    for unit in ("day", "h", "min", "s"):
        number, rest = divmod(rest, _SECONDS[unit])
        if number:
            said.append(_unit(str(number), unit, language))
    return sign + " ".join(said)


def _unit(number: str, unit: str, language: Language) -> str:
    if language == "zh":
        return f"{number} {_CHINESE[unit]}"
    return f"{number} {unit}{'s' if unit == 'day' and number != '1' else ''}"
