"""The town's life is a function: the same for ever, in slices that agree, within its budget, never near an alarm."""

import hashlib
import json
import os
import re
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from connectors.native.decode import decode
from gateway.model.ports import Delivery
from simulators.history import line
from simulators.life.message import Message
from simulators.life.plan import Life, messages
from simulators.site_file import Site, read_site

CHINA = timezone(timedelta(hours=8))
MONDAY = datetime(2026, 11, 2, tzinfo=CHINA)
DAY = timedelta(days=1)
SIGNS = {"door.opened", "door.closed", "door.granted", "motion.detected", "meter.pulse", "alarm.pressed"}


@pytest.fixture(scope="module")
def three_days(county: Site) -> list[Message]:
    return list(messages(county, 1, MONDAY + 3 * DAY, MONDAY + 6 * DAY))


def kind_of(message: Message) -> str:
    body = json.loads(message.payload)
    return str(body.get("kind", "status"))


def test_the_same_seed_says_the_same_bytes_in_another_process(
    county: Site, county_path: Path, three_days: list[Message]
) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "simulators", "history", "--site", county_path, "--seed", "1",
         "--from", (MONDAY + 3 * DAY).isoformat(), "--to", (MONDAY + 6 * DAY).isoformat()],
        env={**os.environ, "PYTHONHASHSEED": "77", "TZ": "America/New_York"},
        capture_output=True,
        check=True,
    ).stdout  # fmt: skip

    ours = "".join(line(county.station, one) for one in three_days).encode()
    assert hashlib.sha256(told).hexdigest() == hashlib.sha256(ours).hexdigest()


def test_another_seed_lives_another_life(site_path: Path) -> None:
    site = read_site(site_path)

    assert list(messages(site, 1, MONDAY, MONDAY + DAY)) != list(messages(site, 2, MONDAY, MONDAY + DAY))


