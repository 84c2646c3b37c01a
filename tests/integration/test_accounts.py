"""Accounts: second factors, lock-out by digits, sessions that end, what the admin may do and to whom."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import httpx2 as httpx
import msgspec
import pyotp
import pytest

from gateway.accounts import acts
from gateway.accounts.second_factor import STEP_S
from gateway.incidents.acts import Actor
from gateway.model.errors import Conflict
from gateway.model.scope import Scope
from gateway.registering.site import SiteUser
from gateway.store.pool import connect
from tests.station import PASSWORD, Station, make_site

PROBLEM = "application/problem+json"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """A station whose admins and commanders need a second factor. Nothing but the API runs."""
    site = make_site(doors=1)
    people = [SiteUser(f"chief-{n}", f"指挥长{n}", "commander") for n in range(6)]
    people += [SiteUser(f"clerk-{n}", f"值班员{n}", "operator") for n in range(6)]
    people += [
        SiteUser("second-admin", "副管理员", "admin"),
        SiteUser("grid-admin", "片区管理员", "admin", areas=["grid-1"]),
    ]
    site = msgspec.structs.replace(site, users=[*site.users, *people])
    running = Station(tmp_path_factory.mktemp("town"), site)
    running.settings["ANXIN_TOTP_REQUIRED"] = "true"
    try:
        yield running.start_stores().start_api()
    finally:
        running.close()


def refused(answer: httpx.Response, status: int, reason: str | None = None) -> str:
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM), answer.text
    if reason is not None:
        assert answer.json()["type"] == f"urn:anxin:problem:{reason}"
    return str(answer.json()["detail"])


def log_in(town: Station, username: str, password: str = PASSWORD, otp: str | None = None) -> httpx.Response:
    body = {"username": username, "password": password, **({"otp": otp} if otp is not None else {})}
    return httpx.post(f"{town.url}/api/v1/auth/login", json=body)


def fresh_digits(town: Station, username: str, secret: str) -> str:
    """Digits of a step that was not used yet; a little time passes by taking the used ones back."""
    town.execute("update user_account set totp_last_step = 0 where username = %s", username)
    return pyotp.TOTP(secret).now()


def enrolled(town: Station, username: str) -> tuple[str, list[str]]:
    """Enrol and confirm; returns the secret and the recovery codes."""
    with town.api(username) as api:
        offered = api.post("/auth/totp/enrol", json={"password": PASSWORD})
        assert offered.status_code == 201, offered.text
        secret = offered.json()["secret"]
        assert offered.json()["uri"].startswith(f"otpauth://totp/Anxin%20{town.id}:{username}?secret={secret}")
        confirmed = api.post("/auth/totp/confirm", json={"otp": pyotp.TOTP(secret).now()})
        assert confirmed.status_code == 200, confirmed.text
        return secret, confirmed.json()["recovery_codes"]


@contextmanager
def acting(town: Station, username: str, secret: str) -> Iterator[httpx.Client]:
    answer = log_in(town, username, otp=fresh_digits(town, username, secret))
    assert answer.status_code == 200, answer.text
    with httpx.Client(base_url=f"{town.url}/api/v1", timeout=15) as client:
        client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        yield client


@pytest.fixture(scope="module")
def admin(town: Station) -> str:
    """The admin's secret."""
    return enrolled(town, "admin")[0]


# ── the second factor ────────────────────────────────────────────────────────────────────────────────────────────────


def test_without_a_second_factor_an_admin_or_commander_can_only_enrol(town: Station) -> None:
    with town.api("chief-0") as api:
        assert "anxin user totp chief-0" in refused(api.get("/alerts"), 403, "totp_required")
        refused(api.get("/stream"), 403, "totp_required")
        refused(api.post("/ingest", json={"device": "door-0", "kind": "door.opened"}), 403, "totp_required")
        me = api.get("/me").json()
        assert me["totp"] == {"enrolled": False, "must_enrol": True}
        refused(api.post("/auth/totp/enrol", json={"password": "guess"}), 403, "password")
        refused(api.post("/auth/totp/confirm", json={"otp": "123456"}), 409)
    secret, codes = enrolled(town, "chief-0")
    assert len(set(codes)) == 10
    with acting(town, "chief-0", secret) as api:
        assert api.get("/alerts").status_code == 200
        refused(api.post("/auth/totp/enrol", json={"password": PASSWORD}), 409)


def test_an_operator_needs_none_and_may_have_one(town: Station) -> None:
    with town.api("clerk-0") as api:
        assert api.get("/alerts").status_code == 200
    secret, _ = enrolled(town, "clerk-0")
    refused(log_in(town, "clerk-0"), 401, "otp_required")
    assert log_in(town, "clerk-0", otp=fresh_digits(town, "clerk-0", secret)).status_code == 200


