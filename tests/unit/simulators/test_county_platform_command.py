"""The county platform as a command, its page, and a client that is not ours: sipp."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from simulators.__main__ import main
from simulators.county_platform.control import Control
from simulators.county_platform.platform import CountyPlatform
from simulators.county_platform.settings import CountySettings
from tests.unit.simulators.raw_sip import (
    BUTTON,
    DOMAIN,
    GATEWAY,
    PASSWORD,
    SERVER,
    Lower,
    alarm,
    catalogue,
    item,
    keepalive,
)
from tests.unit.simulators.raw_viid import Client

SIPP = """<?xml version="1.0" encoding="UTF-8"?>
<scenario name="register, keepalive">
{register}
<recv response="401" auth="true"/>
{again}
<recv response="200"/>
<send retrans="500"><![CDATA[
MESSAGE sip:{server}@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];rport;branch=[branch]
Max-Forwards: 70
From: <sip:{gateway}@{domain}>;tag=[call_number]
To: <sip:{server}@{domain}>
Call-ID: message///[call_id]
CSeq: 1 MESSAGE
Content-Type: Application/MANSCDP+xml
Content-Length: [len]

<?xml version="1.0" encoding="GB2312"?>
<Notify>{keepalive}</Notify>
]]></send>
<recv response="200"/>
</scenario>
"""
REGISTER = """<send retrans="500"><![CDATA[
REGISTER sip:{server}@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];rport;branch=[branch]
Max-Forwards: 70
From: <sip:{gateway}@{domain}>;tag=[call_number]
To: <sip:{gateway}@{domain}>
Call-ID: [call_id]
CSeq: {number} REGISTER
Contact: <sip:{gateway}@[local_ip]:[local_port]>
{more}Expires: 3600
Content-Length: 0

]]></send>"""


@pytest.fixture
def county() -> Iterator[CountyPlatform]:
    with CountyPlatform(CountySettings({GATEWAY: PASSWORD}, greets=False, t1_s=5)) as one:
        yield one


@pytest.fixture
def control(county: CountyPlatform) -> Iterator[Control]:
    with Control(county, "127.0.0.1", 0) as one:
        yield one


def ask(port: int, path: str, *, post: bool = False) -> tuple[int, Any]:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method="POST" if post else "GET")
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            text = answer.read().decode()
            return answer.status, json.loads(text) if answer.headers["Content-Type"] == "application/json" else text
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_the_state_tells_everything(county: CountyPlatform, control: Control) -> None:
    with Lower(county.port) as lower:
        lower.register()
        assert ask(control.port, "/order/catalog", post=True) == (200, {"done": "order catalog"})
        asked = lower.asked()
        lower.answer(asked)
        lower.message("Response", catalogue(asked.field("SN"), 1, item()))
        lower.message("Notify", alarm(1, "2026-03-02T07:41:09", AlarmMethod="7", AlarmDescription="&lt;b>东门"))
        _, state = ask(control.port, "/state")
        assert [one["device"] for one in state["devices"]] == [GATEWAY]
        assert [one["id"] for one in state["catalogue"]] == [BUTTON]
        assert state["alarms"][0]["description"] == "<b>东门"
        assert state["alarms"][0]["stored"] is False
        assert state["alarms"][0]["delay_s"] > 0
        assert [one["rule"] for one in state["violations"]] == ["method-7"]
        assert [(one["kind"], one["status"], one["due"]) for one in state["exchanges"]] == [("catalog", 200, False)]
        page = ask(control.port, "/")[1]
        assert "&lt;b&gt;东门" in page
        assert "<b>东门" not in page


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/order/set-guard?target=34020000111345000001", 200),
        ("/order/dance", 400),
        ("/call/options", 200),
        ("/subscribe/Alarm?event=Alarm;id=7&seconds=60&StartAlarmPriority=1", 200),
        ("/refresh/Alarm?seconds=0", 400),
        ("/fault/drop-request?count=3&method=MESSAGE", 200),
        ("/fault/status?codes=500,503", 200),
        ("/fault/explode", 400),
        ("/fault/late?seconds=x", 400),
        ("/forget?catalogue=1", 200),
        ("/change-nonce", 200),
        ("/close-connections", 200),
        ("/segments?split=40", 200),
        ("/style?compact=1", 200),
        ("/charset?declared=GB2312&encoded=utf-8", 200),
        ("/charset", 400),
        ("/behave", 200),
        ("/redirect?id=34020000002000000002&host=127.0.0.1&port=5061", 200),
        ("/redirect?id=34020000002000000002", 400),
        ("/redirect", 200),
        ("/nonsense", 404),
    ],
)
def test_orders_by_http(county: CountyPlatform, control: Control, path: str, status: int) -> None:
    with Lower(county.port) as lower:
        lower.register()
        assert ask(control.port, path, post=True)[0] == status


def test_it_goes_away_by_http(county: CountyPlatform, control: Control) -> None:
    assert ask(control.port, "/go-away", post=True)[0] == 200
    assert ask(control.port, "/come-back", post=True)[0] == 200
    with Lower(county.port) as lower:
        assert lower.register().status == 200


def test_the_command_prints_alarms_as_they_come() -> None:
    started = [
        *(sys.executable, "-m", "simulators", "county-platform", "--listen", "127.0.0.1:0", "--device", GATEWAY),
        *("--fault", "status?codes=480&method=REGISTER", "--http", "0", "--viid", "0"),
    ]
    environment = {"ANXIN_COUNTY_PASSWORD": PASSWORD, "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(started, stdout=subprocess.PIPE, text=True, encoding="utf-8", env=environment) as county:
        assert county.stdout is not None
        port = int(re.search(r":(\d+)（", county.stdout.readline())[1])  # type: ignore[index]
        assert "http://127.0.0.1:" in county.stdout.readline()
        viid = Client(int(re.search(r":(\d+)/VIID", county.stdout.readline())[1]))  # type: ignore[index]
        assert viid.register() == 200
        assert county.stdout.readline() == f"视图库注册 {GATEWAY}\n"
        viid.connection.close()
        with Lower(port) as lower:
            assert lower.registering().status == 480
            assert lower.register().status == 200
            assert "设备注册" in county.stdout.readline()
            lower.message("Notify", alarm(1, "2026-03-02T07:41:09"))
            assert "报警 1 级" in county.stdout.readline()
            assert "alarm-channel" in county.stdout.readline()
        county.send_signal(signal.SIGTERM)
        assert county.stdout.read() == "违规 1 条\n"
    assert county.returncode == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--listen", "5060", "--device", GATEWAY, "--password", "x"), "127.0.0.1:5060"),
        (("--listen", "127.0.0.1:0", "--device", GATEWAY), "ANXIN_COUNTY_PASSWORD"),
        (("--listen", "127.0.0.1:0", "--password", "x"), "--device"),
        (("--listen", "127.0.0.1:0", "--device", GATEWAY, "--password", "x", "--fault", "explode"), "no fault"),
    ],
)
def test_what_the_command_refuses(options: tuple[str, ...], said: str) -> None:
    result = CliRunner().invoke(main, ["county-platform", *options])
    assert result.exit_code != 0
    assert said in result.output


@pytest.mark.skipif(shutil.which("sipp") is None, reason="sipp is not installed (Debian: sip-tester)")
@pytest.mark.parametrize("transport", ["u1", "t1"])
def test_sipp_registers_and_speaks(county: CountyPlatform, tmp_path: Path, transport: str) -> None:
    names = {"server": SERVER, "gateway": GATEWAY, "domain": DOMAIN}
    login = f"[authentication username={GATEWAY} password={PASSWORD}]\n"
    scenario = tmp_path / "scenario.xml"
    scenario.write_text(
        SIPP.format(
            **names,
            keepalive=keepalive(1),
            register=REGISTER.format(**names, number=1, more=""),
            again=REGISTER.format(**names, number=2, more=login),
        )
    )
    address = f"127.0.0.1:{county.port}"
    command = ["sipp", address, "-sf", str(scenario), "-m", "1", "-t", transport, "-i", "127.0.0.1", "-nostdin"]
    command += ["-auth_uri", f"{SERVER}@{address}", "-timeout", "10", "-recv_timeout", "5000"]
    done = subprocess.run(command, capture_output=True, timeout=20, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]
    assert county.registered[GATEWAY].keepalives == 1
    assert county.violations == []
