"""Our link against a platform that somebody else wrote from the same note, and that complains of every broken rule."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.gb28181.news import AlarmAcknowledged, AlarmFailed, AlarmSent, CatalogueTold, StateChanged
from simulators.county_platform.platform import CountyPlatform
from simulators.county_platform.settings import CountySettings
from tests.county import Running, until
from tests.unit.gb28181.desk import BUTTON, DOOR, OURS, PASSWORD, alarm, item
from tests.unit.test_county_tree import config, registry, shown

pytestmark = pytest.mark.slow
ITEMS = (
    item(BUTTON),
    item(DOOR, "三栋<一>单元门&", online=False),
    item("34020000011345000007", "镕㙍𠮷", address="北门"),
)


@contextmanager
def pair(items: Any = ITEMS, ours: dict[str, Any] | None = None, **theirs: Any) -> Iterator[tuple[Any, Running]]:
    """A platform and our link; at the end nothing must have been wrong with what we said."""
    with CountyPlatform(CountySettings({OURS: PASSWORD}, **{"backoff_s": 0, **theirs})) as county:
        with Running(f"127.0.0.1:{county.port}", items, **{"keepalive_s": 0.5, **(ours or {})}) as running:
            yield county, running
        until(lambda: OURS not in county.registered, "us to have left")
        assert [f"{one.rule}: {one.text}" for one in county.violations] == []


def now_alarm(key: str = "a1", **more: Any) -> Any:
    return alarm(key, at=datetime.now(UTC), **more)


@pytest.mark.parametrize("dialect", ["2016", "2022"])
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_registered_asked_subscribed_and_told(transport: str, dialect: str) -> None:
    with pair(
        ours={"transport": transport, "edition": dialect}, dialect=dialect, subscribes_catalog=True,
        subscribes_alarm="Alarm;id=7", alarm_result="OK",
    ) as (county, ours):  # fmt: skip
        ours.until(StateChanged, state="online")
        assert ours.until(CatalogueTold)[0].items == 3
        until(lambda: set(county.catalog) == {one.code for one in ITEMS}, "the catalogue")
        assert county.catalog[DOOR].name == "三栋<一>单元门&"
        assert county.catalog[DOOR].status == "OFF"
        assert county.catalog["34020000011345000007"].name == "镕㙍𠮷"
        until(lambda: len(county.subscriptions) == 2, "both subscriptions")
        ours.alarm(now_alarm(sn=5))
        assert ours.until(AlarmSent)[0].by == "notify"
        assert ours.until(AlarmAcknowledged)[0].sn == 5
        (told,) = county.alarms
        assert (told.channel, told.priority, told.method, told.sn, told.stored) == (BUTTON, "1", "2", "5", True)
        assert told.delay_s < 30
        ours.show((*ITEMS[:1], item(DOOR, "三栋<一>单元门&"), item("34020000011345000009", "新门")))
        until(lambda: DOOR in county.catalog and county.catalog[DOOR].status == "ON", "the door to be on")
        until(lambda: set(county.catalog) == {BUTTON, DOOR, "34020000011345000009"}, "the changes")


@pytest.mark.parametrize("tree", ["civil", "group"])
def test_a_tree_is_taken_and_followed(tree: str) -> None:
    before, after = shown(config(tree)), shown(config(tree), registry(school="shop"))
    with pair(tuple(before), subscribes_catalog=True) as (county, ours):
        until(lambda: {one.code for one in before} == set(county.catalog), "the whole tree")
        until(lambda: county.subscriptions, "the subscription")
        ours.show(tuple(after))
        until(lambda: {one.code for one in after} == set(county.catalog), "what has become of it")


@pytest.mark.parametrize(
    "theirs",
    [{"qop": None}, {"algorithm": None}, {"opaque": "x7"}, {"realm": "county, east"}, {"other_contact": (OURS, 99)},
     {"rfc1123_date": True}, {"trusts_refresh": True}, {"said_charset": "utf-8"}],
)  # fmt: skip
def test_platforms_differ(theirs: dict[str, Any]) -> None:
    if "said_charset" in theirs:
        theirs = {}
    if "other_contact" in theirs:
        theirs = {"other_contact": (f"sip:{OURS}@192.0.2.77:5060", 7200)}
    with pair(**theirs) as (county, ours):
        ours.until(StateChanged, state="online")
        ours.until(CatalogueTold)
        ours.alarm(now_alarm())
        ours.until(AlarmSent)
        assert len(county.alarms) == 1


def test_orders_and_media() -> None:
    with pair() as (county, ours):
        ours.until(CatalogueTold)
        asked = (
            "set-guard", "reset-guard", "reset-alarm", "ptz", "tele-boot", "record", "home-position", "device-config",
            "record-info", "device-status", "device-info", "preset-query", "unknown-query",
        )  # fmt: skip
        for kind in asked:
            county.order(kind, OURS if kind in ("device-config", "device-info") else BUTTON)
        until(lambda: all(one.done for one in county.exchanges if one.wants_answer), "the answers", 40)
        for channel, status in ((BUTTON, 488), ("34020000011345009999", 404)):
            call = county.call("INVITE", channel)
            until(lambda call=call: call.status, "an answer to INVITE")
            assert call.status == status
        there = county.call("OPTIONS")
        assert until(lambda: there.status, "an answer to OPTIONS") == 200


def test_a_platform_that_is_away_for_a_while_gets_what_waited() -> None:
    with pair() as (county, ours):
        ours.until(CatalogueTold)
        county.go_away()
        ours.until(StateChanged, 2, state="registering")
        ours.alarm(now_alarm("lost"))
        assert ours.until(AlarmFailed)[0].again
        county.come_back()
        ours.until(StateChanged, 2, seconds=60, state="online")
        ours.alarm(now_alarm("lost"))
        ours.until(AlarmSent, key="lost")
        assert len(county.alarms) == 1


def test_fifty_thousand_devices() -> None:
    many = tuple(item(f"34020000011345{n:06d}", f"滨河花园{n}号门") for n in range(50_000))
    with pair(many, ours={"transport": "tcp", "keepalive_s": 5}, keepalive_s=60) as (county, ours):
        told = ours.until(CatalogueTold, seconds=110)[0]
        assert (told.items, told.messages, told.whole) == (50_000, 500, True)
        until(lambda: len(county.catalog) == 50_000, "the catalogue", 60)
        ours.alarm(now_alarm(channel="34020000011345049999"))
        ours.until(AlarmSent)
