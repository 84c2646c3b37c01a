"""docker-compose.yml does what it says: every service of ours with its very command, and a press rings the phone."""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx2 as httpx
import psycopg
import pytest

from tests.acceptance.containers import NOT_RUN, PATH, Containers
from tests.compose import ROOT, mounts, read_env
from tests.station import wait_for

pytestmark = pytest.mark.skipif(
    any(shutil.which(program, path=PATH) is None for program in ("mosquitto", "mosquitto_sub")),
    reason="Mosquitto is not installed (Debian: apt-get install mosquitto mosquitto-clients)",
)
needs_prometheus = pytest.mark.skipif(
    shutil.which("prometheus", path=PATH) is None,
    reason="Prometheus is not installed (Debian: apt-get install prometheus)",
)


@pytest.fixture(scope="module")
def trial() -> Iterator[Containers]:
    """`docker compose --env-file deploy/trial.env up`, without an engine.

    Not below pytest's own folder: each start of pytest closes that to other users, and our containers are such.
    """
    variables = read_env(ROOT / "deploy" / "trial.env")
    if shutil.which("prometheus", path=PATH) is None:
        variables["COMPOSE_PROFILES"] = "simulators"
    with TemporaryDirectory(prefix="anxin-compose-", ignore_cleanup_errors=True) as folder:
        running = Containers(Path(folder), variables)
        try:
            yield running.up()
        finally:
            running.close()


def test_what_runs_once_ends_well_and_everything_else_stays(trial: Containers) -> None:
    assert trial.exit_codes == {"secrets": 0, "migrate": 0, "import": 0}
    expected = set(trial.services) - set(trial.exit_codes) - NOT_RUN - {"database"}
    assert set(trial.children) == expected
    assert {name: trial.log(name) for name, child in trial.children.items() if child.poll() is not None} == {}


def test_every_health_check_passes(trial: Containers) -> None:
    checked = {name for name, service in trial.services.items() if "healthcheck" in service} - NOT_RUN
    assert {"broker", "database", "gateway", "api", "receivers"} <= checked
    for name in sorted(checked):
        wait_for(lambda name=name: trial.well(name).returncode == 0, f"{name} to be well: {trial.well(name)}")


def test_a_press_rings_the_phone(trial: Containers) -> None:
    """As people do it: the first password from its file, a press with the device's own log-in, the phone's page."""
    wait_for(lambda: httpx.get(f"{trial.address('api')}/readyz").status_code == 200, "the station to be ready")
    button = "school-3-button"  # the opening scene leaves it alone
    command = ["python", "-m", "simulators", "send", "--credentials", "/etc/anxin/secrets/logins/devices.json"]
    pressed = trial.run("simulators", [*command, "--device", button, "--kind", "alarm.pressed"])
    assert pressed.returncode == 0, pressed.stderr
    passwords = json.loads((trial.volume("logins") / "users.json").read_text())
    with httpx.Client(base_url=f"{trial.address('api')}/api/v1", timeout=15) as api:
        words = {"username": "operator", "password": passwords["operator"]}
        api.headers["Authorization"] = (
            f"Bearer {api.post('/auth/login', json=words).raise_for_status().json()['token']}"
        )
        alert = wait_for(lambda: api.get("/alerts", params={"device": button}).json()["items"], "the alert")[0]

    def rang() -> bool:
        messages = httpx.get(f"{trial.address('receivers')}/phones/messages").json()["items"]
        return any(message["alert"] == alert["id"] for message in messages)

    wait_for(rang, "the phone")
    wait_for(
        lambda: httpx.get(f"{trial.address('receivers')}/command-room/events").json()["items"], "a signed word there"
    )


def test_the_simulated_devices_log_in_and_speak(trial: Containers) -> None:
    with psycopg.connect(trial.database_url) as connection:
        heard = "select count(distinct device_id) from event where kind = 'device.online'"
        told = json.loads((trial.volume("logins") / "devices.json").read_text())["devices"]
        wait_for(lambda: connection.execute(heard).fetchone() == (len(told),), "each device to be online", 30)
    broker = trial.log("broker")
    assert "not authorised" not in broker, "each device's log-in is in the password file"
    if trial.own_users:
        assert "Warning" not in broker, broker


