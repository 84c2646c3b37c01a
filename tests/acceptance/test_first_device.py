"""docs/first-device.md and the fifteen minutes of docs/rules.md, typed off as they stand and run for real."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.embedded.ports import LOOPBACK, any_free
from gateway.embedded.postgres import EmbeddedPostgres
from tests.acceptance.terminal import Terminal
from tests.pages import ROOT, blocks, page, section
from tests.station import postgres_bin

pytestmark = pytest.mark.acceptance

BIN = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", ""), "/usr/sbin"])


def needs(*programs: str) -> pytest.MarkDecorator:
    missing = [program for program in programs if shutil.which(program, path=BIN) is None]
    return pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}")


def environment(**settings: str) -> dict[str, str]:
    bare = {name: told for name, told in os.environ.items() if not name.startswith("ANXIN_")}
    return {**bare, "PATH": BIN, "ANXIN_HTTP_PORT": str(any_free()), **settings}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    (tmp_path / "rules").symlink_to(ROOT / "rules")
    return tmp_path


@needs("mosquitto_pub", "curl")
@pytest.mark.timeout(240)
def test_with_the_demo(folder: Path) -> None:
    settings = environment(ANXIN_MQTT_PORT=str(any_free()))
    terminal = Terminal(folder, settings)
    # What a reader copies from the demo's greeting.
    values = (
        f"URL=http://{LOOPBACK}:{settings['ANXIN_HTTP_PORT']}\n"
        f"PASSWORD=$(awk '$1 == \"operator\" {{print $2}}' terminal-0.log)"
    )
    try:
        terminal.type(blocks(section(page("first-device.md"), "With the demo")), [values])
        told = json.loads((folder / ".anxin" / "demo.json").read_text())
        login = json.loads(Path(told["devices_file"]).read_text())["devices"]["my-door"]
        # What other pages say, on the same demo.
        terminal.type(blocks(page("troubleshooting.md")), [])
        told_of_http = section(page("mqtt.md"), "Over HTTP").replace("PASSWORD", login["password"])
        terminal.type(blocks(told_of_http.replace("http://127.0.0.1:8000", told["url"])), [])
        assert json.loads(terminal.said.splitlines()[-1])["ids"]
        api = page("api.md").replace("http://127.0.0.1:8000", told["url"])
        terminal.type(blocks(api.replace('"…"', f'"{told["users"]["operator"]["password"]}"')), [])
        assert "repeated-denied-entry" in terminal.said
    finally:
        terminal.close()


@pytest.fixture
def database(folder: Path) -> Iterator[str]:
    postgres = EmbeddedPostgres(folder / "postgres" / "data", any_free(), bin_directory=postgres_bin())
    postgres.start()
    yield postgres.url
    postgres.stop()


@needs("mosquitto", "mosquitto_pub", "openssl", "curl")
@pytest.mark.timeout(240)
def test_with_mosquitto_and_tls(folder: Path, database: str) -> None:
    settings = environment()
    if os.geteuid() == 0:  # Mosquitto gives root up for a user who may not look into our folder
        shim = folder / "bin" / "mosquitto"
        shim.parent.mkdir()
        real = shutil.which("mosquitto", path=BIN)
        shim.write_text(f'#!/bin/sh\necho "user root" >> mosquitto.conf\nexec {real} "$@"\n')
        shim.chmod(0o755)
        settings["PATH"] = f"{shim.parent}{os.pathsep}{BIN}"
    terminal = Terminal(folder, settings)
    first_password = 'import json; print(json.load(open("secrets/logins/users.json"))["operator"])'
    values = [
        f"BROKER={LOOPBACK} PORT={any_free()} CERTIFICATE_PORT={any_free()} DATABASE='{database}'",
        f"URL=http://{LOOPBACK}:{settings['ANXIN_HTTP_PORT']} PASSWORD=$(python3 -c '{first_password}')",
    ]
    try:
        terminal.type(blocks(section(page("first-device.md"), "With Mosquitto and TLS")), values)
        terminal.type(blocks('```sh\nsleep 1\ncurl -s -b jar "$URL/api/v1/events"\n```\n'), [])
        heard = {(event["device"], event["kind"]) for event in json.loads(terminal.said.splitlines()[0])["items"]}
        assert heard >= {
            ("my-door", "door.opened"), ("my-door", "door.closed"), ("lock-301", "door.granted"),
            ("my-camera", "camera.person"),
        }  # fmt: skip
    finally:
        terminal.close()


def test_a_rule_of_ones_own(folder: Path) -> None:
    terminal = Terminal(folder, environment())
    terminal.type(blocks(section(page("rules.md"), "Your own in 15 minutes")), [])
    terminal.type(blocks("```sh\nanxin rules check my-rules\n```\n```text\nok    lift-stuck\n```\n"), [])
