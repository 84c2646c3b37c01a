"""What the county is told: codes, catalogue, alarms, and what its answers mean to the outbox."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from connectors.gb28181.catalogue import devices
from connectors.gb28181.news import AlarmFailed, AlarmSent
from gateway.cli_county import county
from gateway.county.channel import CountyChannel, alarm_of, outcome_of
from gateway.county.codes import missing
from gateway.county.config import CodesConfig, CountyConfig, password_of, read_county
from gateway.county.mapping import ALARMS
from gateway.county.sheet import sheet
from gateway.county.shown import alarm_of as shown_alarm
from gateway.county.shown import entries
from gateway.embedded.run import _has_links
from gateway.model.alert import Alert
from gateway.model.errors import Misconfigured
from gateway.model.ports import Message
from gateway.model.registry import Area, Device, Place, Registry, Station
from gateway.settings import Settings
from tests.unit.gb28181.desk import BUTTON, OURS, SERVER, Desk

AT = datetime(2026, 3, 1, 23, 41, 9, tzinfo=UTC)
LINK = {"server_id": SERVER, "server": "192.0.2.10:5060", "device_id": OURS, "password": "x"}


def registry(*more: Device) -> Registry:
    return Registry(
        station=Station("s", "城关派出所", "Asia/Shanghai"),
        areas=[Area("g", "grid", "东街网格")],
        places=[
            Place("school", "school", "g", "实验小学", 31.3, 118.3),
            Place("gate", "school_gate", "g", "东门", 31.3, 118.3, "school"),
            Place("unit", "unit", "g", "三栋一单元"),
        ],
        devices=[
            Device("button", "school_button", "gate", "一键报警"),
            Device("door-1", "door_controller", "unit", "单元门"),
            Device("cam", "camera", "gate", "校门"), Device("meter", "meter", "unit", "水表"),
            *more,
        ],
    )  # fmt: skip


def config(**told: Any) -> CountyConfig:
    return CountyConfig.model_validate({"links": [LINK], "codes": {"centre": "34020000"}, **told})


def alert(rule: str = "school-one-touch-alarm", **told: Any) -> dict[str, Any]:
    known: dict[str, Any] = {
        "station": "s", "rule": rule, "rule_version": 1, "subject": "device:button", "stream": "alert",
        "priority": "P1",
        "title": {"zh": "校园一键报警", "en": "School alarm"}, "explanation": {}, "first_action": {}, "raised_at": AT,
        "last_event_at": AT, "id": 7, "place": "gate", "device": "button", "sounded": 1, "last_sounded_at": AT,
    }  # fmt: skip
    return Alert(**{**known, **told}).public()


def test_codes_are_given_in_order_and_stay_whoever_comes_and_goes() -> None:
    first = missing(registry(), config().codes, {})
    assert first == {"button": "34020000111340000001", "door-1": "34020000011340000001"}
    later = missing(registry(Device("door-0", "door_contact", "unit", "旧门")), config().codes, first)
    assert later == {"door-0": "34020000011340000002"}
    gone = {**first, "door-9": "34020000011340000009"}  # it was taken down; its code is not given again
    again = missing(registry(Device("door-0", "door_contact", "unit", "旧门")), config().codes, gone)
    assert again == {"door-0": "34020000011340000010"}


def test_codes_of_the_county_count_and_are_nobody_elses() -> None:
    told = CodesConfig(centre="34020000", devices={"button": BUTTON, "cam": "34020000011325000001"})
    given = missing(registry(), told, {"button": "34020000111340000001"})
    assert given == {"button": BUTTON, "cam": "34020000011325000001", "door-1": "34020000011340000001"}
    with pytest.raises(Misconfigured, match="no code is used twice"):
        missing(registry(), told, {"door-1": BUTTON})
    with pytest.raises(ValueError, match="same code"):
        CodesConfig(centre="34020000", devices={"a": BUTTON, "b": BUTTON})


def test_the_catalogue_is_what_there_is_with_no_camera_unasked() -> None:
    codes = missing(registry(), config().codes, {})
    found = devices(entries(registry(), config(), config().links[0], codes, {"door-1": False}))
    assert [(one.code, one.name, one.address, one.online) for one in found] == [
        (codes["button"], "一键报警", "实验小学 东门", True), (codes["door-1"], "单元门", "三栋一单元", False),
    ]  # fmt: skip
    assert (found[0].parent, found[0].civil_code, found[0].block, found[0].longitude) == (
        OURS,
        "340200",
        "东街网格",
        118.3,
    )


def test_an_alert_is_an_alarm_of_its_device_or_of_one_at_its_place() -> None:
    codes = missing(registry(), config().codes, {})
    told = shown_alarm(alert(), registry(), config(), codes)
    assert told is not None
    assert (told["channel"], told["method"], told["type"], told["priority"]) == (codes["button"], 2, None, 1)
    assert told["description"] == "校园一键报警 实验小学 东门"
    assert told["one_touch"]
    # The camera has no code: the button beside it speaks for it.
    seen = shown_alarm(alert("intrusion", device="cam", priority="P2"), registry(), config(), codes)
    assert seen is not None
    assert (seen["channel"], seen["method"], seen["type"], seen["priority"]) == (codes["button"], 5, 6, 2)


@pytest.mark.parametrize(
    ("told", "more"),
    [
        ({"rule": "elder-not-out"}, {}), ({"drill": True}, {}), ({"stream": "work_item"}, {}),
        ({"rule": "door-held"}, {"alarms": {"door-held": None}}), ({"device": None, "place": None}, {}),
    ],
)  # fmt: skip
def test_what_stays_here(told: dict[str, Any], more: dict[str, Any]) -> None:
    codes = missing(registry(), config().codes, {})
    assert shown_alarm(alert(**told), registry(), config(**more), codes) is None


def test_no_alarm_is_of_a_method_that_is_not_kept_and_every_rule_exists() -> None:
    catalogue = {path.stem for path in (Path(__file__).parents[2] / "rules" / "catalog").glob("*.yaml")}
    assert set(ALARMS) <= catalogue
    assert {one.method for one in ALARMS.values()} <= {2, 5, 6}


def message(number: int = 4711, recorded: int = 0, **told: Any) -> Message:
    body = {
        "channel": BUTTON, "method": 2, "type": None, "priority": 1, "one_touch": True, "at": AT.isoformat(),
        "description": "x", "longitude": None, "latitude": None, **told,
    }  # fmt: skip
    return Message(
        id=number, key=f"k{number}", channel="county:county", recipient="county", priority="P1", body=body,
        created_at=AT,
        attempts=recorded + 3, recorded=recorded,
    )  # fmt: skip


def test_only_a_recorded_end_makes_another_message_of_the_next_try() -> None:
    first, crashed, next_one = alarm_of(message()), alarm_of(message()), alarm_of(message(recorded=1))
    assert (first.key, first.attempt, first.sn) == (crashed.key, crashed.attempt, crashed.sn) == ("anxin-4711", 1, 4711)
    assert (next_one.key, next_one.attempt, next_one.sn) == ("anxin-4711", 2, 4711)


@pytest.mark.parametrize(
    ("news", "result", "after"),
    [
        (AlarmSent("a", "message", 200), "accepted", None),
        (AlarmFailed("a", 503, "503", again=True), "retry", None),
        (AlarmFailed("a", 0, "not reset", again=True, after_s=120), "retry", 120),
        (AlarmFailed("a", 488, "488", again=False), "refused", None),
    ],
)
def test_what_became_of_an_alarm_is_the_outboxs_word(news: Any, result: str, after: float | None) -> None:
    outcome = outcome_of(news)
    assert (outcome.result, outcome.retry_after) == (result, after)


def test_the_alarms_of_one_channel_go_one_after_the_other() -> None:
    desk = Desk(catalog_first_s=0)
    desk.register()

    async def run() -> list[str]:
        channel = CountyChannel(desk.link, lambda: desk.now, lambda: None)
        assert channel.ready
        tasks = [asyncio.create_task(channel.send(message(number))) for number in (1, 2)]
        tasks.append(asyncio.create_task(channel.send(message(3, channel="34020000011345000001"))))
        order = []
        for _ in range(3):
            await asyncio.sleep(0.01)
            for sent in desk.collect():
                order.append(sent.split(b"<SN>")[1].split(b"<")[0].decode())
                desk.reply(sent, 200)
            for news in desk.of(AlarmSent):
                channel.told(news)
            desk.said.clear()
        assert [(await task).result for task in tasks] == ["accepted"] * 3
        return order

    assert asyncio.run(run()) == ["1", "3", "2"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("links: []\ncodes: {centre: '34020000'}", "at least one of links, viid, video"), ("[", "no YAML"),
        ("links: 3", "links"), ("video: {platforms: []}", "video.platforms"),
        ("links: [{server_id: '34020000002000000001', server: 'a:1', device_id: '34020000012005000001', password: p}]",
            "codes: links need them"),
        ("links: [{server_id: '1'}]\ncodes: {centre: '1'}", "codes.centre"),
        ("colour: red\nlinks: []\ncodes: {}", "colour"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_work_says_where(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "county.yaml").write_text(text)
    with pytest.raises(Misconfigured, match=why):
        read_county(tmp_path / "county.yaml")
    with pytest.raises(Misconfigured, match="nothing"):
        read_county(tmp_path / "nothing.yaml")


def test_a_station_that_has_only_video_has_no_links(tmp_path: Path) -> None:
    platform = "{name: county, url: 'https://10.20.0.5:18080', api_key_file: key}"
    (tmp_path / "county.yaml").write_text(f"video: {{platforms: [{platform}]}}")
    told = read_county(tmp_path / "county.yaml")
    assert told.links == []
    assert told.video is not None


def test_video_alone_is_checked_and_needs_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "county.yaml"
    file.write_text("video: {platforms: [{name: county, url: 'https://10.20.0.5:18080', api_key_file: key}]}")
    monkeypatch.setenv("ANXIN_COUNTY_FILE", str(file))
    assert isinstance(CliRunner().invoke(county, ["check"]).exception, Misconfigured), "there is no key"
    (tmp_path / "key").write_text("k-123456")
    told = CliRunner().invoke(county, ["check"])
    assert (told.exit_code, told.output.split()) == (
        0, ["ok", "county", "video,", "pages", "load", "from", "https://10.20.0.5:18080"]
    )  # fmt: skip
    settings = Settings(county_file=file)
    assert not _has_links(settings)
    file.write_text("links: 3")
    assert _has_links(settings), "its process says what is wrong"


def test_a_password_is_read_from_beside_the_file(tmp_path: Path) -> None:
    link = config(links=[{**{k: v for k, v in LINK.items() if k != "password"}, "password_file": "p"}]).links[0]
    with pytest.raises(Misconfigured, match="password_file"):
        password_of(link, tmp_path)
    (tmp_path / "p").write_text("Gw-pass-01\n")
    assert password_of(link, tmp_path) == "Gw-pass-01"


def test_a_password_is_read_from_among_the_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets, beside = tmp_path / "secrets", tmp_path / "etc"
    for folder in (secrets, beside):
        folder.mkdir()
    monkeypatch.setenv("ANXIN_SECRETS_DIR", str(secrets))
    link = config(links=[{**{k: v for k, v in LINK.items() if k != "password"}, "password_file": "p"}]).links[0]
    with pytest.raises(Misconfigured, match="password_file"):
        password_of(link, beside)
    (secrets / "p").write_text("among-secrets")
    assert password_of(link, beside) == "among-secrets"
    (beside / "p").write_text("beside-it")
    assert password_of(link, beside) == "beside-it"


def test_the_sheet_names_every_device_and_no_password() -> None:
    told = "\n".join(sheet(config(), registry(), {}))
    for word in (OURS, SERVER, "34020000111340000001", "实验小学 东门", "118.300000", "同步通道", "GB2312"):
        assert word in told
    assert "水表" not in told
    assert "| x |" not in told


def test_the_sheet_of_an_image_database() -> None:
    link = {"url": "http://192.0.2.10:1400", "server_id": SERVER, "device_id": OURS, "password": "x"}
    told = "\n".join(sheet(config(links=[], viid=[link]), registry(), {}))
    for word in (OURS, SERVER, "http://192.0.2.10:1400", "直接推送", "不提供"):
        assert word in told
    assert "| x |" not in told