def test_confirming_ends_sessions_of_one_factor(town: Station) -> None:
    with town.api("chief-1") as before:
        enrolled(town, "chief-1")
        refused(before.get("/me"), 401)


def test_the_same_digits_are_good_once(town: Station) -> None:
    secret, _ = enrolled(town, "chief-2")
    digits = fresh_digits(town, "chief-2", secret)
    assert log_in(town, "chief-2", otp=digits).status_code == 200
    refused(log_in(town, "chief-2", otp=digits), 401, "otp_wrong")
    earlier = pyotp.TOTP(secret).at(0, counter_offset=_step(digits, secret) - 1)
    refused(log_in(town, "chief-2", otp=earlier), 401, "otp_wrong")


def _step(digits: str, secret: str) -> int:
    import time  # noqa: PLC0415

    totp = pyotp.TOTP(secret)
    now = int(time.time()) // STEP_S
    return next(step for step in range(now - 3, now + 2) if totp.generate_otp(step) == digits)


def test_wrong_digits_lock_the_account_as_wrong_passwords_do(town: Station) -> None:
    secret, codes = enrolled(town, "chief-3")
    for _ in range(5):
        refused(log_in(town, "chief-3", otp="000000"), 401, "otp_wrong")
    assert "locked" in refused(log_in(town, "chief-3", otp=fresh_digits(town, "chief-3", secret)), 403)
    assert "locked" in refused(log_in(town, "chief-3", otp=codes[0]), 403)


def test_a_recovery_code_is_good_once_and_kept_as_a_hash(town: Station) -> None:
    _, codes = enrolled(town, "chief-4")
    assert log_in(town, "chief-4", otp=codes[0].upper()).status_code == 200
    refused(log_in(town, "chief-4", otp=codes[0]), 401, "otp_wrong")
    assert log_in(town, "chief-4", otp=codes[1]).status_code == 200
    kept = str(town.rows("select * from recovery_code"))
    assert not any(code in kept or code.replace("-", "") in kept for code in codes)


def test_the_secret_is_sealed(town: Station) -> None:
    secret, _ = enrolled(town, "clerk-1")
    sealed = bytes(town.one("select totp_sealed from user_account where username = 'clerk-1'"))
    assert secret.encode() not in sealed


def test_a_lost_phone_is_taken_away_by_an_admin(town: Station, admin: str) -> None:
    secret, _ = enrolled(town, "chief-5")
    with acting(town, "chief-5", secret) as chief, acting(town, "admin", admin) as api:
        assert api.delete("/users/chief-5/totp").status_code == 204
        refused(api.delete("/users/chief-5/totp"), 404)
        refused(api.delete("/users/admin/totp"), 403)
        refused(chief.get("/me"), 401)
    with town.api("chief-5") as api:
        assert api.get("/me").json()["totp"] == {"enrolled": False, "must_enrol": True}


# ── passwords and sessions ───────────────────────────────────────────────────────────────────────────────────────────


def test_one_changes_ones_own_password_and_other_sessions_end(town: Station) -> None:
    with town.api("clerk-2") as here, town.api("clerk-2") as elsewhere:
        for new in ("short", "clerk-2-clerk-2", "aaaaaaaaaaaa", PASSWORD):
            refused(here.post("/me/password", json={"old": PASSWORD, "new": new}), 422, "password")
        refused(here.post("/me/password", json={"old": "guess", "new": "another good one"}), 403, "password")
        assert here.post("/me/password", json={"old": PASSWORD, "new": "another good one"}).status_code == 204
        assert here.get("/me").status_code == 200
        refused(elsewhere.get("/me"), 401)
    refused(log_in(town, "clerk-2"), 401)
    assert log_in(town, "clerk-2", "another good one").status_code == 200


def test_ones_own_sessions_are_listed_and_ended_and_nobody_elses(town: Station) -> None:
    with town.api("clerk-3") as here, town.api("clerk-3") as lost, town.api("clerk-4") as other:
        items = here.get("/me/sessions").json()["items"]
        assert sorted(one["this"] for one in items) == [False, True]
        assert "token" not in str(items)
        (theirs,) = other.get("/me/sessions").json()["items"]
        refused(here.delete(f"/me/sessions/{theirs['id']}"), 404)
        (gone,) = [one["id"] for one in items if not one["this"]]
        assert here.delete(f"/me/sessions/{gone}").status_code == 204
        refused(lost.get("/me"), 401)
        assert other.get("/me").status_code == 200


