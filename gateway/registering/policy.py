"""The station's policy as people write it: checked with sentences, compared with the one that stands."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import msgspec

from gateway.model.errors import BadInput
from gateway.model.incident import OPEN
from gateway.model.policy import BUCKETS, DEADLINES, Ladder, Policy

_HOURS = re.compile(r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d\Z")
PRIORITIES = tuple(DEADLINES)
LONGEST_S = 31 * 86_400


def parse_policy(raw: Any, areas: Collection[str]) -> Policy:
    """Return a policy given as JSON; what it leaves out is as it comes. Raises `BadInput` with every complaint."""
    try:
        policy = msgspec.convert(raw, Policy)
    except (msgspec.ValidationError, RecursionError) as error:
        raise BadInput(f"policy: {error}", reason="policy") from error
    told = policy_complaints(policy, areas)
    if told:
        raise BadInput("; ".join(told), reason="policy")
    return policy


def policy_difference(before: Policy, after: Policy) -> dict[str, list[Any]]:
    """Return what differs by part: `[before, after]` as JSON values."""
    old, new = msgspec.to_builtins(before), msgspec.to_builtins(after)
    return {part: [old[part], new[part]] for part in new if old[part] != new[part]}


def policy_complaints(policy: Policy, areas: Collection[str]) -> list[str]:
    """Return what a station cannot mean; `areas` are those it has."""
    told = [*_ladders(policy, areas), *_deadlines(policy), *_numbers(policy)]
    if policy.quiet_hours and not _HOURS.match(policy.quiet_hours):
        told.append(f"quiet_hours: {policy.quiet_hours!r} is no span like 22:00-06:30; empty: none")
    if policy.flood.ends_below >= policy.flood.begins_above:
        told.append("flood: ends_below must be smaller than begins_above, or it never ends")
    for name, edges in policy.buckets.items():
        if name not in BUCKETS:
            told.append(f"buckets: {name!r} is none of {', '.join(BUCKETS)}")
        if not edges or not all(_is_span(edge) for edge in edges) or sorted(set(edges)) != edges:
            told.append(f"buckets: {name}: upper edges in seconds, each larger than the one before")
    return told


def _ladders(policy: Policy, areas: Collection[str]) -> Iterator[str]:
    seen: set[tuple[str, str | None]] = set()
    for ladder in policy.ladders:
        where = f"ladders: {ladder.priority}" + (f" of {ladder.area}" if ladder.area is not None else "")
        if (ladder.priority, ladder.area) in seen:
            yield f"{where}: stands twice"
        seen.add((ladder.priority, ladder.area))
        if ladder.area is not None and ladder.area not in areas:
            yield f"{where}: {ladder.area!r} is no area of this station"
        yield from (f"{where}: {one}" for one in _rungs(ladder))


def _rungs(ladder: Ladder) -> Iterator[str]:
    after = [rung.after_s for rung in ladder.rungs]
    if not after:
        yield "has no rungs; nobody would be called"
        return
    if after[0] != 0:
        yield "the first rung is at once: after_s 0"
    if not all(math.isfinite(one) and 0 <= one <= LONGEST_S for one in after) or sorted(after) != after:
        yield "rungs come one after the other: after_s grows"
    if any(not rung.who or not rung.by for rung in ladder.rungs):
        yield "a rung says `who` is called and `by` which ways"
    if ladder.expires_after_s is not None and not after[-1] < ladder.expires_after_s <= LONGEST_S:
        yield "expires_after_s comes after the last rung"


def _deadlines(policy: Policy) -> Iterator[str]:
    for part, by_priority in (("deadlines", policy.deadlines), ("receipt_within_s", policy.receipt_within_s)):
        for priority in by_priority:
            if priority not in PRIORITIES:
                yield f"{part}: {priority!r} is none of {', '.join(PRIORITIES)}"
    for priority, states in policy.deadlines.items():
        for state, seconds in states.items():
            if state not in OPEN:
                yield f"deadlines: {priority}: {state!r} is none of {', '.join(sorted(OPEN))}"
            if not _is_span(seconds):
                yield f"deadlines: {priority}: {state}: {seconds!r} is no number of seconds up to {LONGEST_S}"


def _numbers(policy: Policy) -> Iterator[str]:
    spans: Mapping[str, float] = {
        "join_within_s": policy.join_within_s,
        **{f"receipt_within_s: {priority}": seconds for priority, seconds in policy.receipt_within_s.items()},
        "flood: window_s": policy.flood.window_s,
        "flood: digest_every_s": policy.flood.digest_every_s,
        "chatter: within_s": policy.chatter.within_s,
        "chatter: calm_s": policy.chatter.calm_s,
        "shelving: longest_s": policy.shelving.longest_s,
    }
    yield from (
        f"{name}: {seconds!r} is no number of seconds up to {LONGEST_S}"
        for name, seconds in spans.items()
        if not _is_span(seconds)
    )
    if not (math.isfinite(policy.supervised_after) and 1 <= policy.supervised_after <= 100):  # noqa: PLR2004
        yield "supervised_after: how many times the deadline, from 1 to 100"
    for name, count in {
        "flood: begins_above": policy.flood.begins_above,
        "chatter: turns": policy.chatter.turns,
    }.items():
        if not 1 <= count <= 10_000:  # noqa: PLR2004
            yield f"{name}: a number from 1 to 10000"


def _is_span(seconds: float) -> bool:
    return math.isfinite(seconds) and 0 < seconds <= LONGEST_S
