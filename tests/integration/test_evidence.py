"""Evidence, from a press to a bundle that proves itself, and what becomes of it when somebody helps it along."""

from __future__ import annotations

import hashlib
import io
import json
import re
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2 as httpx
import msgspec
import psycopg
import pytest

from gateway.evidence import acts, bundle, freeze
from gateway.evidence.check import check
from gateway.evidence.signing import signer_of
from gateway.evidence.verify import verify
from gateway.incidents.actor import Actor
from gateway.model.registry import Device
from gateway.model.scope import Scope
from gateway.sealing import Sealer
from gateway.store import changes, retention
from gateway.store import evidence as store
from gateway.store.pool import connect
from tests.reach import PICTURE
from tests.station import SEALER, Station, make_site, wait_for

ROOT = Path(__file__).parents[2]
SIGNER = signer_of(SEALER)
PROBLEM = "application/problem+json"
WANTED = {"recipient": "县局法制大队 2026-118", "reason": "校园报警案取证"}


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    site = make_site(doors=1)
    buttons = [Device(f"button-{n}", "school_button", "school-1", f"{n}号按钮") for n in (2, 3)]
    running = Station(tmp_path_factory.mktemp("town"), msgspec.structs.replace(site, devices=[*site.devices, *buttons]))
    try:
        yield running.start_all()
    finally:
        running.close()


def pressed(town: Station, device: str = "button-1") -> tuple[int, int]:
    """An alert by a real press, and its incident."""
    with town.publisher(device) as button:
        button.event(device, "alarm.pressed", data={"by": "门卫"})

    def found() -> tuple[int, int] | None:
        with town.api() as api:
            alerts = api.get("/alerts", params={"state": "open", "device": device}).json()["items"]
            whole = api.get(f"/alerts/{alerts[0]['id']}").json() if alerts else {"incidents": []}
            return (alerts[0]["id"], whole["incidents"][-1]) if whole["incidents"] else None

    return wait_for(found, "the incident")


def evidence_of(town: Station, incident: int, username: str = "operator") -> list[dict[str, Any]]:
    with town.api(username) as api:
        answer = api.get(f"/incidents/{incident}/evidence")
        assert answer.status_code == 200, answer.text
        return list(answer.json()["items"])


def bundle_of(town: Station, incident: int, **more: Any) -> bytes:
    with town.api("commander") as api:
        answer = api.post(f"/incidents/{incident}/evidence/bundle", json={**WANTED, **more}, timeout=60)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip"), answer.text
    assert answer.headers["cache-control"] == "private, no-store"
    return answer.content


def parts_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def lines(content: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in content.splitlines()]


def checked(town: Station) -> str | None:
    with connect(town.postgres.url, "test check") as connection:
        return check(connection, SEALER, SIGNER, town.id).wrong


@pytest.fixture(scope="module")
def case(town: Station) -> tuple[int, int]:
    """A press with a note and a picture, closed."""
    alert, incident = pressed(town)
    with town.api("officer") as officer:
        officer.post(f"/incidents/{incident}/sign", json={}).raise_for_status()
        officer.post(f"/incidents/{incident}/notes", json={"text": "校门口有人<b>持刀</b>"}).raise_for_status()
        officer.post(
            f"/incidents/{incident}/attachments", content=PICTURE, headers={"Content-Type": "image/png"}
        ).raise_for_status()
    with town.api() as api:
        api.post(f"/incidents/{incident}/close", json={"disposition": "real"}).raise_for_status()
    wait_for(lambda: {"sign", "note", "attached", "close"} <= kinds(town, incident), "everything to be frozen")
    return alert, incident


def kinds(town: Station, incident: int) -> set[str]:
    return {one["what"]["act"] for one in evidence_of(town, incident) if one["kind"] == "step"}