def test_containers_write_into_their_volumes_only(trial: Containers) -> None:
    """Their roots are read-only; here their home without a volume stands for that."""
    for name in trial.services:
        if not any(mount.target == "/var/lib/anxin" for mount in mounts(trial.services[name])):
            assert list((trial.folder / "roots" / name).iterdir()) == [], name


def test_each_secret_is_read_by_its_readers_only(trial: Containers) -> None:
    if not trial.own_users:
        pytest.skip("needs root, and a Python and a repository that the containers' users may read")
    for name, file, may in [
        ("database", "/etc/anxin/secrets/postgres_password", True),
        ("database", "/etc/anxin/secrets/anxin_mqtt_url", False),
        ("database", "/etc/anxin/secrets/anxin_command_room_secret", False),
        ("gateway", "/etc/anxin/secrets/anxin_mqtt_url", True),
        ("broker", "/mosquitto/anxin/mosquitto.passwd", True),
    ]:
        assert (trial.run(name, ["cat", file]).returncode == 0) is may, (name, file)


def test_no_secret_stands_in_a_command_or_an_environment(trial: Containers) -> None:
    folder = trial.volume("secrets")
    secrets = [path.read_text().strip() for path in folder.iterdir() if path.is_file()]
    assert len(secrets) == 8
    for name in trial.services:
        seen = json.dumps([trial.services[name].get("command"), trial.environment(name)])
        assert not any(secret in seen for secret in secrets), name


def test_a_second_start_changes_nothing(trial: Containers) -> None:
    def all_files() -> dict[Path, bytes]:
        volumes = [trial.volume(name) for name in ("secrets", "logins")]
        files = [path for volume in volumes for path in volume.iterdir() if path.is_file()]
        files += [trial.volume("broker") / name for name in ("mosquitto.passwd", "mosquitto.acl", "mosquitto_sub")]
        return {path: path.read_bytes() for path in files}

    before = all_files()
    told = {name: trial.run(name) for name in ("secrets", "migrate", "import")}
    assert {name: done.returncode for name, done in told.items()} == {"secrets": 0, "migrate": 0, "import": 0}
    assert told["secrets"].stdout == "nothing was missing\n"
    assert all_files() == before


@needs_prometheus
def test_prometheus_sees_the_api_up_and_the_stops_of_the_road(trial: Containers) -> None:
    def ask(query: str) -> list[dict[str, object]]:
        told = httpx.get(f"{trial.address('prometheus')}/api/v1/query", params={"query": query}).json()
        found: list[dict[str, object]] = told["data"]["result"]
        return found

    up = wait_for(lambda: ask('up{job="anxin"} == 1'), "the target to be up")
    assert len(up) == 1
    stops = wait_for(lambda: ask("anxin_gateway_stop_seconds_total"), "a stop's figures")
    assert {"admit", "store", "judge"} <= {dict(one["metric"])["stop"] for one in stops}  # type: ignore[call-overload]
    wait_for(lambda: ask("anxin:gateway_age:seconds"), "what records.yml records")
    rules = httpx.get(f"{trial.address('prometheus')}/api/v1/rules").json()["data"]["groups"]
    assert {rule["health"] for group in rules for rule in group["rules"]} <= {"ok", "unknown"}


def test_health_checks_can_fail(trial: Containers) -> None:
    """Last: it stops things."""
    assert trial.stop("api") in {0, -signal.SIGTERM}, "uvicorn stops cleanly, then dies of the signal it was sent"
    assert "no answer" in trial.well("api").stdout
    assert trial.well("api").returncode == 1
    assert trial.stop("gateway") == 0
    wait_for(lambda: trial.well("gateway").returncode == 1, "a gateway that is gone to look unwell", 30)
    assert "has said nothing" in trial.well("gateway").stdout
    trial.stop("broker")
    assert trial.well("broker").returncode != 0
    assert trial.stop("simulators") == 0
    assert trial.stop("receivers") == 0
