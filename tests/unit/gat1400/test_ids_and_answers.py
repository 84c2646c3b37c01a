"""GA/T 1400: identifiers, digests, answers, and what each asks for."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.digest import Challenge, authorization
from connectors.gat1400 import ids
from connectors.gat1400.actions import action_of, verdicts
from connectors.gat1400.answers import Reply, Status, read_statuses
from connectors.gat1400.config import ViidConfig
from simulators.county_platform.viid.checks import is_basic_id, is_business_id, is_content_id

CAMERA = "34020000011325000001"
AT = datetime(2026, 3, 1, 23, 41, 9, tzinfo=UTC)


def test_identifiers_are_those_of_the_note() -> None:
    image = ids.image_id(CAMERA, AT, 1)
    assert image == "34020000011325000001022026030207410900001"
    assert ids.motor_vehicle_id(image, 1) == f"{image}0200001"
    assert ids.notification_id(CAMERA, AT, 1) == "340200000113042026030207410900001"


@given(
    st.datetimes(min_value=datetime(2000, 1, 2), max_value=datetime(9998, 1, 1), timezones=st.just(UTC)), st.integers(0)
)
def test_identifiers_are_whole_whatever_the_number(at: datetime, number: int) -> None:
    image = ids.image_id(CAMERA, at, number)
    assert is_basic_id(image, "02")
    assert is_content_id(ids.motor_vehicle_id(image, number), "02")
    assert is_business_id(ids.notification_id(CAMERA, at, number))


def test_whose_code_may_stand_in_a_picture() -> None:
    assert ids.is_capture_device(CAMERA)
    assert not ids.is_capture_device("34020000111345000001")  # an alarm input
    assert not ids.is_capture_device("")


def test_numbers_go_on_and_begin_anywhere() -> None:
    one = ids.Numbers(99_998)
    assert [one.take() for _ in range(4)] == [99_998, 99_999, 0, 1]
    starts = {ids.Numbers().take() for _ in range(50)}
    assert len(starts) > 40  # 50 of 100 000 at random: fewer than 41 different ones never happen


@pytest.mark.parametrize("told", ["20260302074109", "20260302074109123", "2026-03-02 07:41:09", "2026-03-02T07:41:09"])
def test_moments_are_read_as_platforms_write_them(told: str) -> None:
    assert ids.read_stamp(told) == AT


@pytest.mark.parametrize("told", ["", "20261302074109", "2026", None, 20260302074109, "二〇二六〇三〇二〇七四一〇"])
def test_what_is_no_moment_is_none(told: Any) -> None:
    assert ids.read_stamp(told) is None


def test_the_digest_of_the_note() -> None:
    challenge = Challenge("viid", "5f3c9a7e21d04b66", "auth", "", False, "")
    header = authorization(challenge, "POST", "/VIID/System/Register", "34020000012005000001", "Gw-pass-01", "0a4f113b")
    assert 'response="254e406c8a9c1de32deb5c44c418d5ad"' in header


ONE = {"RequestURL": "/VIID/Images", "StatusCode": 8, "StatusString": "坏", "Id": "1"}


@pytest.mark.parametrize(
    "told",
    [
        {"ResponseStatusListObject": {"ResponseStatusObject": [ONE]}},
        {"ResponseStatusListObject": {"ResponseStatusObject": ONE}},
        {"ResponseStatusListObject": [{"ResponseStatusObject": ONE}]},
        {"ResponseStatusListObject": [ONE]},
        {"ResponseStatusObject": ONE},
        {"ResponseStatusObject": [ONE]},
        {**ONE, "StatusCode": "8"},
        [ONE],
    ],
)
def test_answers_in_every_form(told: Any) -> None:
    assert read_statuses(json.dumps(told).encode()) == (Status(8, "坏", "1"),)


@pytest.mark.parametrize("body", [b"", b"ok", b"\xff", b"[" * 100_000, b'{"StatusCode": true}', b'{"StatusCode":"x"}'])
def test_what_says_no_status(body: bytes) -> None:
    assert read_statuses(body) == ()


@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["ResponseStatusListObject", "ResponseStatusObject", "StatusCode", "Id", "x"]), inner
            )
        ),
    )
)
def test_no_answer_is_too_strange(told: Any) -> None:
    assert isinstance(read_statuses(json.dumps(told).encode()), tuple)


@pytest.mark.parametrize(
    ("code", "action"),
    [
        (0, "done"), (101, "done"), (1, "limited"), (-1, "limited"), (500, "limited"), (77, "limited"), (2, "again"),
        (3, "again"), (103, "again"), (4, "refused_once"), (9, "register"), (102, "register"), (5, "never"),
        (6, "never"), (7, "never"), (8, "never"), (104, "never"),
    ],
)  # fmt: skip
def test_what_each_code_asks_for(code: int, action: str) -> None:
    assert action_of(code) == action
    assert verdicts(["a"], Reply(200, (Status(code, "", ""),)))[0].action == action


@pytest.mark.parametrize(
    ("http", "action"),
    [(0, "again"), (200, "limited"), (401, "register"), (403, "register"), (413, "never"), (404, "limited"),
     (429, "again"), (500, "again"), (302, "again")],
)  # fmt: skip
def test_what_each_http_status_asks_for(http: int, action: str) -> None:
    assert verdicts(["a", "b"], Reply(http))[1].action == action


def test_a_batch_is_judged_one_by_one() -> None:
    said = (Status(0, "", "b"), Status(8, "", "a"))
    assert [one.action for one in verdicts(["a", "b"], Reply(200, said))] == ["never", "done"]
    nameless = tuple(one._replace(id="") for one in said)
    assert [one.action for one in verdicts(["a", "b"], Reply(200, nameless))] == ["done", "never"]
    assert [one.action for one in verdicts(["a", "b"], Reply(200, said[:1]))] == ["limited", "done"]
    assert [one.action for one in verdicts(["a", "b"], Reply(200, nameless[:1]))] == ["done", "done"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "viid:1400"}, {"url": "http://h:1400/VIID"}, {"url": "http://h:99999"}, {"url": "http://u@h"},
        {"device_id": "34020000005030000001"}, {"password": None}, {"mode": "subscribe"}, {"listen": "here"},
    ],
)  # fmt: skip
def test_a_link_that_cannot_work_is_refused(wrong: dict[str, Any]) -> None:
    told = {
        "url": "http://10.0.0.5:1400/", "server_id": "34020000005030000001", "device_id": "34020000012005000001",
        "password": "x",
    }  # fmt: skip
    assert ViidConfig.model_validate({**told, "also_from": ["b"]}).hosts == ["10.0.0.5", "b"]
    with pytest.raises(ValueError):
        ViidConfig.model_validate({**told, **wrong})
