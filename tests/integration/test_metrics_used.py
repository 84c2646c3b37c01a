"""What Prometheus is asked for is what /metrics really exports, and what records.yml records is what people see."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx2 as httpx
import pytest
import yaml

from tests.station import Station, make_site, wait_for

RECORDS = Path(__file__).parents[2] / "deploy" / "prometheus" / "records.yml"
#: Not ours: Prometheus' own, and the node exporter's.
OTHERS = {"up", "node_filesystem_avail_bytes", "node_filesystem_size_bytes"}
WORDS = {"sum", "by", "rate", "increase", "instance", "stop", "what", "channel", "result", "reason", "job", "fstype"}


def asked() -> set[str]:
    told = yaml.safe_load(RECORDS.read_text(encoding="utf-8"))
    texts = [re.sub(r'"[^"]*"|\[\w+\]', "", rule["expr"]) for group in told["groups"] for rule in group["rules"]]
    return {name for text in texts for name in re.findall(r"[a-zA-Z_]\w*", text)} - WORDS


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """A station whose watchdog walks, which the shared one's does not."""
    running = Station(tmp_path_factory.mktemp("station"), make_site(doors=2))
    running.settings["ANXIN_WATCHDOG_EVERY_S"] = "1"
    try:
        yield running.start_all()
    finally:
        running.close()


def test_every_metric_asked_for_is_exported(station: Station) -> None:
    def families() -> set[str]:
        text = httpx.get(f"{station.url}/metrics").text
        return set(re.findall(r"^# TYPE (\w+) ", text, re.MULTILINE))

    late = {"anxin_gateway_horizon_lag_seconds", "anxin_watchdog_took_seconds"}  # these take a moment
    wait_for(lambda: late <= families(), "a horizon, and the first probe")
    assert len(asked()) > 10
    assert asked() - OTHERS - families() == set()
