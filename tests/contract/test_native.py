"""The native format's samples are its examples for integrators: each decodes to what it says it becomes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import connectors.native
from connectors.native.decode import LANES, decode
from gateway.model.ports import Delivery

SAMPLES = sorted((Path(connectors.native.__file__).parent / "samples").glob("*.json"))
RECEIVED_AT = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)


def read(sample: Path) -> tuple[Delivery, dict[str, Any]]:
    told = json.loads(sample.read_text())
    payload = json.dumps(told["payload"], ensure_ascii=False, separators=(",", ":")).encode()
    return Delivery("test", told["topic"], payload, RECEIVED_AT), told


def test_there_is_a_sample_of_each_sort() -> None:
    assert [sample.stem for sample in SAMPLES] == [
        "alarm-pressed", "camera-person", "door-denied", "door-opened", "status-offline", "status-online",
    ]  # fmt: skip
    assert {read(sample)[0].topic.rsplit("/")[-1] for sample in SAMPLES} == LANES


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.stem)
def test_each_sample_becomes_what_it_says(sample: Path) -> None:
    delivery, told = read(sample)
    reports = decode(delivery)
    assert [{"kind": r.kind, "device": r.device, "id": r.id} for r in reports] == told["becomes"]
    assert {r.station for r in reports} == {delivery.topic.split("/")[2]}
    payload = told["payload"]
    for report in reports:
        if "ts" in payload:
            assert report.ts == datetime.fromisoformat(payload["ts"])
            assert report.data == payload.get("data", {})
        else:
            assert report.ts == RECEIVED_AT, "a status carries no time of its own"
            assert report.data == {k: v for k, v in payload.items() if k != "online"}


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.stem)
def test_each_sample_means_the_same_when_it_comes_again(sample: Path) -> None:
    delivery, _ = read(sample)
    later = Delivery("test", delivery.topic, delivery.payload, datetime(2026, 11, 23, tzinfo=UTC))
    assert [(r.id, r.digest) for r in decode(later)] == [(r.id, r.digest) for r in decode(delivery)]
