"""Each misbehaviour happens within two months, and looks as its name says."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from simulators.life.message import Message
from simulators.life.misbehaviour import OFTEN, Episode
from simulators.life.plan import Life
from simulators.site_file import Site

CHINA = timezone(timedelta(hours=8))
BEGIN = datetime(2026, 11, 1, tzinfo=CHINA)
END = BEGIN + timedelta(days=75)


@pytest.fixture(scope="module")
def said(quarter: Site) -> dict[str, list[Message]]:
    by_device: dict[str, list[Message]] = defaultdict(list)
    for one in Life(quarter, 1).messages(BEGIN, END):
        by_device[one.device].append(one)
    return by_device


@pytest.fixture(scope="module")
def episodes(quarter: Site) -> dict[str, list[Episode]]:
    found: dict[str, list[Episode]] = defaultdict(list)
    for one in Life(quarter, 1).episodes(BEGIN, END):
        if moment(one.since) >= BEGIN and moment(one.until) + timedelta(hours=2) < END:
            found[one.kind].append(one)
    return found


def moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, CHINA)


def within(messages: list[Message], since: int, until: int) -> Iterator[tuple[Message, Any]]:
    for one in messages:
        if moment(since) <= one.at < moment(until):
            yield one, json.loads(one.payload)


@pytest.mark.parametrize("seed", range(1, 6))
def test_each_kind_happens_within_sixty_days(county: Site, seed: int) -> None:
    since = datetime(2026, 3, 1, tzinfo=CHINA)
    found = Counter(one.kind for one in Life(county, seed).episodes(since, since + timedelta(days=60)))

    assert found.keys() == OFTEN.keys()
    assert sum(found.values()) < 100


def test_a_battery_sinks_says_so_and_is_silent(episodes: Any, said: dict[str, list[Message]]) -> None:
    for one in episodes["battery_dying"]:
        told = list(within(said[one.device], one.since, one.until))
        levels = [body["battery"] for message, body in told if message.lane == "status" and not message.retained]
        low = [body for _, body in told if body.get("kind") == "device.battery_low"]
        silent_after = one.since + 10 * 86_400_000

        assert levels == sorted(levels, reverse=True)
        assert levels[0] > 20 > levels[-1]
        assert [body["data"] for body in low] == [{"battery": 12}]
        assert not list(within(said[one.device], silent_after + 7_200_000, one.until))
        assert list(within(said[one.device], one.until, one.until + 2 * 86_400_000))


def test_a_drifting_clock_says_another_time(episodes: Any, said: dict[str, list[Message]]) -> None:
    for one in episodes["clock_drift"]:
        told = [pair for pair in within(said[one.device], one.since + 60_000, one.until) if pair[0].lane == "event"]
        lag = sorted((message.at - datetime.fromisoformat(body["ts"])).total_seconds() for message, body in told)

        assert told
        assert lag[len(lag) // 2] == pytest.approx(-60 * one.amount, abs=1)


def test_a_chattering_contact_bounces(episodes: Any, said: dict[str, list[Message]]) -> None:
    for one in episodes["chatter"]:
        kinds = [
            body["kind"]
            for message, body in within(said[one.device], one.since, one.until + 1000)
            if message.lane == "event"
        ]

        assert kinds.count("door.opened") >= one.amount >= 15
        assert kinds.count("door.closed") >= one.amount
        assert one.until - one.since <= 5 * 60_000


def test_firmware_that_repeats_says_the_same_bytes(episodes: Any, said: dict[str, list[Message]]) -> None:
    for one in episodes["repeats"]:
        told = Counter(
            message.payload
            for message, _ in within(said[one.device], one.since + 60_000, one.until)
            if message.lane == "event"
        )

        assert told
        assert Counter(told.values()).most_common(1)[0][0] == 2


def test_a_replay_repeats_the_last_statuses_as_retained(
    quarter: Site, episodes: Any, said: dict[str, list[Message]]
) -> None:
    for one in episodes["replay"]:
        behind = [device.id for device in quarter.devices if one.device in {device.via, device.id}]
        replayed = 0
        for device in behind:
            again = [message for message, _ in within(said[device], one.since, one.until + 60_000) if message.retained]
            before = [
                message.payload
                for message in said[device]
                if message.at < moment(one.since) and message.lane == "status"
            ]
            replayed += len(again)
            assert all(message.payload in before[-2:] for message in again)
        assert replayed >= len(behind) - 1


def test_an_outage_ends_in_a_burst(quarter: Site, episodes: Any, said: dict[str, list[Message]]) -> None:
    for one in episodes["outage"]:
        behind = [device.id for device in quarter.devices if device.via == one.device]
        lanes = [
            json.loads(message.payload)["online"]
            for message in said[one.device]
            if moment(one.since) <= message.at <= moment(one.until)
        ]
        burst = [
            pair
            for device in behind
            for pair in within(said[device], one.until, one.until + 5_000)
            if pair[0].lane == "event"
        ]
        late = [message.at - datetime.fromisoformat(body["ts"]) for message, body in burst]

        assert lanes == [False, True]
        assert 20 <= (one.until - one.since) / 60_000 <= 90
        assert not [pair for device in behind for pair in within(said[device], one.since, one.until)]
        assert all(delay < timedelta(minutes=91) for delay in late)
        assert burst == [] or max(late) > timedelta(seconds=30)
    assert episodes["outage"]


def test_a_storm_flaps(episodes: Any, said: dict[str, list[Message]]) -> None:
    for one in episodes["storm"]:
        told = [body for message, body in within(said[one.device], one.since, one.until) if message.lane == "status"]
        offline = [body["session"] for body in told if not body["online"]]

        assert len(set(offline)) == one.amount >= 5
        assert one.until - one.since <= 10 * 60_000


def test_it_can_be_asked_who_has_no_connection(quarter: Site, episodes: Any) -> None:
    life = Life(quarter, 1)
    one = episodes["outage"][0]

    assert one.device in life.down(moment(one.since + 1000))
    assert one.device not in life.down(moment(one.until + 1000))