def bare(*command: str, where: Path) -> subprocess.CompletedProcess[str]:
    """Run something that knows of no station: no setting, no database, no home."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(where), "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, check=False, capture_output=True, text=True, env=environment, cwd=where)


# ── what is frozen ──────────────────────────────────────────────────────────────────────────────────────


def test_a_press_is_frozen_within_seconds_with_the_event_that_counted(town: Station, case: tuple[int, int]) -> None:
    alert, incident = case
    records = evidence_of(town, incident)
    assert [one["seq"] for one in records] == sorted(one["seq"] for one in records)
    raised = next(one for one in records if one["kind"] == "alert")
    assert (raised["alert"], raised["what"]["events"]) == (alert, 1)
    with town.api() as api:
        answer = api.get(f"/incidents/{incident}/evidence/{raised['seq']}/events.jsonl")
        (event,) = lines(answer.content)
        whole = api.get(f"/alerts/{alert}").json()
    assert (event["device"], event["kind"], event["data"]) == ("button-1", "alarm.pressed", {"by": "门卫"})
    assert whole["events"] == [f"button-1/{event['id']}"]
    (content,) = [one for one in raised["contents"] if one["name"] == "events.jsonl"]
    assert content["sha256"] == hashlib.sha256(answer.content).hexdigest()
    assert content["size"] == len(answer.content)


def test_each_event_is_frozen_once_however_often_the_alert_changes(town: Station, case: tuple[int, int]) -> None:
    _, incident = case
    records = [one for one in evidence_of(town, incident) if one["kind"] == "alert"]
    assert len(records) > 1, "acknowledged and ended too"
    assert sum(one["what"]["events"] for one in records) == 1
    steps = [one["what"]["step"] for one in evidence_of(town, incident) if one["kind"] == "step"]
    assert len(steps) == len(set(steps))


def test_what_people_wrote_and_photographed_is_frozen_sealed(town: Station, case: tuple[int, int]) -> None:
    _, incident = case
    attached = next(one for one in evidence_of(town, incident) if one["what"].get("act") == "attached")
    picture = next(one for one in attached["contents"] if one["media_type"] == "image/png")
    assert picture["sha256"] == hashlib.sha256(PICTURE).hexdigest()
    with town.api() as api:
        answer = api.get(f"/incidents/{incident}/evidence/{attached['seq']}/{picture['name']}")
    assert (answer.content, answer.headers["content-type"]) == (PICTURE, "image/png")
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    noted = next(one for one in evidence_of(town, incident) if one["what"].get("act") == "note")
    with town.api() as api:
        step = api.get(f"/incidents/{incident}/evidence/{noted['seq']}/step.json").json()
    assert step["note"] == "校门口有人<b>持刀</b>"
    stored = b"".join(bytes(row["sealed"] or b"") for row in town.rows("select sealed from evidence_content"))
    assert len(stored) > 1000
    assert not any(word.encode() in stored for word in ("持刀", "门卫", "alarm.pressed"))
    assert "持刀" not in str(town.rows("select record from evidence")), "a record tells hashes, not words"


@pytest.mark.usefixtures("case")
def test_the_chain_is_whole_and_its_tables_only_grow(town: Station) -> None:
    assert checked(town) is None
    for statement in (
        "update evidence set at = now()", "delete from evidence where seq = 1", "truncate evidence cascade",
        "update evidence_head set link = ''", "delete from evidence_head",
    ):  # fmt: skip
        with pytest.raises(psycopg.Error, match="append-only"):
            town.execute(statement)


def test_what_is_cut_off_is_done_again_from_there(town: Station, case: tuple[int, int]) -> None:
    _, incident = case
    before = evidence_of(town, incident)
    cursor = town.one("select change_id from evidence_cursor")
    with connect(town.postgres.url, "test rollback") as connection:
        freeze.catch_up(connection, SEALER, town.id, datetime.now(UTC))
        connection.rollback()
    with connect(town.postgres.url, "test again") as connection:
        assert freeze.catch_up(connection, SEALER, town.id, datetime.now(UTC)).changes == 0
    assert evidence_of(town, incident) == before
    assert town.one("select change_id from evidence_cursor") >= cursor
    assert checked(town) is None


def test_a_gateway_that_is_killed_again_and_again_freezes_everything_once(town: Station) -> None:
    sent: set[str] = set()
    for turn in range(4):
        with town.publisher("button-2") as button:
            for n in range(5):
                sent.add("button-2/" + button.event("button-2", "alarm.pressed", data={"n": turn * 5 + n}))
        time.sleep(0.2 + 0.3 * turn)
        town.kill("gateway")
        town.start_gateway()
    wait_for(lambda: town.one("select count(*) from event where device_id = 'button-2'") >= len(sent), "every press")

    def frozen() -> list[str]:
        rows = town.rows("select reference from evidence_event where reference like 'button-2/%%'")
        return [row["reference"] for row in rows]

    wait_for(lambda: set(frozen()) >= sent, "every press to be frozen", 40)
    assert len(frozen()) == len(set(frozen()))
    assert checked(town) is None
    assert town.one("select count(*) from evidence where kind in ('gap', 'unfrozen')") == 0


# ── what leaves the house ───────────────────────────────────────────────────────────────────────────────


def test_a_bundle_proves_itself_without_the_system(town: Station, case: tuple[int, int], tmp_path: Path) -> None:
    _, incident = case
    content = bundle_of(town, incident, valid_days=7)
    report = verify(content, SIGNER.fingerprint)
    assert report.is_whole, report.findings
    told = report.manifest
    assert (told["incident"], told["recipient"], told["reason"]) == (incident, WANTED["recipient"], WANTED["reason"])
    until = datetime.fromisoformat(told["valid_until"]) - datetime.fromisoformat(told["at"])
    assert (told["by"], until) == ("commander", timedelta(days=7))
    file = tmp_path / f"{told['bundle']}.zip"
    file.write_bytes(content)
    command = [sys.executable, "-m", "gateway.cli", "evidence", "verify", str(file), "--json"]
    done = bare(*command, "--key", SIGNER.fingerprint, where=tmp_path)
    assert (done.returncode, json.loads(done.stdout)["whole"]) == (0, True), done.stderr
    flipped = bytearray(content)
    flipped[len(flipped) // 2] ^= 4
    file.write_bytes(flipped)
    done = bare(*command, where=tmp_path)
    assert (done.returncode, json.loads(done.stdout)["whole"]) == (1, False)


def test_what_is_in_a_bundle(town: Station, case: tuple[int, int]) -> None:
    _, incident = case
    parts = parts_of(bundle_of(town, incident))
    assert {"manifest.json", "chain.jsonl", "heads.jsonl", "incident.json", "timeline.jsonl", "audit.jsonl",
            "report.html", "README.txt", "signer.pem"} <= set(parts)  # fmt: skip
    assert PICTURE in parts.values()
    assert [line["act"] for line in lines(parts["timeline.jsonl"])][-1] == "close"
    assert {"incident.sign", "evidence.listed"} <= {line["act"] for line in lines(parts["audit.jsonl"])}
    report = parts["report.html"].decode()
    assert report.count(WANTED["recipient"]) > 10, "the watermark"
    assert "持刀" in report
    assert "<b>" not in report, "what somebody wrote is text"
    assert SIGNER.fingerprint in parts["README.txt"].decode()
    shown = [line for line in lines(parts["chain.jsonl"]) if "record" in line]
    assert {json.loads(line["record"])["incident"] for line in shown} <= {incident, None}


def test_others_records_are_proved_without_being_shown(town: Station, case: tuple[int, int]) -> None:
    _, incident = case
    _, other = pressed(town, "button-2")
    with town.api("officer") as officer:
        officer.post(f"/incidents/{incident}/notes", json={"text": "补充说明"}).raise_for_status()
        officer.post(f"/incidents/{other}/sign", json={}).raise_for_status()
    wait_for(lambda: "sign" in kinds(town, other), "the other one's record")
    with town.api("officer") as officer:
        officer.post(f"/incidents/{incident}/notes", json={"text": "再补充"}).raise_for_status()
    content = bundle_of(town, incident)
    assert verify(content).is_whole
    chained = lines(parts_of(content)["chain.jsonl"])
    hidden = [line for line in chained if "record" not in line]
    assert hidden
    assert all(set(line) == {"seq", "digest"} for line in hidden)
    assert f'"incident":{other}' not in parts_of(content)["chain.jsonl"].decode().replace(" ", "")
    with town.api() as api:
        api.post(f"/incidents/{other}/close", json={"disposition": "real"}).raise_for_status()


def test_openssl_and_coreutils_verify_it_as_its_readme_says(
    town: Station, case: tuple[int, int], tmp_path: Path
) -> None:
    parts = parts_of(bundle_of(town, case[1]))
    for name, part in parts.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(part)
    script = [line.strip() for line in parts["README.txt"].decode().splitlines() if re.match(r" {7}\S", line)]
    done = bare("bash", "-ec", "\n".join(script), where=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Verified Successfully" in done.stdout
    sm3 = bare("openssl", "dgst", "-sm3", "chain.jsonl", where=tmp_path)
    (listed,) = [one for one in json.loads(parts["manifest.json"])["files"] if one["path"] == "chain.jsonl"]
    assert sm3.stdout.split()[-1] == listed["sm3"]


def test_who_took_it_for_whom_and_why_stands_in_trail_and_chain(town: Station, case: tuple[int, int]) -> None:
    _, incident = case
    content = bundle_of(town, incident)
    name = verify(content).manifest["bundle"]
    with town.api("auditor") as auditor:
        line = next(one for one in auditor.get("/audit").json()["items"] if one["act"] == "evidence.export")
    assert (line["username"], line["object"], line["detail"]["bundle"]) == ("commander", f"incident/{incident}", name)
    assert line["detail"]["reason"] == WANTED["reason"]
    assert line["detail"]["sha256"] == hashlib.sha256(content).hexdigest()
    told = next(one for one in reversed(evidence_of(town, incident)) if one["kind"] == "export")
    assert told["what"]["sha256"] == hashlib.sha256(content).hexdigest()
    assert checked(town) is None


@pytest.mark.parametrize("username", ["officer", "auditor", "admin"])
def test_who_may_not_look_may_not(town: Station, case: tuple[int, int], username: str) -> None:
    with town.api(username) as api:
        for path in ("", "/1/alert.json"):
            answer = api.get(f"/incidents/{case[1]}/evidence{path}")
            assert (answer.status_code, answer.headers["content-type"]) == (403, PROBLEM)


@pytest.mark.parametrize(
    ("wanted", "status"),
    [({"reason": "ok"}, 422), ({"recipient": " "}, 422), ({"valid_days": 0}, 422), ({"valid_days": 400}, 422)],
)
def test_a_bundle_is_for_somebody_for_a_reason_for_a_time(
    town: Station, case: tuple[int, int], wanted: dict[str, Any], status: int
) -> None:
    with town.api("commander") as api:
        answer = api.post(f"/incidents/{case[1]}/evidence/bundle", json={**WANTED, **wanted})
        assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM)
    with town.api() as operator:
        assert operator.post(f"/incidents/{case[1]}/evidence/bundle", json=WANTED).status_code == 403


def test_looks_are_audited(town: Station, case: tuple[int, int]) -> None:
    _, incident = case
    first = evidence_of(town, incident)[0]
    with town.api() as api:
        api.get(f"/incidents/{incident}/evidence/{first['seq']}/{first['contents'][0]['name']}").raise_for_status()
        assert api.get(f"/incidents/{incident}/evidence/{first['seq']}/none.json").status_code == 404
    with town.api("auditor") as auditor:
        items = auditor.get("/audit").json()["items"]
    seen = next(one for one in items if one["act"] == "evidence.seen")
    assert (seen["object"], seen["detail"]["record"]) == (f"incident/{incident}", first["seq"])


# ── somebody helps it along ─────────────────────────────────────────────────────────────────────────────


#: What the owner of the database might do to record {n}, and what is found of it.
TAMPERING = {
    "a word": (
        """update evidence set record = replace(record, '"kind":"step"', '"kind":"stop"') where seq = {n}""",
        "record {n} is not the one",
    ),
    "a time": (
        "update evidence set record = regexp_replace(record, '(\"at\":\"....)', '\\19') where seq = {n}",
        "record {n} is not the one",
    ),
    "a row": (
        "delete from evidence_content where seq = {n}; delete from evidence where seq = {n}",
        "record {n} is missing",
    ),
    "the end": (
        "delete from evidence_content where seq >= {n}; delete from evidence where seq >= {n}",
        "were signed, and there are",
    ),
    "a content": ("delete from evidence_content where seq = {n}", "of record {n} is missing"),
    "another content": (
        """update evidence_content c set sealed = (select sealed from evidence_content o where o.seq <> {n}
        and o.sealed is not null limit 1) where seq = {n} and sealed is not null""",
        "of record {n} cannot be opened",
    ),
    "gone": (
        "update evidence_content set sealed = null, gone_at = now(), gone_seq = 1 where seq = {n}",
        "of record {n} is missing, and record 1 does not say that it went",
    ),
    "a signature": (
        "update evidence_head set signature = repeat('0', 128) where seq = (select min(seq) from evidence_head)",
        "is not signed by",
    ),
}


@pytest.mark.parametrize(("statement", "found"), TAMPERING.values(), ids=TAMPERING)
def test_whoever_owns_the_database_is_found_out(
    town: Station, case: tuple[int, int], statement: str, found: str
) -> None:
    n = next(one["seq"] for one in evidence_of(town, case[1]) if one["kind"] == "step")
    bundle_of(town, case[1])  # a head over all there is
    with psycopg.connect(town.postgres.url) as connection:
        connection.execute("set local session_replication_role = replica")  # no trigger, no foreign key
        for one in statement.format(n=n).split(";"):
            assert connection.execute(one.encode()).rowcount > 0
        wrong = check(connection, SEALER, SIGNER, town.id).wrong
        connection.rollback()
    assert wrong is not None
    assert found.format(n=n) in wrong
    assert checked(town) is None


def test_changes_nobody_froze_are_said_wherever_they_are_missing(town: Station) -> None:
    with psycopg.connect(town.postgres.url) as connection:
        connection.execute("update evidence_cursor set change_id = change_id - 4")
        connection.execute(
            "delete from change where id in (select change_id + n from evidence_cursor, (values (1), (3)) v (n))"
        )
        freeze.catch_up(connection, SEALER, town.id, datetime.now(UTC))
        gaps = connection.execute("select record from evidence where kind = 'gap' order by seq").fetchall()
        connection.rollback()
    whats = [json.loads(record)["what"] for (record,) in gaps]
    assert [what["before"] - what["after"] for what in whats] == [2, 2]


def test_what_is_not_frozen_yet_is_not_forgotten(town: Station) -> None:
    with psycopg.connect(town.postgres.url) as connection:
        connection.execute("update evidence_cursor set change_id = change_id - 1")
        (waits,) = connection.execute("select change_id + 1 from evidence_cursor").fetchone() or (0,)
        changes.forget(connection, town.id, datetime.now(UTC) + timedelta(days=30))
        left = {row[0] for row in connection.execute("select id from change")}
        connection.rollback()
    assert waits in left


@pytest.mark.usefixtures("case")
def test_one_change_that_cannot_be_frozen_holds_up_none_behind_it(town: Station) -> None:
    put = (
        "insert into change (station_id, id, at, kind, body)"
        " select %s, coalesce(max(id), 0) + 1, now(), 'alert', %s from change"
    )
    with psycopg.connect(town.postgres.url) as connection:
        body = connection.execute("select body from change where kind = 'alert' order by id desc limit 1").fetchone()
        for told in ({"id": "no number"}, body[0] if body else {}):
            connection.execute(put, (town.id, json.dumps(told)))
        assert freeze.catch_up(connection, SEALER, town.id, datetime.now(UTC)).changes == 2
        found = connection.execute("select kind, record from evidence order by seq desc limit 2").fetchall()
        wrong = check(connection, SEALER, SIGNER, town.id).wrong
        connection.rollback()
    (last, _), (before, record) = found
    assert (last, before, json.loads(record)["what"]["error"]) == ("alert", "unfrozen", "ValueError")
    assert wrong is None


def test_whoever_waited_for_their_turn_turns_no_time_back(town: Station, case: tuple[int, int]) -> None:
    _, incident = case
    early = datetime.now(UTC) - timedelta(minutes=5)
    with town.api("officer") as officer:
        officer.post(f"/incidents/{incident}/notes", json={"text": "时钟"}).raise_for_status()
    with connect(town.postgres.url, "test early") as connection:
        freeze.catch_up(connection, SEALER, town.id, early)
        freeze.Chain(connection, SEALER, town.id, early).append("step", {"step": 0}, [], incident=incident)
    assert checked(town) is None
    assert verify(bundle_of(town, incident)).is_whole


def test_a_content_that_cannot_be_opened_keeps_nothing_else_back(town: Station, case: tuple[int, int]) -> None:
    _, incident = case
    attached = next(one for one in evidence_of(town, incident) if one["what"].get("act") == "attached")
    kept = town.one("select content from attachment where incident_id = %s", incident)
    town.execute("update attachment set content = '' where incident_id = %s", incident)
    try:
        report = verify(bundle_of(town, incident))
    finally:
        town.execute("update attachment set content = %s where incident_id = %s", kept, incident)
    assert report.is_whole
    assert report.manifest["unreadable"][0]["seq"] == attached["seq"]
    assert "1 the station could not open" in report.findings[-1].where


def test_another_key_signs_for_itself(town: Station, case: tuple[int, int]) -> None:
    other = Sealer(b"another data key, of 32 bytes ..")
    signer, now = signer_of(other), datetime.now(UTC)
    with connect(town.postgres.url, "test key") as connection:
        acts.sign_tail(connection, SIGNER, town.id, now)
        head = acts.sign_tail(connection, signer, town.id, now)
        assert head is not None
        assert acts.sign_tail(connection, signer, town.id, now) is None, "it is kept"
        commander = Actor("commander", "commander", Scope(town.id), now)
        gathered = acts.gather(connection, SEALER, signer, commander, case[1], acts.Wanted(**WANTED))
        taken = acts.packed(gathered, SEALER, signer)
        connection.rollback()
    assert verify(taken.content, signer.fingerprint).is_whole


# ── what time does ──────────────────────────────────────────────────────────────────────────────────────


def test_it_goes_with_its_case_and_that_it_went_is_a_record(town: Station) -> None:
    alert, incident = pressed(town, "button-3")
    with town.api() as api:
        api.post(f"/incidents/{incident}/close", json={"disposition": "real"}).raise_for_status()
        api.post(f"/alerts/{alert}/reset", json={})
    wait_for(lambda: "close" in kinds(town, incident), "the close")
    own = [one["seq"] for one in evidence_of(town, incident)]
    with town.api("commander") as commander:
        assert commander.post(f"/incidents/{incident}/hold", json={"reason": "案件涉诉"}).json()["held"] is True
        assert commander.get(f"/incidents/{incident}/evidence").json()["held"] is True
    later = datetime.now(UTC) + timedelta(days=400)
    long_ago = later - timedelta(days=200)

    def retire() -> int:
        with connect(town.postgres.url, "test retire") as connection:
            return retention.retire_incidents(connection, town.id, long_ago, long_ago, later)

    retire()
    assert evidence_of(town, incident), "it is held"
    with town.api("commander") as commander:
        assert commander.request("DELETE", f"/incidents/{incident}/hold").json()["held"] is False
    assert retire() >= 1
    left = town.rows("select sealed, attachment_id, gone_at from evidence_content where seq = any (%s)", own)
    assert left
    assert all(row["sealed"] is None and row["gone_at"] is not None for row in left)
    with connect(town.postgres.url, "test gone") as connection:
        freeze.catch_up(connection, SEALER, town.id, datetime.now(UTC))
    record = json.loads(town.one("select record from evidence where kind = 'gone' order by seq desc limit 1"))
    assert record["what"]["count"] >= len(left)
    assert town.one("select count(*) from evidence_content where gone_at is not null and gone_seq is null") == 0
    assert checked(town) is None, "what went is said, and the chain stands"


def test_what_was_merged_into_a_case_is_part_of_it(town: Station) -> None:
    with town.api() as api:
        one, other = (
            api.post("/incidents", json={"category": "order", "place": "school-1", "title": title}).json()["id"]
            for title in ("先报的", "后报的")
        )
        api.post(f"/incidents/{one}/notes", json={"text": "证人证言"}).raise_for_status()
        api.post(f"/incidents/{one}/merge", json={"into": other}).raise_for_status()
        api.post(f"/incidents/{other}/close", json={"disposition": "real"}).raise_for_status()
    wait_for(lambda: "close" in kinds(town, other), "the close")
    assert "note" in kinds(town, other), "its records are those of the case it was merged into"
    content = bundle_of(town, other)
    assert verify(content).is_whole
    assert any("证人证言".encode() in part for name, part in parts_of(content).items() if name.startswith("frozen/"))
    later = datetime.now(UTC) + timedelta(days=400)
    with town.api("commander") as commander:
        commander.post(f"/incidents/{other}/hold", json={"reason": "案件涉诉"}).raise_for_status()
    long_ago = later - timedelta(days=200)
    with connect(town.postgres.url, "test retire") as connection:
        retention.retire_incidents(connection, town.id, long_ago, long_ago, later)
    assert {row["id"] for row in town.rows("select id from incident")} >= {one, other}
    with town.api("commander") as commander:
        commander.request("DELETE", f"/incidents/{other}/hold").raise_for_status()


def test_only_what_a_record_says_of_is_said_to_have_gone(town: Station, case: tuple[int, int]) -> None:
    one, other = [one for one in evidence_of(town, case[1]) if one["kind"] == "step"][:2]
    with psycopg.connect(town.postgres.url) as connection:
        gone = [{"seq": one["seq"], "name": "step.json"}]
        connection.execute(
            "update evidence_content set gone_at = now() where seq in (%s, %s)", (one["seq"], other["seq"])
        )
        store.say_gone(connection, town.id, gone, 1)
        said = connection.execute(
            "select seq from evidence_content where gone_seq is not null and gone_seq = 1"
        ).fetchall()
        connection.rollback()
    assert said == [(one["seq"],)], "another one that went meanwhile waits for a record of its own"


def test_heads_are_signed_when_something_has_come(town: Station) -> None:
    with connect(town.postgres.url, "test head") as connection:
        now = datetime.now(UTC)
        acts.sign_tail(connection, SIGNER, town.id, now)
        assert acts.sign_tail(connection, SIGNER, town.id, now) is None, "nothing has come since"
    with town.api() as api:
        told = api.get("/evidence/head").json()
    assert (told["fingerprint"], told["head"]["seq"]) == (SIGNER.fingerprint, told["records"])
    assert told["public_key"].encode() == SIGNER.public
    assert bundle.KEY == "signer.pem"


def test_an_answer_is_a_file_or_a_problem(town: Station) -> None:
    with town.api("commander") as api:
        answer = api.post("/incidents/999999/evidence/bundle", json=WANTED)
    assert isinstance(answer, httpx.Response)
    assert (answer.status_code, answer.headers["content-type"]) == (404, PROBLEM)
