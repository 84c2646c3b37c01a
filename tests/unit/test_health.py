"""Is the gateway well, and would a press ring: one judgement for health checks, the doctor and `/readyz`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.routes.health import NotReady, why_not_ready
from gateway.health import STALE, Reason, Trouble, troubles

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
WELL: dict[str, Any] = {
    "subscribed": True,
    "delivering": True,
    "quarantined": [],
    "watchdog": {"late": False},
    "channels": ["phone", "probe"],
}


def told(ago: timedelta = timedelta(0), **facts: Any) -> tuple[datetime, dict[str, Any]]:
    return NOW - ago, WELL | facts


def test_a_gateway_that_is_well() -> None:
    assert troubles(told(), NOW) == why_not_ready(told(), NOW) == []
    assert troubles(told(STALE), NOW) == [], "a moment longer"
    assert troubles(told(timedelta(seconds=-2)), NOW) == [], "the other machine's clock may be ahead"


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"subscribed": False}, Reason.NOT_SUBSCRIBED),
        ({"delivering": False}, Reason.NOT_DELIVERING),
    ],
)
def test_what_a_gateway_says_against_itself(facts: dict[str, Any], reason: Reason) -> None:
    assert troubles(told(**facts), NOW) == why_not_ready(told(**facts), NOW) == [Trouble(reason)]


def test_one_that_says_next_to_nothing_is_not_well() -> None:
    assert [one.reason for one in why_not_ready((NOW, {}), NOW)] == [
        Reason.NOT_SUBSCRIBED,
        Reason.NOT_DELIVERING,
        NotReady.NO_PHONE,
    ]


def test_one_that_is_not_there_has_that_one_trouble() -> None:
    assert troubles(None, NOW) == why_not_ready(None, NOW) == [Trouble(Reason.NEVER_RAN)]
    gone = told(STALE + timedelta(seconds=1), subscribed=False, channels=[], quarantined=["door-held"])
    assert troubles(gone, NOW) == why_not_ready(gone, NOW)
    (silent,) = troubles(gone, NOW)
    assert str(silent) == "the gateway is not running: it has said nothing for 16 s"


@pytest.mark.parametrize(
    ("facts", "reason", "said"),
    [
        ({"quarantined": ["door-held", "flood"]}, NotReady.QUARANTINED, "put aside: door-held, flood"),
        ({"watchdog": {"late": True}}, NotReady.PROBE_LATE, "probe"),
        ({"channels": ["probe"]}, NotReady.NO_PHONE, "ANXIN_PHONE_URL"),
    ],
)
def test_a_press_that_would_not_ring_though_the_process_is_well(
    facts: dict[str, Any], reason: NotReady, said: str
) -> None:
    assert troubles(told(**facts), NOW) == []
    (found,) = why_not_ready(told(**facts), NOW)
    assert found.reason == reason, "words that stay: what belongs to this case only stands in the detail"
    assert said in str(found)
