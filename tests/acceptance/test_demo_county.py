"""The demo's county: a school's button is heard there within a second; a platform that dies is seen and comes back."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.acceptance.test_demo import Demo, anxin
from tests.station import wait_for

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    demo = Demo(tmp_path_factory.mktemp("county") / "home", "--history-days", "0", "--no-cameras")
    try:
        yield demo.start()
    finally:
        demo.close()


def heard(town: Demo) -> dict[str, Any]:
    """What the platform has, by its page."""
    with urllib.request.urlopen(f"{town.told['county']['url']}/state", timeout=20) as answer:
        return dict(json.loads(answer.read()))


def link(town: Demo) -> dict[str, Any]:
    told = anxin("county", "status", "--json", ANXIN_HOME=str(town.home), **settings(town))
    known = json.loads(told.stdout or "[]")
    return dict(known[0]) if known else {"state": "", "told_at": None}


def settings(town: Demo) -> dict[str, str]:
    return {f"ANXIN_{name.upper()}": value for name, value in town.told["settings"].items() if name != "home"}


def press(town: Demo, button: str) -> None:
    sent = anxin("send", "--credentials", town.told["devices_file"], "--device", button, "--kind", "alarm.pressed")
    assert sent.returncode == 0, sent.stderr


def alarms_of(town: Demo, code: str) -> list[dict[str, Any]]:
    return [one for one in heard(town)["alarms"] if one["channel"] == code]


def test_a_schools_button_is_heard_at_the_county_and_its_death_is_seen(town: Demo) -> None:
    wait_for(lambda: link(town)["state"] == "online" and link(town)["told_at"], "the catalogue to be told", 120)
    state = heard(town)
    items = {item["id"]: item["name"] for item in state["catalogue"]}
    assert len(items) == link(town)["items"] > 2000
    with town.api() as api:
        # The town presses its buttons too, and more presses of one alert are no news.
        quiet = [
            button for button in api.get("/devices", params={"kind": "school_button"}).json()["items"]
            if not api.get("/alerts", params={"device": button["id"]}).json()["items"]
        ]  # fmt: skip
    sheet = anxin("county", "sheet", ANXIN_HOME=str(town.home), **settings(town)).stdout
    codes = {
        button["id"]: next(line.split("|")[1].strip() for line in sheet.splitlines() if f"| {button['name']} |" in line)
        for button in quiet[-2:]
    }
    assert {code[8:13] for code in codes.values()} == {"11134"}  # education, alarm input
    assert set(codes.values()) <= items.keys()
    (first, second) = list(codes)
    press(town, first)
    (told,) = wait_for(lambda: alarms_of(town, codes[first]), "the alarm")
    assert (told["priority"], told["method"], told["stored"]) == ("1", "2", True)
    # AlarmTime has no fractions of a second.
    assert told["delay_s"] < 1 + SECOND, told
    wait_for(lambda: link(town)["acknowledged"] >= 1, "the platform's own answer")

    # It is started again at once, and has forgotten us.
    registered = link(town)["registered_at"]
    town.kill([town.told["pids"]["county-platform"]])
    press(town, second)
    told = wait_for(lambda: alarms_of(town, codes[second]), "what waited, once it was back", 120)[-1]
    assert told["priority"] == "1"
    wait_for(lambda: link(town)["state"] == "online", "the link to be back")
    assert link(town)["registered_at"] > registered
    # A stand-in that was killed has lost its catalogue too, as no county's database does.
    assert [one for one in heard(town)["violations"] if one["rule"] != "alarm-channel"] == []


#: Within a second by the blueprint; on a busy machine of two cores that much is forgiven.
SECOND = 2.0
