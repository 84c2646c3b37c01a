"""The systemd units and root's `anxin` keep what they promise, and the pages speak of them and of no others."""

from __future__ import annotations

import os
import re
import shlex
import sys
from pathlib import Path

import pytest

from tests.compose import COMPOSE, DOCKERFILE
from tests.contract.test_deployment import DEPLOY, run, tool
from tests.pages import DOCS

SYSTEMD = DEPLOY / "systemd"
UNITS, TIMERS = sorted(SYSTEMD.glob("*.service")), sorted(SYSTEMD.glob("*.timer"))
PAGES = "\n".join(path.read_text() for path in sorted(DOCS.glob("*.md")))
PATHS = re.compile(r"/(?:etc|opt|var/lib)/anxin[\w-]*(?:/[\w-]+)*(?:\.\w+)?")


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_units_are_hardened_and_get_secrets_by_file(path: Path) -> None:
    text = path.read_text()
    for line in ("NoNewPrivileges=yes", "ProtectSystem=strict", "DynamicUser=yes"):
        assert line in text.splitlines(), line
    if path.stem != "anxin-camera@":
        assert "Environment=ANXIN_SECRETS_DIR=%d" in text.splitlines()
        assert "LoadCredential=anxin_database_url:" in text
    else:
        assert "secrets" not in re.sub(r"^#.*$", "", text, flags=re.MULTILINE), "a camera worker has none of ours"
        assert "ExecStart=/opt/anxin/bin/anxin camera run %d/worker.yaml" in text, "its file is a secret too"
    assert not re.search(r"^Environment=.*(URL|SECRET)=", text, re.MULTILINE)


def test_systemd_takes_the_units_and_calls_them_well_protected(tmp_path: Path) -> None:
    analyze = tool("systemd-analyze")
    here = str(Path(sys.executable).with_name("anxin"))
    for path in [*UNITS, *TIMERS]:
        (tmp_path / path.name).write_text(path.read_text().replace("/opt/anxin/bin/anxin", here))
    assert run(analyze, "verify", "--man=no", *sorted(tmp_path.iterdir())) == ""
    for path in UNITS:
        run(analyze, "security", "--offline=yes", "--threshold=20", path)


def test_what_the_backups_unit_runs_keeps_two_weeks_of_backups(tmp_path: Path) -> None:
    unit = (SYSTEMD / "anxin-backup.service").read_text()
    unit = unit.replace("%S", str(tmp_path)).replace("/opt/anxin/bin", str(tmp_path))
    lines = re.findall(r"^(?:ExecStart|ExecStartPost)=(.+)$", unit.replace("%%", "%").replace("$$", "$"), re.MULTILINE)
    (tmp_path / "anxin-backup").mkdir()
    (tmp_path / "anxin").write_text('#!/bin/sh\necho "$1" > "$2"\n')
    (tmp_path / "anxin").chmod(0o755)
    old, other = tmp_path / "anxin-backup" / "anxin-2026-01-01.backup", tmp_path / "anxin-backup" / "notes"
    for path in (old, other):
        path.touch()
        os.utime(path, (0, 0))
    assert len(lines) == 2
    for line in lines:
        run(*shlex.split(line))
    there = {path.name for path in (tmp_path / "anxin-backup").iterdir()}
    assert len(there) == 2
    assert "notes" in there
    assert old.name not in there


def test_roots_anxin_has_the_services_settings_and_secrets(tmp_path: Path) -> None:
    (tmp_path / "env").write_text("ANXIN_STATION=chengguan\nANXIN_PHONE_URL='http://127.0.0.1/a b'\n")
    (tmp_path / "anxin").write_text('#!/bin/sh\nenv | grep ^ANXIN_ | sort\necho "$2"\n')
    (tmp_path / "anxin").chmod(0o755)
    text = (SYSTEMD / "anxin").read_text()
    text = text.replace("/etc/anxin/anxin.env", str(tmp_path / "env")).replace("/opt/anxin/bin", str(tmp_path))
    assert run("sh", "-c", text, "anxin", "import", "my site.yaml").splitlines() == [
        "ANXIN_HOME=/var/lib/anxin", "ANXIN_PHONE_URL=http://127.0.0.1/a b", "ANXIN_SECRETS_DIR=/etc/anxin/secrets",
        "ANXIN_STATION=chengguan", "my site.yaml",
    ]  # fmt: skip


def test_the_pages_and_the_deployment_speak_of_the_same_places() -> None:
    units = "\n".join(path.read_text() for path in SYSTEMD.iterdir()).replace("%S/", "/var/lib/").replace("%i", "hall")
    there = set(PATHS.findall(units + COMPOSE.read_text() + DOCKERFILE.read_text()))
    told = set(PATHS.findall(PAGES))
    for path in told - {"/opt/anxin/bin/pip"}:
        known = any(path == one or one.startswith(f"{path}/") for one in there)
        below = any(path.startswith(f"{one}/") for one in there if one.count("/") > 2)
        assert known or below, f"{path} stands in docs/, not in the deployment"
    for path in set(PATHS.findall((SYSTEMD / "anxin").read_text())) - {"/etc/anxin"}:
        assert any(one == path or one.startswith(f"{path}/") for one in told), f"{path} stands in no page"


def test_the_pages_know_the_units_and_no_others() -> None:
    there = {path.name for path in [*UNITS, *TIMERS]}
    told: set[str] = set(re.findall(r"\banxin[\w-]*\.(?:service|timer)\b", PAGES))
    for words in re.findall(r"systemctl (?:start|stop|restart|enable|status)((?: --now)?(?: anxin[\w.@-]*)+)", PAGES):
        names = [re.sub(r"@\w+", "@", word) for word in words.split() if word != "--now"]
        told |= {name if "." in name else f"{name}.service" for name in names}
    assert told == there, "a unit that no page starts"
