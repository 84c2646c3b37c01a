"""The page about incidents says what the code does: states, acts, roles, deadlines."""

from __future__ import annotations

import re

import pytest

from gateway.incidents.dispute import Outcome, Route
from gateway.model.incident import ACTS, DISPOSITIONS, OPEN, OVER, TAKES_TWO, UNANSWERED
from gateway.model.policy import Policy
from tests.pages import coded, page, rows, section

PAGE = page("incidents.md")
ACTS_TOLD = {coded(row[0])[0]: row for row in rows(section(PAGE, "Acts")) if coded(row[0])}
UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86_400}
WORDS = {"open": OPEN, "unanswered": UNANSWERED, "any": OPEN | OVER}


def test_every_act_is_told_of() -> None:
    assert ACTS_TOLD.keys() == ACTS.keys()


@pytest.mark.parametrize("act", sorted(ACTS))
def test_an_act_is_what_the_page_says(act: str) -> None:
    row = ACTS_TOLD[act]
    sources = set(coded(row[2]))
    for word, states in WORDS.items():
        if word in re.findall(r"\w+", row[2].replace("`", " ")) and word not in sources:
            sources |= states
    assert sources == ACTS[act].sources
    assert (coded(row[3]) or [None])[0] == ACTS[act].target
    assert set(re.findall(r"\w+", row[4])) == ACTS[act].roles


def test_states_and_their_deadlines() -> None:
    told = {name: row for row in rows(section(PAGE, "States")) for name in coded(row[0])}
    assert told.keys() == OPEN | OVER
    policy = Policy()
    for state in OPEN:
        times = [re.fullmatch(r"(\d+) (\w+)", part.strip()) for part in told[state][2].split("/")]
        seconds = [int(found[1]) * UNITS[found[2]] for found in times if found is not None]
        assert seconds == [policy.deadline(priority, state) for priority in ("P1", "P2", "P3")], state


def test_what_needs_two_and_what_comes_of_a_dispute() -> None:
    told = next(
        line for line in section(PAGE, "Acts").split("* **") if line.startswith("Closed as nothing real by two")
    )
    one, two = told.split(". As")[0], told.split(". As")[1].split("it takes two")[0]
    assert set(coded(two)) == TAKES_TWO
    assert set(coded(one)) == set(DISPOSITIONS) - TAKES_TWO
    assert set(Route.__args__) | set(Outcome.__args__) <= set(coded(section(PAGE, "By hand")))  # type: ignore[attr-defined]
