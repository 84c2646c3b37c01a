"""`anxin simulate` starts the simulators as programs: what it hands them, and how."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from gateway.embedded import scenario, town
from gateway.model.errors import Misconfigured


@pytest.fixture
def home(tmp_path: Path) -> Path:
    told = {
        "site_file": "site.yaml",
        "devices_file": "devices.json",
        "url": "http://127.0.0.1:8000",
        "users": {"operator": {"username": "operator", "password": "p4ssw0rd"}},
    }
    (tmp_path / "demo.json").write_text(json.dumps(told))
    return tmp_path


def test_a_live_scenario_gets_the_password_where_nobody_else_reads_it(
    home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A program in place of the simulators tells what it was given."""
    shows = "import json, os, sys; print(json.dumps([sys.argv[1:], os.environ.get('ANXIN_SCENARIO_PASSWORD')]))"
    monkeypatch.setattr(scenario, "SIMULATORS", (sys.executable, "-c", shows))
    assert scenario.play("school-alarm", home, language="en") == 0
    words, password = json.loads(capfd.readouterr().out)
    assert password == "p4ssw0rd"
    assert not any("p4ssw0rd" in word for word in words)
    assert words[:3] == ["scenario", "play", "school-alarm"]


def test_without_a_demo_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="no demo runs on"):
        scenario.play("school-alarm", tmp_path, language="en")


def test_a_town_that_cannot_be_made_leaves_no_site_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(town, "SIMULATORS", (sys.executable, "-c", "print('half'); raise SystemExit(1)"))
    path = tmp_path / "site.yaml"
    with pytest.raises(Misconfigured, match="could not be made"):
        town.write_site(1, path)
    assert not path.exists()
