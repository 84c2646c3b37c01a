"""The deployment files keep what they promise: to the engines that read them, to each other and to the code."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import SecretStr

from connectors.camera.config import read_config
from gateway.county.config import password_of, read_county
from gateway.settings import Settings
from tests.compose import COMPOSE, DOCKERFILE, ROOT, dockerfile, last_stage, mounts, read_compose, read_env

DEPLOY = ROOT / "deploy"
OURS = "anxin:"
TRIAL = read_env(DEPLOY / "trial.env")
SERVICES: dict[str, dict[str, Any]] = read_compose(TRIAL)["services"]
ours = pytest.mark.parametrize("name", [name for name, told in SERVICES.items() if told["image"].startswith(OURS)])
every = pytest.mark.parametrize("name", list(SERVICES))


def tool(name: str) -> str:
    """A program of Debian's, or a skip that says which package has it."""
    found = shutil.which(name)
    if found is None:
        package = {"promtool": "prometheus", "systemd-analyze": "systemd"}[name]
        pytest.skip(f"{name} is not installed (Debian: apt-get install {package})")
    return found


def run(*command: object) -> str:
    """Run to a good end; returns everything it said."""
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


# ── docker-compose.yml ──────────────────────────────────────────────────────────────────────────────────


def test_compose_fits_its_schema() -> None:
    run(sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", COMPOSE)


def test_the_schema_can_refuse(tmp_path: Path) -> None:
    wrong = tmp_path / "docker-compose.yml"
    wrong.write_text(COMPOSE.read_text().replace("healthcheck:", "helthcheck:", 1))
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(wrong)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "helthcheck" in done.stdout


@every
def test_every_service_is_bounded(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["init"] is True
    assert {"max-size", "max-file"} <= service["logging"]["options"].keys(), "logs do not fill the disk"
    assert service["restart"] in {"no", "unless-stopped"}
    assert service.get("user", "1:1").split(":")[0] not in {"0", "root"}
    assert not service.get("privileged")
    assert "env_file" not in service


@every
def test_images_are_of_one_version_and_no_one_registry(name: str) -> None:
    repository, _, tag = SERVICES[name]["image"].partition(":")
    assert re.match(r"^v?\d+\.\d+", tag), "a version, not what is new today"
    assert repository.count("/") <= 1
    assert "." not in repository.split("/")[0], "a host's address would tie this to one registry"


@every
def test_published_ports_are_on_loopback(name: str) -> None:
    for port in SERVICES[name].get("ports", []):
        assert re.match(r"^127\.0\.0\.1:\d+:\d+(/udp|/tcp)?$", port)


@ours
def test_our_own_run_as_the_images_user(name: str) -> None:
    user = next(words for instruction, words in last_stage() if instruction == "USER")
    assert SERVICES[name]["user"] == user
    assert "stop_grace_period" in SERVICES[name]


@every
def test_no_service_is_given_more_of_the_secrets_than_it_needs(name: str) -> None:
    told = {mount.source: mount for mount in mounts(SERVICES[name]) if mount.named}
    writers = {"secrets": {"secrets"}, "logins": {"secrets"}, "broker": {"secrets", "broker"}}
    for volume in told.keys() & writers.keys():
        assert told[volume].read_only is (name not in writers[volume]), volume
    assert ("logins" in told) is (name in {"secrets", "import", "simulators"})
    assert ("broker" in told) is (name in {"secrets", "broker"})


@every
def test_who_is_called_is_on_the_same_network(name: str) -> None:
    text = json.dumps([SERVICES[name].get(part) for part in ("command", "environment", "healthcheck")])
    own = set(SERVICES[name].get("networks", []))
    for other in SERVICES:
        if re.search(rf"\b{other}:\d+", text) and name != "secrets":
            assert own & set(SERVICES[other]["networks"]), other


@every
def test_what_stays_is_watched(name: str) -> None:
    service = SERVICES[name]
    if service["restart"] == "no":
        assert "healthcheck" not in service, "it ends"
        return
    assert ("healthcheck" in service) is (name not in {"simulators", "cameras", "node"}), (
        "those listen nowhere, or matter less"
    )


def test_mounts_of_this_repository_exist_and_volumes_are_declared() -> None:
    declared = read_compose(TRIAL)["volumes"].keys()
    used = set()
    for service in SERVICES.values():
        for mount in mounts(service):
            if mount.named:
                used.add(mount.source)
            elif mount.source.startswith("."):
                assert (ROOT / mount.source).exists(), mount.source
                assert mount.read_only
    assert used == set(declared)


#: Settings that Compose does not hand to gateway and API, and why.
NOT_HANDED = {
    "home": "the image says it: the volume",
    "demo": "what runs there is no demo",
    "county_file": "the file is mounted; inside it has a place of its own",
    "http_host": "the API's own, fixed: all of its container",
    "http_port": "the API's own, fixed; ANXIN_HTTP_PORT is where it is published",
}
SECRETS = {name for name, field in Settings.model_fields.items() if isinstance(field.get_default(), SecretStr)}


@pytest.mark.parametrize("setting", Settings.model_fields)
def test_every_setting_is_handed_to_gateway_and_api_unless_there_is_a_reason(setting: str) -> None:
    variable, told = f"ANXIN_{setting.upper()}", "what somebody set"
    services = read_compose({variable: told})["services"]
    given = {name: told in str(service.get("environment", {}).get(variable)) for name, service in services.items()}
    here = {name for name, handed in given.items() if handed}
    if setting in SECRETS:
        assert here == set(), "a secret stands in a file"
        assert f"`anxin_{setting}`" in (ROOT / "docs" / "deployment.md").read_text(), "and is told of"
    elif setting in NOT_HANDED:
        assert here == set(), NOT_HANDED[setting]
    else:
        assert {"gateway", "api"} <= here, f"hand it over, or say in NOT_HANDED why not: {variable}"


def test_what_nobody_set_keeps_its_default() -> None:
    services = read_compose({})["services"]
    for name in ("gateway", "api"):
        given = services[name]["environment"]
        for setting in Settings.model_fields.keys() - NOT_HANDED.keys() - SECRETS:
            usual = Settings.model_fields[setting].get_default(call_default_factory=True)
            assert given[f"ANXIN_{setting.upper()}"] in {"", str(usual)}, setting


def test_what_both_must_share_is_a_secret_that_is_made() -> None:
    """Made by each for itself, in a home of its own, these would be two."""
    text = (ROOT / "gateway" / "credentials.py").read_text()
    for name in ("anxin_data_key", "anxin_web_push_key", "anxin_aliyun_reports_token"):
        assert f'_once("{name}"' in text
    for unit, asks in {
        "migrate": {"data_key"},
        "gateway": {"data_key", "web_push_key", "mqtt_url"},
        "api": {"data_key", "web_push_key", "aliyun_reports_token"},
    }.items():
        loaded = re.findall(r"^LoadCredential=(\w+):/etc/anxin/secrets/\1$", (
            DEPLOY / "systemd" / f"anxin-{unit}.service").read_text(), re.MULTILINE)  # fmt: skip
        assert {f"anxin_{name}" for name in (*asks, "database_url")} <= set(loaded), unit


def test_every_variable_of_the_env_files_is_used() -> None:
    text = COMPOSE.read_text()
    for file in (DEPLOY / "trial.env", DEPLOY / "station.env.example"):
        for variable in read_env(file).keys() - {"COMPOSE_PROFILES"}:
            assert f"${{{variable}" in text, f"{file.name}: {variable}"


def test_the_countys_example_can_be_followed_with_its_password_among_the_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANXIN_SECRETS_DIR", str(tmp_path))
    (tmp_path / "county.password").write_text("what the county gave\n")
    example = DEPLOY / "county.example.yaml"
    config = read_county(example)
    assert [password_of(link, example.parent) for link in config.links] == ["what the county gave"]
    port = config.links[0].listen.rpartition(":")[2]
    services = read_compose({"ANXIN_COUNTY_FILE": "./county.yaml"})["services"]
    assert {told.split(":")[-1] for told in services["county"]["ports"]} == {f"{port}/udp", f"{port}/tcp"}
    for name in ("gateway", "api", "county"):
        inside = services[name]["environment"]["ANXIN_COUNTY_FILE"]
        assert f"./county.yaml:{inside}:ro" in services[name]["volumes"], name


def test_the_cameras_example_can_be_followed() -> None:
    config = read_config(DEPLOY / "cameras.example.yaml", spool=Path("/var/lib/anxin/spool"))
    assert [camera.password() for camera in config.cameras] == ["ask logins/devices.json"]
    assert config.spool == Path("/var/lib/anxin/spool"), "nothing is written beside the file: there it is read-only"
    assert not [camera for camera in config.cameras if config.resting(camera)]
    services = read_compose({"ANXIN_CAMERAS_FILE": "./cameras.yaml"})["services"]
    file = services["cameras"]["command"][-1]
    assert services["cameras"]["volumes"] == [f"./cameras.yaml:{file}:ro", "cameras:/var/lib/anxin"]
    text = (DEPLOY / "cameras.example.yaml").read_text()
    for other in re.findall(r"\w+://(\w+):\d+ in Compose", text):
        assert set(services[other]["networks"]) & set(services["cameras"]["networks"]), other


# ── Dockerfile ──────────────────────────────────────────────────────────────────────────────────────────


def test_the_image_runs_as_a_numbered_user_who_is_not_root() -> None:
    (user,) = [words for instruction, words in last_stage() if instruction == "USER"]
    assert re.match(r"^[1-9]\d*:[1-9]\d*$", user), "a number: an engine can then tell that it is not root"
    after = [instruction for instruction, _ in last_stage()]
    assert "RUN" not in after[after.index("USER") :]


def test_bases_are_of_one_version_and_what_is_copied_exists() -> None:
    bases = [words.split()[0] for instruction, words in dockerfile() if instruction == "FROM"]
    assert len(bases) == 2
    assert len(set(bases)) == 1, "what is compiled against one is run on the same"
    assert re.match(r"^python:3\.\d+-slim-\w+$", bases[0])
    for instruction, words in dockerfile():
        if instruction == "COPY" and not words.startswith("--from="):
            for source in words.split()[:-1]:
                assert (ROOT / source).exists(), source
        assert instruction != "ADD"


def test_everything_that_is_installed_is_locked() -> None:
    installs = [words for instruction, words in dockerfile() if instruction == "RUN" and "pip install" in words]
    assert any("--require-hashes --no-deps -r /src/requirements.lock" in words for words in installs)
    assert all("--require-hashes" in words or words.endswith("/src") for words in installs)
    assert all("--no-deps" in words for words in installs)
    assert "--no-build-isolation" in installs[-1], "else the build itself would fetch what is not locked"


def test_the_build_sees_what_it_copies_and_nothing_else() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    copied = {
        source
        for instruction, words in dockerfile()
        if instruction == "COPY" and not words.startswith("--from=")
        for source in words.split()[:-1]
    }
    assert lines[0] == "*"
    assert {line[1:] for line in lines if line.startswith("!")} == copied


def test_the_image_holds_no_secret_and_makes_the_folders_volumes_take_their_owner_from() -> None:
    text = DOCKERFILE.read_text()
    assert not re.search(r"(?i)(password|secret|token)\w*=\S*[a-z0-9]{8}", text.replace("ANXIN_SECRETS_DIR", ""))
    for service in SERVICES.values():
        for mount in mounts(service):
            if mount.named and service["image"].startswith(OURS):
                assert mount.target in text, mount.target


def test_a_wheel_holds_everything_that_is_not_python(tmp_path: Path) -> None:
    """The image has no working tree beside it: what the build leaves out is missed at run time."""
    source = tmp_path / "source"
    ignore = shutil.ignore_patterns("__pycache__", "*.egg-info", "node_modules", "dist")
    for name in ("gateway", "rules", "connectors", "api", "simulators"):
        shutil.copytree(ROOT / name, source / name, ignore=ignore)
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    packing = (sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", tmp_path, source)
    refused = subprocess.run(packing, capture_output=True, text=True, check=False)
    assert refused.returncode, "packed without the console"
    assert "run `make console` first" in refused.stdout + refused.stderr
    shutil.rmtree(source / "build", ignore_errors=True)
    pages = source / "api" / "console" / "dist"
    (pages / "assets").mkdir(parents=True)
    for name in ("index.html", "phone.html", "assets/index.js"):
        (pages / name).write_text("built", encoding="utf-8")
    console = source / "api" / "console"
    wanted = {
        str(path.relative_to(source))
        for path in source.rglob("*")
        if path.is_file() and path.parent != source and not path.name.startswith("README")
        # Of the console only what is built is needed.
        if not path.is_relative_to(console) or path.is_relative_to(pages)
        if not path.is_relative_to(source / "build") and ".egg-info" not in str(path)
    }
    run(*packing)
    (wheel,) = tmp_path.glob("anxin-*.whl")
    packed = set(zipfile.ZipFile(wheel).namelist())
    assert wanted - packed == set()


# ── the broker, Prometheus, Grafana ─────────────────────────────────────────────────────────────────────


def test_both_brokers_settings_promise_the_same() -> None:
    def told(path: Path) -> dict[str, str]:
        lines = [line.split(maxsplit=1) for line in path.read_text().splitlines()]
        about = {"listener", "persistence_location", "password_file", "acl_file", "log_type"}
        return {line[0]: line[1] for line in lines if len(line) == 2 and line[0][0] != "#" and line[0] not in about}

    documented, mounted = told(ROOT / "docs" / "mosquitto.conf"), told(DEPLOY / "mosquitto" / "mosquitto.conf")
    assert mounted == documented
    assert mounted["allow_anonymous"] == "false"


def test_prometheus_takes_its_configuration_and_the_alarms_their_tests() -> None:
    promtool = tool("promtool")
    run(promtool, "check", "config", "--lint-fatal", DEPLOY / "prometheus" / "prometheus.yml")
    run(promtool, "test", "rules", DEPLOY / "prometheus" / "alerts.test.yml")


def expressions(text: object) -> Iterator[str]:
    if isinstance(text, dict):
        for name, told in text.items():
            if name == "expr":
                yield str(told)
            else:
                yield from expressions(told)
    elif isinstance(text, list):
        for one in text:
            yield from expressions(one)


def recorded() -> set[str]:
    told = yaml.safe_load((DEPLOY / "prometheus" / "records.yml").read_text())
    return {rule["record"] for group in told["groups"] for rule in group["rules"]}


def test_alarms_and_dashboard_use_recorded_names_only_and_all_of_them() -> None:
    dashboard = list(expressions(json.loads((DEPLOY / "grafana" / "dashboards" / "anxin.json").read_text())))
    alarms = list(expressions(yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())))
    assert len(dashboard) > 10
    used = {name for text in [*dashboard, *alarms] for name in re.findall(r"\banxin[\w:]*", text)}
    assert used == recorded()
    assert not any("node_" in text for text in [*dashboard, *alarms])


def test_every_alarm_says_what_to_do() -> None:
    told = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())
    for rule in (rule for group in told["groups"] for rule in group["rules"]):
        assert rule["annotations"].keys() == {"summary", "action"}
        assert rule["labels"]["severity"] in {"critical", "warning"}


def test_grafana_finds_the_source_its_dashboard_names() -> None:
    told = yaml.safe_load((DEPLOY / "grafana/provisioning/datasources/prometheus.yml").read_text())
    (source,) = told["datasources"]
    dashboard = json.loads((DEPLOY / "grafana/dashboards/anxin.json").read_text())
    targets = [target for panel in dashboard["panels"] for target in panel.get("targets", [])]
    assert {target["datasource"]["uid"] for target in targets} == {source["uid"]}
    assert source["url"] == "http://prometheus:9090"
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])


def test_the_deployment_names_no_place_to_fetch_from() -> None:
    files = [COMPOSE, DOCKERFILE, ROOT / ".dockerignore", *(path for path in DEPLOY.rglob("*") if path.is_file())]
    for path in files:
        for host in re.findall(r"https?://([^/\s\"']+)", path.read_text()):
            assert re.match(r"^(127\.0\.0\.1|receivers|prometheus|api)(:\d+)?$", host), f"{path.name}: {host}"
