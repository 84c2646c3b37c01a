"""docker-compose.yml run without an engine: each service's very command and environment, as its own user where we may.

What an engine would do is done by hand: a volume is a folder, a mount is its path in words and configuration, a host
name is a free loopback port. The database is the embedded PostgreSQL in place of the image; broker and Prometheus are
Debian's, run with the mounted configuration.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gateway.embedded.ports import LOOPBACK, any_free
from gateway.embedded.postgres import EmbeddedPostgres, bundled_bin
from tests.compose import ROOT, image_environment, in_order, mounts, read_compose
from tests.station import postgres_bin, wait_for

PORTS = {"broker": 1883, "database": 5432, "api": 8000, "receivers": 9100, "prometheus": 9090, "grafana": 3000}
#: Images whose programs Debian does not have.
NOT_RUN = {"grafana", "node"}
PATH = os.pathsep.join(
    [str(Path(sys.executable).parent), str(postgres_bin() or bundled_bin()), os.environ.get("PATH", ""), "/usr/sbin"]
)
START_S = 60.0


class Containers:
    """All services of some profiles, in one folder. `up`, then `close`."""

    def __init__(self, folder: Path, variables: Mapping[str, str]) -> None:
        self.folder = folder
        told = read_compose(variables)
        profiles = set(variables.get("COMPOSE_PROFILES", "").split(","))
        self.services: dict[str, dict[str, Any]] = {
            name: service
            for name, service in told["services"].items()
            if not service.get("profiles") or profiles & set(service["profiles"])
        }
        self.ports = {name: any_free() for name in PORTS}
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        self.exit_codes: dict[str, int] = {}
        self.postgres: EmbeddedPostgres | None = None
        self.own_users = os.geteuid() == 0 and _anybody_may_read(Path(sys.prefix), Path(sys.base_prefix), ROOT)
        for directory in (folder, *folder.parents):
            if os.geteuid() == 0 and not directory.stat().st_mode & 0o001:
                directory.chmod(directory.stat().st_mode | 0o001)
        for name in self.services:
            self._make_volumes(name)

    # ── as an engine would ───────────────────────────────────────────────────────────────────────────

    def up(self) -> Containers:
        """Start everything in order, each after what it depends on is done, healthy or started."""
        for name in in_order(self.services):
            if name not in NOT_RUN and name not in self.children and not (name == "database" and self.postgres):
                for other, how in self.services[name].get("depends_on", {}).items():
                    self._wait_until(other, how["condition"])
                self._start(name)
        return self

    def run(self, name: str, command: list[str] | None = None) -> subprocess.CompletedProcess[str]:
        """Run a service's command, or another in its place, to its end."""
        return subprocess.run(
            self._argv(name, command or self.services[name]["command"]),
            env=self.environment(name),
            cwd=self._home(name),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            **self._user(name),
        )

    def well(self, name: str) -> subprocess.CompletedProcess[str]:
        """Run a service's health check once."""
        kind, *command = self.services[name]["healthcheck"]["test"]
        assert kind == "CMD", "no shell between: what is not there would look unwell"
        return self.run(name, command)

    def stop(self, name: str) -> int:
        """Ask one to end as an engine would; returns its exit code."""
        child = self.children.pop(name)
        child.send_signal(signal.SIGTERM)
        return child.wait(30)

    def close(self) -> None:
        """Whatever happened, leave nothing behind."""
        for child in self.children.values():
            child.kill()
            child.wait()
        self.children.clear()
        if self.postgres is not None:
            self.postgres.stop()

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")[-3000:]

    def volume(self, name: str) -> Path:
        return self.folder / "volumes" / name

    def address(self, name: str) -> str:
        return f"http://{LOOPBACK}:{self.ports[name]}"

    @property
    def database_url(self) -> str:
        """As the services read it, from its file."""
        return (self.volume("secrets") / "anxin_database_url").read_text()

    def environment(self, name: str) -> dict[str, str]:
        """What a container of this service sees: the image's, the service's, and nothing of ours."""
        image = image_environment() if self.services[name]["image"].startswith("anxin:") else {}
        told = {**image, **{key: str(value) for key, value in self.services[name].get("environment", {}).items()}}
        return {**{key: self.mapped(name, value) for key, value in told.items()}, "PATH": PATH}

    # ── what stands for what ─────────────────────────────────────────────────────────────────────────

    def mapped(self, name: str, text: str) -> str:
        """The container's paths, hosts and ports in a text, as they are here."""
        paths = {mount.target: self._local(name, mount.source) for mount in mounts(self.services[name])}
        paths.setdefault("/var/lib/anxin", self._home(name))
        for target in sorted(paths, key=len, reverse=True):
            text = re.sub(rf"(?<![\w/]){re.escape(target)}(?=/|$|\s)", str(paths[target]), text)
        for host, port in PORTS.items():
            text = re.sub(rf"\b{host}:{port}\b", f"{LOOPBACK}:{self.ports[host]}", text)
        text = text.replace("0.0.0.0", LOOPBACK)  # noqa: S104
        if name in PORTS:
            text = re.sub(rf"(?<=127\.0\.0\.1:){PORTS[name]}\b|^{PORTS[name]}$", str(self.ports[name]), text)
        return text

    def _argv(self, name: str, command: list[str]) -> list[str]:
        program = shutil.which(command[0], path=PATH)
        assert program is not None, f"{command[0]} is not installed"
        return [program, *(self.mapped(name, word) for word in command[1:])]

    def _local(self, name: str, source: str) -> Path:
        if not source.startswith((".", "/")):
            return self.volume(source)
        path = (ROOT / source).resolve()
        return self.folder / "files" / name / path.name if path.is_relative_to(ROOT / "deploy") else path

    def _home(self, name: str) -> Path:
        """The folder of a container without a volume there: its root is read-only, so it must stay empty."""
        own = [mount.source for mount in mounts(self.services[name]) if mount.target == "/var/lib/anxin"]
        return self.volume(own[0]) if own else self.folder / "roots" / name

    def _make_volumes(self, name: str) -> None:
        self._home(name).mkdir(parents=True, exist_ok=True)
        found = sorted(mounts(self.services[name]), key=lambda mount: mount.target)
        for mount in found:
            local = self._local(name, mount.source)
            if mount.named and not local.exists():
                local.mkdir(parents=True)
                if self.own_users and self.services[name].get("user", "").startswith("10001"):
                    os.chown(local, 10001, 10001)  # as a volume takes it from the image's folder
                    local.chmod(0o750)
            if not mount.named and local.is_relative_to(self.folder):
                _copy(ROOT / mount.source, local, lambda text: self._configured(name, text))
        for inner in found:
            for outer in found:
                if inner.named and outer.named and inner.target.startswith(outer.target + "/"):
                    link = self.volume(outer.source) / inner.target.removeprefix(outer.target + "/")
                    if not link.exists():
                        link.symlink_to(self.volume(inner.source))

    def _configured(self, name: str, text: str) -> str:
        mapped = re.sub(r"^listener 1883$", f"listener {self.ports['broker']} {LOOPBACK}", text, flags=re.MULTILINE)
        if name == "broker" and os.geteuid() == 0 and not self.own_users:
            mapped += "\nuser root\n"  # else it becomes a user who may not read our folder
        return "\n".join(self.mapped(name, line) for line in mapped.splitlines()) + "\n"

    def _user(self, name: str) -> dict[str, Any]:
        told = self.services[name].get("user")
        if not self.own_users or told is None:
            return {}
        user, _, group = told.partition(":")
        more = [int(one) for one in self.services[name].get("group_add", [])]
        return {"user": int(user), "group": int(group), "extra_groups": more}

    # ── starting ─────────────────────────────────────────────────────────────────────────────────────

    def _start(self, name: str) -> None:
        if name == "database":
            self._start_database()
            return
        command = list(self.services[name]["command"])
        if name == "prometheus":  # its image's own program
            command = ["prometheus", *command, f"--web.listen-address={LOOPBACK}:{self.ports[name]}"]
        with (self.folder / f"{name}.log").open("ab") as log:
            child = subprocess.Popen(
                self._argv(name, command),
                env=self.environment(name),
                cwd=self._home(name),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **self._user(name),
            )
        if self.services[name]["restart"] == "no":
            self.exit_codes[name] = child.wait(START_S)
        else:
            self.children[name] = child

    def _start_database(self) -> None:
        environment = self.services["database"]["environment"]
        assert (environment["POSTGRES_USER"], environment["POSTGRES_DB"]) == ("anxin", "anxin")
        read = self.run("database", ["cat", environment["POSTGRES_PASSWORD_FILE"]])
        assert read.returncode == 0, read.stderr
        data = self.volume("database") / "server" / "data"
        data.parent.mkdir()
        (data.parent / "postgres.password").write_text(read.stdout)
        self.postgres = EmbeddedPostgres(data, self.ports["database"], bin_directory=postgres_bin())
        self.postgres.start()

    def _wait_until(self, name: str, condition: str) -> None:
        if condition == "service_completed_successfully":
            assert self.exit_codes[name] == 0, self.log(name)
        elif condition == "service_healthy":
            try:
                wait_for(lambda: self.well(name).returncode == 0, f"{name} to be healthy", START_S)
            except AssertionError as error:
                said = self.log(name) if name in self.children else ""
                raise AssertionError(f"{error}: {self.well(name)}\n{said}") from None
        else:
            assert condition == "service_started"


def _copy(source: Path, target: Path, change: Any) -> None:
    files = [source] if source.is_file() else [path for path in source.rglob("*") if path.is_file()]
    for file in files:
        to = target if source.is_file() else target / file.relative_to(source)
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_text(change(file.read_text(encoding="utf-8")), encoding="utf-8")


def _anybody_may_read(*paths: Path) -> bool:
    return all(directory.stat().st_mode & 0o001 for path in paths for directory in (path, *path.parents))
