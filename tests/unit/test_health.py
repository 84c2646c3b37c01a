"""Is the gateway well, and would a press ring: one judgement for health checks, the doctor and `/readyz`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.routes.health import NotReady, why_not_ready
from gateway.doctor import road
from gateway.health import STALE, Degraded, Reason, Trouble, degraded, troubles
from gateway.settings import Settings

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
WELL: dict[str, Any] = {
    "subscribed": True,
    "delivering": True,
    "quarantined": [],
    "watchdog": {"late": False},
    "channels": ["phone", "probe"],
}
#: The channels that people have contacts on.
WAYS = {"phone", "sms"}


def told(ago: timedelta = timedelta(0), **facts: Any) -> tuple[datetime, dict[str, Any]]:
    return NOW - ago, WELL | facts


def test_a_gateway_that_is_well() -> None:
    assert troubles(told(), NOW) == why_not_ready(told(), NOW, WAYS) == []
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
    assert troubles(told(**facts), NOW) == why_not_ready(told(**facts), NOW, WAYS) == [Trouble(reason)]


def test_one_that_says_next_to_nothing_is_not_well() -> None:
    assert [one.reason for one in why_not_ready((NOW, {}), NOW, WAYS)] == [
        Reason.NOT_SUBSCRIBED,
        Reason.NOT_DELIVERING,
        NotReady.NO_PHONE,
    ]


def test_one_that_is_not_there_has_that_one_trouble() -> None:
    assert troubles(None, NOW) == why_not_ready(None, NOW, WAYS) == [Trouble(Reason.NEVER_RAN)]
    gone = told(STALE + timedelta(seconds=1), subscribed=False, channels=[], quarantined=["door-held"])
    assert troubles(gone, NOW) == why_not_ready(gone, NOW, WAYS)
    (silent,) = troubles(gone, NOW)
    assert str(silent) == "the gateway is not running: it has said nothing for 16 s"


@pytest.mark.parametrize(
    ("facts", "reason", "said"),
    [
        ({"quarantined": ["door-held", "flood"]}, NotReady.QUARANTINED, "put aside: door-held, flood"),
        ({"watchdog": {"late": True}}, NotReady.PROBE_LATE, "probe"),
        ({"channels": ["probe", "mqtt", "wecom"]}, NotReady.NO_PHONE, "contacts on phone, sms"),
    ],
)
def test_a_press_that_would_not_ring_though_the_process_is_well(
    facts: dict[str, Any], reason: NotReady, said: str
) -> None:
    assert troubles(told(**facts), NOW) == []
    (found,) = why_not_ready(told(**facts), NOW, WAYS)
    assert found.reason == reason, "words that stay: what belongs to this case only stands in the detail"
    assert said in str(found)


def test_any_channel_that_somebody_is_reached_by_will_do() -> None:
    assert why_not_ready(told(channels=["probe", "sms"]), NOW, WAYS) == []
    (nobody,) = why_not_ready(told(channels=["probe", "phone"]), NOW, set())
    assert "no channel at all" in str(nobody)


def test_a_provider_that_fails_is_told_and_makes_nothing_unwell_or_unready() -> None:
    since = NOW - timedelta(minutes=3)
    breakers = {
        "phone": {"state": "closed", "since": None},
        "sms": {"state": "open", "since": since.isoformat()},
        "voice": {"state": "half-open", "since": None},
    }
    said = told(breakers=breakers)
    assert troubles(said, NOW) == why_not_ready(said, NOW, WAYS) == []
    assert degraded(said, NOW) == [
        Trouble(Degraded.PROVIDER, f"sms is open since {since.isoformat()}"),
        Trouble(Degraded.PROVIDER, "voice is half-open since its start"),
    ]


def test_what_a_gateway_said_before_it_went_is_not_degraded() -> None:
    breakers = {"sms": {"state": "open", "since": None}}
    assert degraded(told(STALE + timedelta(seconds=1), breakers=breakers), NOW) == []
    assert degraded(None, NOW) == degraded((NOW, {}), NOW) == []


@pytest.mark.parametrize(("state", "said"), [("open", "WARN"), ("half-open", "WARN"), ("closed", "ok")])
def test_the_doctor_says_it_of_the_channel(monkeypatch: pytest.MonkeyPatch, state: str, said: str) -> None:
    breakers = {"breakers": {"sms": {"state": state, "since": None}}}
    told_now = (datetime.now(UTC), WELL | breakers)
    monkeypatch.setattr("gateway.store.accounts.health", lambda *_: {"gateway": told_now})
    found = {finding.name: finding for finding in road.look(None, Settings())}  # type: ignore[arg-type]  # not asked
    assert found["gateway channels"].level == said
    assert ("sms" in found["gateway channels"].detail) == (said == "WARN")
    assert found["gateway delivery"].level == "ok"