def test_slices_agree(county: Site, three_days: list[Message]) -> None:
    begin, end = MONDAY + 3 * DAY, MONDAY + 6 * DAY
    odd = begin + timedelta(hours=31, minutes=7, milliseconds=13)
    exactly = three_days[len(three_days) // 2].at

    for cut in (odd, exactly):
        assert [*messages(county, 1, begin, cut), *messages(county, 1, cut, end)] == three_days


def test_slices_agree_over_months_of_misbehaviour(quarter: Site) -> None:
    end = MONDAY + 40 * DAY
    whole = list(messages(quarter, 1, MONDAY, end))
    cuts = [MONDAY, *(MONDAY + timedelta(hours=37 * n) for n in range(1, 25)), end]

    sliced = [one for a, b in pairwise(cuts) for one in messages(quarter, 1, a, b)]

    assert sliced == whole


def test_what_is_said_is_sorted_and_within_its_span(three_days: list[Message]) -> None:
    ats = [one.at for one in three_days]

    assert ats == sorted(ats)
    assert MONDAY + 3 * DAY <= ats[0] <= ats[-1] < MONDAY + 6 * DAY


def test_a_day_has_its_budget(county: Site) -> None:
    assert 10_000 <= len(list(messages(county, 1, MONDAY, MONDAY + DAY))) <= 12_500
    assert 8_000 <= len(list(messages(county, 1, MONDAY + 5 * DAY, MONDAY + 6 * DAY))) <= 11_000


def test_the_gateway_understands_every_word(county: Site, three_days: list[Message]) -> None:
    for one in three_days:
        topic = f"anxin/v1/{county.station}/{one.device}/{one.lane}"
        (report, *_) = decode(Delivery("mqtt", topic, one.payload, one.at))
        assert report.device == one.device


def test_ids_are_unique_but_for_repeats(three_days: list[Message]) -> None:
    said: dict[tuple[str, str], bytes] = {}
    for one in three_days:
        body = json.loads(one.payload)
        if one.lane != "status":
            assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{26}", body["id"])
            assert said.setdefault((one.device, body["id"]), one.payload) == one.payload


def test_ordinary_life_holds_no_alarm(three_days: list[Message]) -> None:
    told = Counter(map(kind_of, three_days))

    assert not told.keys() & {"alarm.pressed", "door.forced", "camera.falling_object", "device.tamper"}
    assert {"visitor.called", "door.denied", "camera.parked", "meter.pulse", "door.granted"} <= told.keys()
    assert {one.lane for one in three_days} == {"event", "status"}


def test_nobody_tries_a_door_again_and_again(county: Site) -> None:
    denied: dict[str, list[datetime]] = defaultdict(list)
    for one in messages(county, 1, MONDAY, MONDAY + 7 * DAY):
        if b"door.denied" in one.payload:
            denied[one.device].append(one.at)

    assert denied
    for times in denied.values():
        assert all(later - first > timedelta(minutes=10) for first, later in zip(times, times[4:], strict=False))


def test_everything_behind_a_gateway_says_daily_that_it_lives(county: Site) -> None:
    heard = {one.device for one in messages(county, 1, MONDAY, MONDAY + DAY) if one.lane == "status"}
    dying = {one.device for one in Life(county, 1).episodes(MONDAY, MONDAY + DAY) if one.kind == "battery_dying"}

    assert {one.id for one in county.devices} - heard <= dying


def test_an_elder_is_never_silent_for_long_while_at_home(quarter: Site, site_path: Path) -> None:
    for site, seed in ((quarter, 1), (quarter, 2), (read_site(site_path), 1)):
        life, end = Life(site, seed), MONDAY + 60 * DAY
        at = {device.id: device.place.id for device in site.devices}
        who = {resident.place: resident.id for resident in site.residents}
        signs: dict[str, list[datetime]] = defaultdict(list)
        for one in life.messages(MONDAY, end):
            if at[one.device] in who and kind_of(one) in SIGNS:
                signs[who[at[one.device]]].append(one.at)
        trips = life.trips(MONDAY, end)

        assert signs.keys() == set(who.values())
        for person, times in signs.items():
            limit = timedelta(hours=10 if person in life.homebodies else 20)
            for last, first in pairwise(times):
                away = [trip for trip in trips if trip.person == person and last < trip.back and trip.left < first]
                assert first - last < limit or away, f"{person} from {last} to {first}"
                for trip in away:  # seen to leave, and to come home
                    assert trip.left - last < limit
                    assert first - trip.back < timedelta(hours=1)


def test_trips_are_rare_and_silent(quarter: Site) -> None:
    life, end = Life(quarter, 1), MONDAY + 300 * DAY
    trips = life.trips(MONDAY, end)
    days = sum((trip.back - trip.left) / DAY for trip in trips)

    assert 0.005 < days / (300 * len(quarter.residents)) < 0.06
    assert not {trip.person for trip in trips} & set(life.homebodies)
    trip = trips[0]
    flat = next(one.place for one in quarter.residents if one.id == trip.person)
    at = {device.id: device.place.id for device in quarter.devices}
    for one in life.messages(trip.left + timedelta(minutes=1), trip.back - timedelta(minutes=1)):
        assert at[one.device] != flat or one.lane == "status"


def test_work_days_weekends_and_holidays_differ(county: Site) -> None:
    def granted(day: datetime, like: str) -> int:
        said = messages(county, 1, day, day + DAY)
        return sum(b"door.granted" in one.payload and like in one.device for one in said)

    working, sunday, national = MONDAY, MONDAY - DAY, datetime(2026, 10, 2, tzinfo=CHINA)
    moved = datetime(2026, 10, 10, tzinfo=CHINA)  # a Saturday that is worked
    vacation = datetime(2026, 8, 3, tzinfo=CHINA)  # a Monday without school

    assert granted(working, "school-") > 5 * granted(sunday, "school-")
    assert granted(moved, "school-") > 5 * granted(national, "school-")
    assert granted(vacation, "school-") < granted(working, "school-") / 5
    assert granted(working, "-lock") > 1.2 * granted(national, "-lock")


def test_a_history_line_keeps_the_bytes_of_its_payload() -> None:
    payload = b'{"id":"e1","ts":"2026-11-22T08:00:00.000+08:00","kind":"door.opened","data":{}}'
    written = line("st", Message(MONDAY, "door", "event", payload))
    again = line("st", Message(MONDAY, "door", "status", b'{"session":"a","online":true}', retained=True))

    told: Any = json.loads(written)
    assert payload.decode() in written
    assert (told["at"], told["topic"]) == ("2026-11-02T00:00:00.000+08:00", "anxin/v1/st/door/event")
    assert "retained" not in told
    assert json.loads(again)["retained"] is True


def test_a_reader_who_has_had_enough_ends_history_quietly(site_path: Path) -> None:
    span = "--from 2026-01-01T00:00:00+08:00 --to 2026-06-01T00:00:00+08:00"
    command = f"{sys.executable} -m simulators history --site {site_path} {span} | head -1"
    ended = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, check=True)

    assert ended.stderr == b""
    assert ended.stdout.count(b"\n") == 1
