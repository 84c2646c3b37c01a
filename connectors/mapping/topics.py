"""Patterns of topics: `frigate/{camera}/status/{role}`; `{name}` is one level, `{name...}` the rest."""

from __future__ import annotations

import re
from typing import NamedTuple

#: What the gateway's own protocol and the broker keep for themselves.
_OURS, _BROKERS = "anxin/v1", "$"
_VARIABLE = re.compile(r"\{([a-z][a-z0-9_]*)(\.\.\.)?\}")
#: The variable that always holds the whole topic.
WHOLE = "path"
_NOT_IN_A_LEVEL = re.compile(r"[+#{}\x00-\x20\x7f]")
#: A topic may be 65,535 bytes long; no vendor's has more levels than this.
MOST_LEVELS = 32


class Pattern(NamedTuple):
    """A pattern of topics. `filter` is what one subscribes to for it; `regex` names each variable's group."""

    text: str
    filter: str
    regex: re.Pattern[str]

    def match(self, topic: str) -> dict[str, str] | None:
        """Return the variables of a topic, `path` (all of it) among them, or None when it is another."""
        found = self.regex.fullmatch(topic)
        return {**found.groupdict(), WHOLE: topic} if found is not None else None


def pattern_of(text: str) -> Pattern:
    """Read a pattern. Raises `ValueError` with what to write instead."""
    levels = text.split("/")
    if not 1 <= len(levels) <= MOST_LEVELS:
        raise ValueError(f"{text!r} has {len(levels)} levels, at most {MOST_LEVELS} are taken")
    names: set[str] = set()
    filters, groups = [], []
    for position, level in enumerate(levels):
        variable = _VARIABLE.fullmatch(level)
        if variable is None:
            _check_literal(text, level)
            filters.append(level)
            groups.append(re.escape(level))
            continue
        name, rest = variable[1], variable[2]
        if name == WHOLE:
            raise ValueError(f"{text!r}: `topic.{WHOLE}` is the whole topic already; call the level something else")
        if name in names:
            raise ValueError(f"{text!r} names {{{name}}} twice; give each level a name of its own")
        if rest and position != len(levels) - 1:
            raise ValueError(f"{text!r}: {{{name}...}} takes all that follows, so it must come last")
        names.add(name)
        filters.append("#" if rest else "+")
        groups.append(f"(?P<{name}>.+)" if rest else f"(?P<{name}>[^/]+)")
    _check_foreign(text, filters)
    return Pattern(text, "/".join(filters), re.compile("/".join(groups), re.DOTALL))


def covers(wide: str, narrow: str) -> bool:
    """Say whether one filter lets through all that another does."""
    wide_levels, narrow_levels = wide.split("/"), narrow.split("/")
    for left, right in zip(wide_levels, narrow_levels, strict=False):
        if left == "#":
            return True
        if right == "#" or left not in {"+", right}:
            return False
    return wide_levels[len(narrow_levels) :] in ([], ["#"]) and len(narrow_levels) <= len(wide_levels)


def overlap(one: str, other: str) -> bool:
    """Say whether there are topics that both filters let through."""
    shorter, longer = sorted((one.split("/"), other.split("/")), key=len)
    for left, right in zip(shorter, longer, strict=False):
        if "#" in {left, right}:
            return True
        if left != right and "+" not in {left, right}:
            return False
    return longer[len(shorter) :] in ([], ["#"])  # `a/#` lets `a` through too


def _check_literal(text: str, level: str) -> None:
    if "{" in level or "}" in level:
        raise ValueError(f"{text!r}: a level is either a word or one {{name}}, not {level!r}")
    if "+" in level or "#" in level:
        raise ValueError(f"{text!r}: write {{name}} instead of +, and {{name...}} instead of #")
    if not level or _NOT_IN_A_LEVEL.search(level):
        raise ValueError(f"{text!r}: {level!r} is no level of a topic; brokers refuse spaces and empty levels")


def _check_foreign(text: str, filters: list[str]) -> None:
    if filters[0].startswith(_BROKERS):
        raise ValueError(f"{text!r}: topics that begin with $ are the broker's own")
    if overlap("/".join(filters), f"{_OURS}/#"):
        raise ValueError(
            f"{text!r} reaches topics below {_OURS}/, which speak the gateway's own format (docs/mqtt.md); begin with "
            "the vendor's own word"
            + (", or let a word that is not v1 follow the first level" if filters[0] == "+" else "")
        )
