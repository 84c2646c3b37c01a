"""200 P3 alerts in a minute: one first message and one digest per place and rule, and every P1 between on the phone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from gateway.model.policy import Flood, Policy
from gateway.model.registry import Device, Place
from tests.answers import wrong_frames
from tests.integration.test_quiet_ends import RULES
from tests.station import Station, make_site, wait_for

KINDS = ("own.noise", "own.rubbish", "own.parking", "own.stall")
BUILDINGS, CAMERAS = 5, 10
#: By when a P1 is to be on the phone: what the policy gives the station to answer it.
P1_WITHIN = timedelta(seconds=15)


@pytest.fixture(scope="module")
def flooded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    site = make_site(doors=2)
    cameras = [(building, number) for building in range(BUILDINGS) for number in range(CAMERAS)]
    site = msgspec.structs.replace(
        site,
        places=[
            *site.places,
            *(Place(f"block-{building}", "building", "grid-1", f"{building}号楼") for building in range(BUILDINGS)),
            *(Place(f"lane-{b}-{n}", "lane", "grid-1", f"{b}号楼{n}", parent=f"block-{b}") for b, n in cameras),
        ],
        devices=[
            *site.devices,
            *(Device(f"cam-{b}-{n}", "camera", f"lane-{b}-{n}", f"摄像机{b}{n}") for b, n in cameras),
            *(Device(f"button-{n}", "school_button", "school-1", f"按钮{n}") for n in (2, 3, 4)),
        ],
        policy=Policy(join_within_s=0, flood=Flood(begins_above=10, ends_below=5, window_s=25, digest_every_s=300)),
    )
    station = Station(tmp_path_factory.mktemp("flood"), site)
    station.settings["ANXIN_RULES_FOLDERS"] = f'["{RULES}"]'
    try:
        yield station.start_all()
    finally:
        station.close()


def test_two_hundred_p3_are_one_message_and_one_digest_each_and_every_p1_rings(flooded: Station) -> None:
    buttons = iter(("button-2", "button-3", "button-4"))
    with flooded.publisher() as publisher:
        for number in range(CAMERAS):
            for kind in KINDS:
                for building in range(BUILDINGS):
                    publisher.event(f"cam-{building}-{number}", kind)
            if number in {2, 5, 8}:
                publisher.event(next(buttons), "alarm.pressed")
    wait_for(
        lambda: flooded.one("select count(*) from alert where priority = 'P3'") == len(KINDS) * BUILDINGS * CAMERAS,
        "all of them",
    )
    presses = wait_for(lambda: _presses_on_phones(flooded, 3), "three P1 on the phone")
    for press in presses:
        assert press["accepted_at"] - press["raised_at"] <= P1_WITHIN

    with flooded.api() as api:
        (standing,) = api.get("/floods").json()["items"]
        assert standing["standing"]
        folded = api.get("/alerts", params={"suppressed_by": "flood", "limit": 500}).json()["items"]
        assert len(folded) == 200 - 20
        flood = wait_for(
            lambda: next((one for one in api.get("/floods").json()["items"] if not one["standing"]), None),
            "the end of it", 90,
        )  # fmt: skip
        told = api.get("/suppressed").json()
        assert told["by_reason"]["flood"] == 180
    report = flood["report"]
    assert (report["count"], report["folded"], report["p1"]) == (203, 180, 3)
    assert sum(one["folded"] for one in report["by_rule_and_place"]) == 180

    wait_for(lambda: not flooded.rows("select 1 from digest where closed_at is null"), "the digests")
    wait_for(lambda: len(_titled(flooded, " × ")) == 20, "the digests on the phone")
    first, digests = _by_place_and_rule(flooded, "incident"), _by_place_and_rule(flooded, "digest")
    assert len(first) == len(digests) == 20
    assert max(first.values()) == 1
    assert max(digests.values()) == 1
    assert min(_titled(flooded, " × ")).endswith(" × 9")

    joined: dict[int, list[str]] = defaultdict(list)
    for row in flooded.rows(
        "select l.incident_id, a.rule_id, p.parent from incident_alert l join alert a on a.id = l.alert_id"
        " join place p on p.id = a.place_id where a.priority = 'P3'"
    ):
        joined[row["incident_id"]].append(f"{row['rule_id']} {row['parent']}")
    assert len(joined) == 20
    assert all(len(alerts) == 10 and len(set(alerts)) == 1 for alerts in joined.values())
    assert flooded.one("select count(*) from change where kind = 'flood'") == 2


def _presses_on_phones(flooded: Station, count: int) -> list[dict[str, Any]]:
    found = flooded.rows(
        "select a.id, a.raised_at, min(n.accepted_at) as accepted_at"
        " from alert a join notification n on n.alert_id = a.id where a.priority = 'P1'"
        " and n.channel = 'phone' and n.accepted_at is not null group by a.id, a.raised_at"
    )
    return found if len(found) == count else []


def _by_place_and_rule(flooded: Station, purpose: str) -> Counter[tuple[str, str, str]]:
    """Messages by rule, building and phone."""
    return Counter(
        (row["rule_id"], row["parent"], row["username"])
        for row in flooded.rows(
            "select a.rule_id, p.parent, n.username from notification n join alert a on a.id = n.alert_id"
            " join place p on p.id = a.place_id where n.channel = 'phone' and n.purpose = %s and a.priority = 'P3'",
            purpose,
        )
    )


def _titled(flooded: Station, part: str) -> list[str]:
    titles = [str(message["message"]["title"]["zh"]) for message in flooded.phone_messages()]
    return [title for title in titles if part in title]


def test_what_the_stream_said_of_it_is_as_documented(flooded: Station) -> None:
    changes = flooded.rows("select kind, body from change")
    assert {change["kind"] for change in changes} >= {"alert", "incident", "flood"}
    assert wrong_frames(changes) == []
