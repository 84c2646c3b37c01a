"""Phones and command room: what they keep, what they refuse, how they fail to order."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from starlette.testclient import TestClient

from simulators.receivers.command_room import sign
from simulators.receivers.receipts import Receipts
from simulators.receivers.serve import build_app, receivers

PUSH = {"notification": 17, "to": "phone-officer", "priority": "P1", "incident": 3, "alert": 5, "rung": 0}
EVENT = {"specversion": "1.0", "id": "e1", "source": "/anxin", "type": "anxin.alert.raised", "subject": "a/1"}


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(build_app("s3cret")) as client:
        yield client


def push(client: TestClient, key: str = "k1", **changes: Any) -> Any:
    return client.post("/phones/push", json={**PUSH, **changes}, headers={"Idempotency-Key": key})


def messages(client: TestClient, **query: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = client.get("/phones/messages", params=query).json()["items"]
    return items


def tell(client: TestClient, event: Any = EVENT, *, secret: bytes = b"s3cret", age_s: int = 0) -> Any:
    body, sent_at = json.dumps(event).encode(), str(int(time.time()) - age_s)
    return client.post(
        "/command-room/events",
        content=body,
        headers={
            "Content-Type": "application/cloudevents+json; charset=utf-8",
            "X-Anxin-Timestamp": sent_at,
            "X-Anxin-Signature": sign(secret, sent_at, body),
        },
    )


def order(client: TestClient, *rules: dict[str, Any], at: str = "/phones/faults") -> None:
    assert client.put(at, json=rules).status_code == 200


def test_a_push_is_kept_with_its_message(client: TestClient) -> None:
    answer = push(client, title={"zh": "一键报警", "en": "Button"})

    (kept,) = messages(client)
    assert (answer.status_code, answer.json()["code"]) == (200, 0)
    assert answer.json()["message_id"] == kept["message_id"]
    assert {name: kept[name] for name in ("to", "priority", "incident", "alert", "rung", "key", "repeats")} == {
        **{name: PUSH[name] for name in ("to", "priority", "incident", "alert", "rung")},
        "key": "k1",
        "repeats": 0,
    }
    assert kept["message"]["title"] == {"zh": "一键报警", "en": "Button"}
    assert kept["received_at"].endswith("Z")
    assert len(kept["received_at"]) == len("2026-11-22T00:00:00.123456Z")


def test_the_same_key_is_the_same_message(client: TestClient) -> None:
    first, second = push(client), push(client)

    assert first.json() == second.json()
    assert [kept["repeats"] for kept in messages(client)] == [1]


def test_a_push_may_lack_fields_but_not_its_key(client: TestClient) -> None:
    assert client.post("/phones/push", json={}, headers={"Idempotency-Key": "k"}).status_code == 200
    assert client.post("/phones/push", json=PUSH).status_code == 400
    assert client.post("/phones/push", content=b"[", headers={"Idempotency-Key": "k"}).status_code == 400


def test_messages_are_found_by_phone_and_time(client: TestClient) -> None:
    push(client, "k1")
    push(client, "k2", to="phone-deputy")
    first, second = messages(client)

    assert messages(client, to="phone-deputy") == [second]
    assert messages(client, since=first["received_at"]) == [second]
    assert messages(client, since="2000-01-01T00:00:00+08:00") == [first, second]
    assert client.get("/phones/messages?since=yesterday").status_code == 400


def test_the_page_shows_messages_and_trusts_none_of_them(client: TestClient) -> None:
    push(client, title={"zh": "<script>", "en": "x"}, to="<b>")

    page = client.get("/phones/").text

    assert "&lt;script&gt;" in page
    assert "<script>" not in page


@pytest.mark.parametrize(
    ("rule", "status"),
    [
        ({"mode": "http_500"}, 500),
        ({"mode": "http_429"}, 429),
        ({"mode": "gone"}, 410),
        ({"mode": "error_body"}, 200),
    ],
)
def test_a_refusing_provider_never_had_the_message(client: TestClient, rule: dict[str, Any], status: int) -> None:
    order(client, {**rule, "times": 1})

    refused = push(client)

    assert refused.status_code == status
    assert refused.json()["code"] != 0
    assert messages(client) == []
    assert push(client).json()["code"] == 0
    assert client.get("/phones/faults").json()["items"][0]["applied"] == 1


def test_too_many_requests_says_when_to_come_back(client: TestClient) -> None:
    order(client, {"mode": "http_429", "seconds": 7})

    assert push(client).headers["Retry-After"] == "7"


def test_a_dropped_connection_leaves_the_message_there(client: TestClient) -> None:
    order(client, {"mode": "drop", "times": 1})

    with pytest.raises(ConnectionResetError):
        push(client)

    assert [kept["repeats"] for kept in messages(client)] == [0]
    assert push(client).json()["code"] == 0
    assert [kept["repeats"] for kept in messages(client)] == [1]


def test_hanging_ends_without_an_answer_and_without_a_message(client: TestClient) -> None:
    order(client, {"mode": "hang", "seconds": 0.05})

    with pytest.raises(ConnectionResetError):
        push(client)

    assert messages(client) == []


def test_slow_is_late_but_good(client: TestClient) -> None:
    order(client, {"mode": "slow", "seconds": 0.05})
    started = time.monotonic()

    assert push(client).json()["code"] == 0
    assert time.monotonic() - started >= 0.05


class Said(Receipts):
    """Remembers what phones say instead of saying it."""

    def __init__(self) -> None:
        super().__init__(None)
        self.tokens: list[Any] = []

    def show(self, message: dict[str, Any]) -> None:
        self.tokens.append(message.get("receipt"))


def test_a_phone_says_what_it_has_unless_it_is_off() -> None:
    said = Said()
    with TestClient(build_app("s3cret", receipts=said)) as client:
        order(client, {"mode": "dead", "to": "phone-deputy"}, {"mode": "http_500", "times": 1})
        assert push(client, "k1", to="phone-deputy", receipt="off").json()["code"] == 0
        assert push(client, "k2", receipt="lost").status_code == 500
        assert push(client, "k2", receipt="on").json()["code"] == 0
        assert [entry["key"] for entry in messages(client)] == ["k1", "k2"], "the provider has both"
    assert said.tokens == ["on"]


def test_rules_apply_in_order_and_to_whom_they_are_for(client: TestClient) -> None:
    order(client, {"mode": "gone", "to": "phone-deputy"}, {"mode": "http_500", "times": 1})

    assert push(client, "k1", to="phone-deputy").status_code == 410
    assert push(client, "k2").status_code == 500
    assert push(client, "k2").status_code == 200
    assert push(client, "k1", to="phone-deputy").status_code == 410
    assert client.delete("/phones/faults").status_code == 204
    assert push(client, "k1", to="phone-deputy").status_code == 200


@pytest.mark.parametrize(
    "rules",
    [{"mode": "gone"}, [{"mode": "moody"}], [{"mode": "slow", "seconds": -1}], [{"mode": "gone", "t": 1}]],
)
def test_rules_that_make_no_sense_are_refused(client: TestClient, rules: Any) -> None:
    assert client.put("/phones/faults", json=rules).status_code == 400
    assert client.get("/phones/faults").json() == {"items": []}


def test_a_signed_cloud_event_is_kept(client: TestClient) -> None:
    assert tell(client).status_code == 204
    assert tell(client).status_code == 204

    (kept,) = client.get("/command-room/events").json()["items"]
    assert (kept["id"], kept["type"], kept["subject"]) == ("e1", "anxin.alert.raised", "a/1")
    assert kept["repeats"] == 1


def test_a_wrong_signature_is_unauthorised(client: TestClient) -> None:
    assert tell(client, secret=b"guess").status_code == 401
    assert client.post("/command-room/events", json=EVENT).status_code == 401
    assert client.get("/command-room/events").json() == {"items": []}


@pytest.mark.parametrize("age_s", [301, -310])
def test_an_old_timestamp_is_refused(client: TestClient, age_s: int) -> None:
    assert tell(client, age_s=age_s).status_code == 400


@pytest.mark.parametrize("missing", ["specversion", "id", "source", "type"])
def test_what_is_no_cloud_event_is_refused(client: TestClient, missing: str) -> None:
    assert tell(client, {name: text for name, text in EVENT.items() if name != missing}).status_code == 400


def test_the_command_room_fails_to_order_too(client: TestClient) -> None:
    order(client, {"mode": "http_500", "times": 1}, at="/command-room/faults")

    assert [tell(client).status_code for _ in range(2)] == [500, 204]
    assert client.put("/command-room/faults", json=[{"mode": "gone", "to": "x"}]).status_code == 400


def test_a_restart_keeps_history(tmp_path: Path) -> None:
    with TestClient(build_app("s3cret", tmp_path)) as client:
        push(client, "gone")
        client.delete("/phones/messages")
        message_id = push(client).json()["message_id"]
        push(client)
        tell(client)
        before = messages(client), client.get("/command-room/events").json()
    with (tmp_path / "phones.jsonl").open("a") as journal:
        journal.write('{"received_at": "2026')  # what a crash in the middle of a line leaves

    with TestClient(build_app("s3cret", tmp_path)) as client:
        assert (messages(client), client.get("/command-room/events").json()) == before
        assert push(client).json()["message_id"] == message_id

    with TestClient(build_app("s3cret", tmp_path)) as client:
        assert [kept["repeats"] for kept in messages(client)] == [2]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "give --secret or --secret-file"),
        (["--secret", "a", "--secret-file", "b"], "give --secret or --secret-file"),
        (["--secret-file", "/nowhere/at/all"], "can't read /nowhere/at/all"),
    ],
)
def test_the_secret_is_given_once_and_can_be_read(options: list[str], said: str) -> None:
    done = CliRunner().invoke(receivers, ["--port", "1", *options])
    assert done.exit_code != 0
    assert said in done.output