def test_an_officers_phone_stays_logged_in_for_days_and_nobody_elses(town: Station) -> None:
    def logged_in(username: str) -> tuple[httpx.Response, str]:
        answer = httpx.post(
            f"{town.url}/api/v1/auth/login", json={"username": username, "password": PASSWORD, "phone": True}
        )
        assert answer.status_code == 200, answer.text
        return answer, hashlib.sha256(answer.json()["token"].encode()).hexdigest()

    def asks(answer: httpx.Response, token: str, *, unused: str = "0 s", old: str = "0 s") -> int:
        town.execute(
            "update user_session set used_at = now() - %s::interval, created_at = now() - %s::interval "
            "where token_sha256 = %s",
            unused, old, token,
        )  # fmt: skip
        told = httpx.get(
            f"{town.url}/api/v1/me/sessions", headers={"Authorization": f"Bearer {answer.json()['token']}"}
        )
        if told.status_code == 200:
            assert next(one["phone"] for one in told.json()["items"] if one["this"]) is answer.json()["phone"]
        return told.status_code

    officer, token = logged_in("officer")
    assert "Max-Age=2592000" in officer.headers["set-cookie"], "the phone ends its browser at will"
    assert asks(officer, token, unused="71 hours", old="29 days") == 200
    assert asks(officer, token, unused="73 hours", old="29 days") == 401
    officer, token = logged_in("officer")
    assert asks(officer, token, unused="1 hour", old="31 days") == 401
    clerk, token = logged_in("clerk-5")
    assert clerk.json()["phone"] is False
    assert "Max-Age" not in clerk.headers["set-cookie"]
    assert asks(clerk, token, unused="61 minutes", old="61 minutes") == 401


def test_a_page_acts_for_nobody_who_is_not_in_any_more(town: Station) -> None:
    with town.api("operator") as api:
        assert api.get("/alerts", headers={"X-Anxin-User": "operator"}).status_code == 200
        told = api.get("/alerts", headers={"X-Anxin-User": quote("值班员")})
        assert refused(told, 401, "other_user") == "the session is operator's, not 值班员's; log in again"
        refused(api.post("/auth/logout", headers={"X-Anxin-User": "officer"}), 401, "other_user")
        assert api.get("/me").status_code == 200, "the session goes on for whoever has it"


def test_a_session_ends_after_a_day_however_busy(town: Station) -> None:
    with town.api("clerk-5") as api:
        age = "update user_session set created_at = now() - interval '{} hours' where username = 'clerk-5'"
        town.execute(age.format("23.9"))
        assert api.get("/me").status_code == 200
        town.execute(age.format("24.1"))
        assert "24 hours" in refused(api.get("/me"), 401)
        town.execute(age.format("1"))
        refused(api.get("/me"), 401)


# ── what the admin does ──────────────────────────────────────────────────────────────────────────────────────────────


def test_an_account_is_made_changed_and_disabled(town: Station, admin: str) -> None:
    with acting(town, "admin", admin) as api:
        made = api.post(
            "/users",
            json={
                "username": "new-one",
                "name": "新同事",
                "role": "officer",
                "areas": ["grid-1"],
                "password": "a first one!",
            },
        )
        assert made.status_code == 201, made.text
        assert made.json() == {
            "username": "new-one", "name": "新同事", "role": "officer", "areas": ["grid-1"], "auxiliary": False,
            "disabled": False, "locked_until": None, "has_password": True, "totp": False,
        }  # fmt: skip
        assert made.json() in api.get("/accounts").json()["items"]
        refused(api.post("/users", json={"username": "new-one", "name": "x", "role": "officer"}), 409)
        new = log_in(town, "new-one", "a first one!").json()["token"]
        headers = {"Authorization": f"Bearer {new}"}
        changed = api.patch("/users/new-one", json={"role": "operator", "areas": None})
        assert (changed.json()["role"], changed.json()["areas"], changed.json()["name"]) == ("operator", None, "新同事")
        assert httpx.get(f"{town.url}/api/v1/me", headers=headers).status_code == 401, "what they could do has ended"
        assert api.patch("/users/new-one", json={"disabled": True}).json()["disabled"] is True
        refused(log_in(town, "new-one", "a first one!"), 401)
        assert api.patch("/users/new-one", json={"disabled": False}).json()["disabled"] is False
        assert api.post("/users/new-one/password", json={"password": "a second one!"}).status_code == 204
        assert log_in(town, "new-one", "a second one!").status_code == 200
    trail = town.rows("select act from audit where object = 'user/new-one' order by id")
    assert [row["act"] for row in trail] == ["user.add", *["user.change"] * 3, "user.password"]
    assert "a second one!" not in str(town.rows("select * from audit"))


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/users", {"username": "x y", "name": "x", "role": "officer"}, 422),
        ("POST", "/users", {"username": "xy", "name": "x", "role": "king"}, 422),
        ("POST", "/users", {"username": "xy", "name": "x", "role": "officer", "areas": ["nowhere"]}, 422),
        ("POST", "/users", {"username": "xy", "name": "x", "role": "officer", "password": "short"}, 422),
        ("PATCH", "/users/nobody", {"disabled": True}, 404), ("PATCH", "/users/admin", {"role": "commander"}, 403),
        ("PATCH", "/users/officer", {"role": None}, 422), ("PATCH", "/users/officer", {"areas": ["nowhere"]}, 422),
        ("POST", "/users/officer/password", {"password": "officer-officer"}, 422),
        ("POST", "/users/admin/password", {"password": "a good password"}, 403),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(
    town: Station, admin: str, method: str, path: str, body: dict[str, Any], status: int
) -> None:
    with acting(town, "admin", admin) as api:
        refused(api.request(method, path, json=body), status)


