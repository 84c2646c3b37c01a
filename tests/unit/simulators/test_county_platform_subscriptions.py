"""What the county subscribes to, and what a NOTIFY must look like."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from simulators.county_platform.platform import CountyPlatform
from simulators.county_platform.settings import CountySettings
from tests.unit.simulators.raw_sip import (
    BUTTON,
    DOMAIN,
    DOOR,
    GATEWAY,
    PASSWORD,
    SERVER,
    Got,
    Lower,
    alarm,
    catalogue,
    item,
    xml,
)

AT = "2026-03-02T07:41:09"


def rules(county: CountyPlatform) -> list[str]:
    return [one.rule for one in county.violations]


@pytest.fixture(params=["UDP", "TCP"])
def lower(request: pytest.FixtureRequest, county: CountyPlatform) -> Iterator[Lower]:
    with Lower(county.port, request.param) as one:
        one.register()
        county.order("catalog")
        asked = one.asked()
        one.answer(asked)
        for each in (item(BUTTON), item(DOOR)):
            one.message("Response", catalogue(asked.field("SN"), 2, each))
        assert county.violations == []
        yield one


@pytest.fixture
def county() -> Iterator[CountyPlatform]:
    with CountyPlatform(CountySettings({GATEWAY: PASSWORD}, greets=False, t1_s=5)) as one:
        yield one


def subscribed(county: CountyPlatform, lower: Lower, kind: str = "Alarm", **more: Any) -> Got:
    county.subscribe(kind, **more)
    asked = lower.asked()
    contact = f"<sip:{GATEWAY}@127.0.0.1:{lower.port}>"
    lower.answer(asked, Expires=asked.headers["expires"], Contact=contact)
    county.wait_for(lambda one: one.subscriptions[-1].state == "active")
    return asked


def notify(lower: Lower, asked: Got, number: int, body: str, **changes: Any) -> int:
    usual = {
        "From": asked.headers["to"] + ";tag=lower",
        "To": asked.headers["from"],
        "Call_ID": asked.headers["call-id"],
        "CSeq": f"{number} NOTIFY",
        "Contact": f"<sip:{GATEWAY}@127.0.0.1:{lower.port}>",
        "Event": asked.headers["event"],
        "Subscription_State": "active;expires=500",
    }
    lower.send(lower.request("NOTIFY", xml("Notify", body) if body else b"", **(usual | changes)))
    return lower.response().status


@pytest.mark.parametrize("event", ["presence", "Alarm", "Alarm;id=7"])
def test_an_alarm_by_subscription(county: CountyPlatform, lower: Lower, event: str) -> None:
    filters = {"StartAlarmPriority": "1", "EndAlarmPriority": "2", "AlarmMethod": "2/5"}
    asked = subscribed(county, lower, event=event, filters=filters)
    assert (asked.headers["event"], asked.field("EndAlarmPriority"), asked.field("AlarmMethod")) == (event, "2", "2/5")
    assert notify(lower, asked, 1, alarm(1, AT)) == 200
    assert [one.carried for one in county.alarms] == [["NOTIFY"]]
    assert rules(county) == []
    assert notify(lower, asked, 2, alarm(2, AT, AlarmPriority="3")) == 200
    assert notify(lower, asked, 3, alarm(3, AT, AlarmMethod="1")) == 200
    assert rules(county) == ["notify-filter", "notify-filter"]
    lower.message("Notify", alarm(1, AT))
    assert rules(county)[2:] == ["alarm-twice"]


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"Event": "presence"}, "notify-event"),
        ({"Subscription_State": "active"}, "notify-state"),
        ({"Subscription_State": "active;expires=9000"}, "notify-state"),
        ({"Subscription_State": None}, "header"),
        ({"To": f"<sip:{SERVER}@{DOMAIN}>;tag=x"}, "notify-dialog"),
        ({"From": f"<sip:{GATEWAY}@{DOMAIN}>;tag=x"}, "notify-dialog"),
        ({"Contact": None}, "header"),
        ({"CSeq": "1 NOTIFY"}, "cseq"),
    ],
)
def test_a_notify_of_a_wrong_form_is_noted(
    county: CountyPlatform, lower: Lower, changes: dict[str, Any], rule: str
) -> None:
    asked = subscribed(county, lower, event="Alarm;id=7")
    assert notify(lower, asked, 1, alarm(1, AT)) == 200
    assert rules(county) == []
    assert notify(lower, asked, 2, alarm(2, AT), **changes) == 200
    assert rule in rules(county)


def test_a_notify_without_a_dialog_is_told_481(county: CountyPlatform, lower: Lower) -> None:
    asked = subscribed(county, lower)
    county.forget()
    lower.register()
    assert notify(lower, asked, 1, alarm(1, AT)) == 481
    assert county.alarms == []


def test_a_subscription_is_refreshed_and_ended(county: CountyPlatform, lower: Lower) -> None:
    first = subscribed(county, lower)
    county.refresh("Alarm")
    again = lower.asked()
    assert again.headers["call-id"] == first.headers["call-id"]
    assert (again.headers["cseq"], again.headers["expires"]) == ("2 SUBSCRIBE", "600")
    assert again.headers["to"].endswith(";tag=lower")
    lower.answer(again, Expires="600", Contact=f"<sip:{GATEWAY}@127.0.0.1:{lower.port}>")
    county.wait_for(lambda one: one.subscriptions[-1].state == "active")
    county.refresh("Alarm", expires_s=0)
    last = lower.asked()
    assert last.headers["expires"] == "0"
    lower.answer(last, Expires="0", Contact=f"<sip:{GATEWAY}@127.0.0.1:{lower.port}>")
    assert notify(lower, first, 1, "", Subscription_State="terminated") == 200
    assert county.subscriptions[-1].state == "over"
    assert county.violations == []


def test_it_refreshes_by_itself_at_half_time(county: CountyPlatform, lower: Lower) -> None:
    subscribed(county, lower, expires_s=2)
    again = lower.asked()
    assert again.first.startswith("SUBSCRIBE ")
    assert again.headers["cseq"] == "2 SUBSCRIBE"


def test_a_200_to_subscribe_says_until_when_and_where(county: CountyPlatform, lower: Lower) -> None:
    exchange = county.subscribe("Catalog")
    lower.answer(lower.asked())
    exchange.wait_status()
    assert sorted(rules(county)) == ["contact", "subscribe-expires"]


def test_a_catalogue_changes_by_subscription(county: CountyPlatform, lower: Lower) -> None:
    asked = subscribed(county, lower, "Catalog")

    def told(number: int, *items: str) -> list[str]:
        before = len(county.violations)
        assert notify(lower, asked, number, catalogue(str(100 + number), len(items), *items)) == 200
        return rules(county)[before:]

    def event(kind: str, gb_id: str = DOOR) -> str:
        return f"<Item><DeviceID>{gb_id}</DeviceID><Event>{kind}</Event></Item>"

    added = item("34020000011345000002").replace("</DeviceID>", "</DeviceID><Event>ADD</Event>")
    assert told(1, event("OFF")) == []
    assert county.catalog[DOOR].status == "OFF"
    assert told(2, event("ON")) == []
    assert county.catalog[DOOR].status == "ON"
    assert told(3, added) == []
    assert len(county.catalog) == 3
    assert told(4, event("DEL")) == []
    assert DOOR not in county.catalog
    assert told(5, event("OFF")) == ["catalog-unknown"]
    assert told(6, event("GONE", BUTTON)) == ["value"]
    assert "missing-field" in told(7, event("UPDATE", BUTTON))


def test_the_first_notify_tells_what_is_abnormal_only(county: CountyPlatform, lower: Lower) -> None:
    asked = subscribed(county, lower, "Catalog")
    body = f"<Item><DeviceID>{DOOR}</DeviceID><Event>ON</Event></Item>"
    notify(lower, asked, 1, catalogue("1", 1, body))
    assert rules(county) == ["first-notify"]