def test_an_admin_of_some_areas_looks_after_no_accounts(town: Station) -> None:
    secret, _ = enrolled(town, "grid-admin")
    with acting(town, "grid-admin", secret) as api:
        refused(api.get("/accounts"), 403)
        refused(api.patch("/users/officer", json={"disabled": True}), 403)


def test_the_last_admin_stays(town: Station, admin: str) -> None:
    with acting(town, "admin", admin) as api:
        assert api.patch("/users/second-admin", json={"disabled": True}).status_code == 200
        assert api.patch("/users/grid-admin", json={"disabled": True}).status_code == 200
    at_the_server = Actor("_command_line", "admin", Scope(town.id), datetime.now(UTC))
    for patch in ({"disabled": True}, {"role": "operator"}):
        with connect(town.postgres.url, "test") as connection, pytest.raises(Conflict, match="last admin"):
            acts.change(connection, at_the_server, "admin", patch)
    with connect(town.postgres.url, "test") as connection:
        acts.change(connection, at_the_server, "second-admin", {"disabled": False})
        assert acts.change(connection, at_the_server, "admin", {"name": "老管理员"}).name == "老管理员"


# ── from the server's own command line ───────────────────────────────────────────────────────────────────────────────


def anxin(town: Station, *arguments: str, said: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gateway.cli", "user", *arguments], env=town.environment(), input=said,
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_accounts_from_the_command_line(town: Station) -> None:
    told = ("by-hand", "--name", "手建", "--role", "commander", "--area", "grid-1", "--password", "made by hand")
    made = anxin(town, "add", *told)
    assert made.returncode == 0, made.stderr
    assert anxin(town, "add", *told).returncode == 2, "the name is taken"
    assert log_in(town, "by-hand", "made by hand").status_code == 200
    assert anxin(town, "disable", "by-hand").returncode == 0
    refused(log_in(town, "by-hand", "made by hand"), 401)
    assert anxin(town, "disable", "by-hand", "--again").returncode == 0
    short = anxin(town, "password", "by-hand", "--password", "short")
    assert (short.returncode, "10 to 256 characters" in short.stderr) == (2, True)
    assert anxin(town, "password", "by-hand", "--password", "made by hand again").returncode == 0
    unknown = anxin(town, "password", "nobody", "--password", "made by hand again")
    assert (unknown.returncode, "no user 'nobody'" in unknown.stderr) == (2, True)


def test_a_second_factor_from_the_command_line(town: Station) -> None:
    # Nobody types digits they have not seen: wrong ones leave everything as it was, and the secret is offered again.
    wrong = anxin(town, "totp", "commander", said="000000\n")
    assert (wrong.returncode, "digits are wrong" in wrong.stderr) == (2, True), wrong.stderr
    assert log_in(town, "commander").status_code == 200, "not confirmed yet"
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "gateway.cli", "user", "totp", "commander"], env=town.environment(),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as child:  # fmt: skip
        assert child.stdout is not None
        shown = ""
        while (found := re.search(r"type ([A-Z2-7]{32}) into", shown)) is None:
            more = child.stdout.read(1)
            assert more, shown
            shown += more
        rest, _ = child.communicate(pyotp.TOTP(found[1]).now() + "\n", timeout=60)
        assert child.returncode == 0
    codes = re.findall(r"^[a-z2-9]{5}-[a-z2-9]{5}$", rest, re.MULTILINE)
    assert len(codes) == 10
    refused(log_in(town, "commander"), 401, "otp_required")
    assert log_in(town, "commander", otp=codes[3]).status_code == 200
    assert anxin(town, "totp-reset", "commander").returncode == 0
    assert log_in(town, "commander").status_code == 200
