"""Every route × role × jurisdiction: what `tests/reach.py` says of it is what the API does, and nothing is left out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx2 as httpx
import pytest
from fastapi.routing import APIRoute

from api.app import make_app
from api.deps import Allow, Watch, any_session, open_session
from gateway.accounts.walls import hashed
from gateway.model.duty import Duty
from gateway.model.person import Person
from gateway.model.registry import Area, Device, Place
from gateway.model.registry import Station as StationRow
from gateway.passwords import hash_password
from gateway.registering.site import Site, SiteUser
from gateway.registering.writing import import_site
from gateway.settings import Settings
from gateway.store.pool import connect
from tests.answers import hold_to_document
from tests.objects import MAKE, Made, wall_token
from tests.reach import ACCOUNTS, ROLES, ROUTES, Row, Where
from tests.station import PASSWORD, SEALER, Station

# ── what there is to ask ─────────────────────────────────────────────────────────────────────────────────────────────


def routes() -> dict[str, APIRoute]:
    """Every method and path of the application; files of the console aside."""
    app = make_app(
        Settings(database_url="postgresql://nowhere/none", data_key="AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
    )  # type: ignore[arg-type]
    found: dict[str, APIRoute] = {}
    for one in app.routes:
        included = getattr(one, "original_router", None)
        prefix = one.include_context.prefix if included is not None else ""  # type: ignore[attr-defined]
        for route in included.routes if included is not None else [one]:
            if isinstance(route, APIRoute):
                found |= {f"{method} {prefix}{route.path}": route for method in route.methods}
    return found


def declared(route: APIRoute) -> tuple[bool, frozenset[str]]:
    """Whether a session is needed, and the roles that the route's dependencies let through."""
    needed, roles = False, frozenset(ROLES)
    waiting = [route.dependant]
    while waiting:
        dependant = waiting.pop()
        needed = needed or dependant.call in {open_session, any_session}
        if dependant.call is open_session:
            roles -= {"wall"}
        if isinstance(dependant.call, Allow | Watch):
            roles &= dependant.call.roles
        waiting.extend(dependant.dependencies)
    return needed, roles


def test_every_route_says_who_may_ask_it() -> None:
    """A route that is missing here was added without saying who may ask it: one line in `tests/reach.py`."""
    assert ROUTES.keys() == routes().keys()


@pytest.mark.parametrize("name", list(ROUTES))
def test_what_a_route_declares_agrees(name: str) -> None:
    needed, roles = declared(routes()[name])
    row = ROUTES[name]
    assert row.roles | row.oneself <= roles, f"the route lets only {sorted(roles)} through"
    assert needed is (row.kind != "anybody") or name == "POST /api/v1/ingest", "it asks for its session by itself"
    assert row.kind != "station" or row.why


# ── asking all of it ─────────────────────────────────────────────────────────────────────────────────────────────────


def site_of(station: str, *parts: Where) -> Site:
    """A station with one grid, place, device and person for each part, named by it."""
    return Site(
        station=StationRow(station, "测试派出所", "Asia/Shanghai"),
        areas=[Area(f"{part}-grid", "beat", f"{part} 警务区") for part in parts],
        places=[Place(f"{part}-place", "flat", f"{part}-grid", f"{part} 1号楼") for part in parts],
        devices=[
            *(Device(f"{part}-door", "door_contact", f"{part}-place", f"{part} 门磁") for part in parts),
            *(Device(f"{part}-gate", "door_controller", f"{part}-place", f"{part} 门禁") for part in parts),
        ],
        persons=[Person(f"{part}-person", "老人", f"{part}-place", {"lives_alone": True}) for part in parts],
        users=[
            *(
                SiteUser(f"near-{role}", "某人", role, f"phone-of-{role}", areas=["near-grid"])  # type: ignore[arg-type]
                for role in ACCOUNTS
                if "near" in parts
            ),
            *(SiteUser(f"whole-{role}", "某人", role, f"phone-{role}") for role in ACCOUNTS if "near" in parts),  # type: ignore[arg-type]
            SiteUser(f"{parts[0]}-colleague", "同事", "officer", f"phone-of-{parts[0]}-colleague"),
            SiteUser(f"{parts[0]}-second", "同事", "officer", f"phone-of-{parts[0]}-second"),
            *([SiteUser("unplaced", "新网格员", "grid_worker")] if "near" in parts else []),
        ],
        duty=[Duty(f"{part}-grid", "whole-officer" if "near" in parts else f"{part}-colleague") for part in parts],
    )


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """A station with two areas, and another station in the same database."""
    running = Station(tmp_path_factory.mktemp("town"), site_of("teststation", "near", "far"))
    running.settings["ANXIN_LOGIN_ATTEMPTS"] = "1000"
    try:
        running.start_stores()
        with connect(running.postgres.url, "test import") as connection:
            import_site(
                connection, site_of("alienstation", "alien"), SEALER,
                password_hashes={"alien-colleague": hash_password(PASSWORD)},
            )  # fmt: skip
        running.start_gateway()  # it publishes the rules
        running.stop("gateway")
        for name, areas in (("near", ["near-grid"]), ("whole", None)):
            running.execute(
                "insert into wall (station_id, label, areas, token_sha256, made_by, made_at)"
                " values (%s, '大屏', %s, %s, 'x', now())", running.id, areas, hashed(wall_token(name)),
            )  # fmt: skip
        running.start_api()
        for where in ("near", "far", "alien"):
            for kind in (
                "alert",
                "incident",
                "drill",
                "event",
                "shelf",
                "bulletin",
                "enterprise",
                "handover",
                "walker",
                "patrol",
            ):
                MAKE[kind](running, where, {})
        yield running
    finally:
        running.close()


def filled(town: Station, text: str, where: Where, row: Row, made: Made) -> str:
    """A text with objects in the place of its placeholders; each is made once for a question."""

    def make(found: re.Match[str]) -> str:
        name = found[1]
        if name not in made:
            made[name] = MAKE[row.about.get(name, name)](town, where, made)
        return made[name]

    return re.sub(r"\{(\w+?)(?:_id)?\}", make, text)


def filled_all(town: Station, body: Any, where: Where, row: Row, made: Made) -> Any:
    if isinstance(body, dict):
        return {name: filled_all(town, value, where, row, made) for name, value in body.items()}
    if isinstance(body, list):
        return [filled_all(town, value, where, row, made) for value in body]
    return filled(town, body, where, row, made) if isinstance(body, str) else body


_tokens: dict[str, str] = {}


def ask(town: Station, name: str, username: str | None, where: Where, made: Made | None = None) -> httpx.Response:
    """Ask a route as somebody, about something that lies somewhere, or about what is made already."""
    method, path = name.split(" ")
    row = ROUTES[name]
    headers = {}
    if username is not None:
        if username not in _tokens or name.endswith("/auth/logout"):
            where_from, _, role = username.partition("-")
            wall = role == "wall"
            login = {"token": wall_token(where_from)} if wall else {"username": username, "password": PASSWORD}
            answer = httpx.post(f"{town.url}/api/v1/auth/{'wall' if wall else 'login'}", json=login)
            answer.raise_for_status()
            _tokens[username] = answer.json()["token"]
        headers["Authorization"] = f"Bearer {_tokens[username]}"
        if name.endswith("/auth/logout"):
            del _tokens[username]
    made = {} if made is None else made
    url = f"{town.url}{filled(town, path, where, row, made)}"
    params = {key: filled(town, value, where, row, made) for key, value in row.query.items()}
    body = filled_all(town, row.body, where, row, made)
    if isinstance(body, bytes):
        headers["Content-Type"] = "image/png"
    with httpx.stream(
        method, url, headers=headers, timeout=15, params=params,
        **({"content": body} if isinstance(body, bytes) else {"json": body} if body is not None else {}),
    ) as answer:  # fmt: skip
        if not name.endswith("/stream"):
            answer.read()
            hold_to_document(answer)
        assert "Content-Security-Policy" in answer.headers, "every answer of ours has it"
    return answer


def refused(row: Row, role: str) -> frozenset[int]:
    """How somebody is refused; a wall is nobody, and told so before anything is looked up."""
    return frozenset({403}) if role == "wall" else row.refused


def parts_in(answer: httpx.Response, *, colleagues: bool = False) -> set[str]:
    """Which parts of the world an answer names; not by the names of this station's `colleagues`, if they may be."""
    text = re.sub(r"(near|far)-(user|colleague|second|officer)", "", answer.text) if colleagues else answer.text
    return {part for part in ("near", "far", "alien") if f"{part}-" in text}


AREAS_OF_THEIR_OWN = [name for name, row in ROUTES.items() if row.kind in {"listing", "thing"}]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", [name for name, row in ROUTES.items() if row.kind != "anybody"])
def test_a_role_gets_through_or_not(town: Station, name: str, role: str) -> None:
    row = ROUTES[name]
    username = f"whole-{role}" if row.kind == "whole" else f"near-{role}"
    answer = ask(town, name, username, "near")
    if role in row.roles:
        assert answer.status_code in row.ok, answer.text
        if row.kind == "thing":
            assert parts_in(answer, colleagues=row.colleagues) <= {"near"}, answer.text
    else:
        assert answer.status_code in refused(row, role), answer.text


@pytest.mark.parametrize("role", ACCOUNTS)
@pytest.mark.parametrize("name", [name for name, row in ROUTES.items() if row.oneself])
def test_people_get_through_to_what_is_their_own(town: Station, name: str, role: str) -> None:
    row, me = ROUTES[name], f"near-{role}"
    answer = ask(town, name, me, "near", {"username": me, "walker": me})
    if role in row.oneself | row.roles:
        assert answer.status_code in row.ok, answer.text
        assert "far-" not in answer.text
    else:
        assert answer.status_code in refused(row, role), answer.text


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", [name for name in AREAS_OF_THEIR_OWN if not name.endswith("/stream")])
def test_nobody_reaches_another_area_or_another_station(town: Station, name: str, role: str) -> None:
    row = ROUTES[name]
    for where in ("far", "alien"):
        answer = ask(town, name, f"near-{role}", where)
        if role not in row.roles:
            assert answer.status_code in refused(row, role), answer.text
        elif row.kind == "thing":
            assert answer.status_code in row.outside, f"{where}: {answer.text}"
            assert not parts_in(answer) - {where}, "only what was asked for is named"
        else:
            assert parts_in(answer, colleagues=row.colleagues) == {"near"}, answer.text
    if role in row.roles:
        seen = ask(town, name, f"whole-{role}", "far")
        if role == "grid_worker":  # without a grid they see nothing, instead of everything
            assert seen.status_code in row.outside if row.kind == "thing" else not parts_in(seen, colleagues=True)
        elif row.kind == "thing":
            assert seen.status_code in row.ok, seen.text
        else:
            assert parts_in(seen, colleagues=row.colleagues) == {"near", "far"}, seen.text
        if role != "grid_worker" and row.kind == "thing":
            there, nowhere = ask(town, name, f"whole-{role}", "alien"), row.unknown
            assert there.status_code in nowhere, there.text


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", [name for name, row in ROUTES.items() if row.kind == "whole"])
def test_what_is_the_whole_stations_is_for_nobody_of_some_areas(town: Station, name: str, role: str) -> None:
    assert ask(town, name, f"near-{role}", "near").status_code == 403
    if role in ROUTES[name].roles:
        answer = ask(town, name, f"whole-{role}", "alien")
        assert "alien-" not in answer.text or answer.status_code == 404
        if any(f"{{{one}}}" in name for one in ("username", "area", "place", "device")):
            assert answer.status_code == 404, answer.text


@pytest.mark.parametrize("name", [name for name, row in ROUTES.items() if row.kind == "counted"])
def test_only_what_lies_within_ones_areas_is_counted(town: Station, name: str) -> None:
    for role in ROUTES[name].roles:

        def count(username: str) -> int:
            return int(ask(town, name, username, "near").json()[ROUTES[name].field])

        within, everywhere = count(f"near-{role}"), count(f"whole-{role}")
        MAKE["alert"](town, "far", {})
        MAKE["alert"](town, "alien", {})
        assert count(f"near-{role}") == within
        assert count(f"whole-{role}") == (0 if role == "grid_worker" else everywhere + 1)
        MAKE["alert"](town, "near", {})
        assert count(f"near-{role}") == within + 1


def test_footprints_elsewhere_are_refused_one_by_one(town: Station) -> None:
    for where in ("far", "alien"):
        told = ask(town, "POST /api/v1/footprints", "near-officer", where).json()["items"][0]
        assert "within your reach" in told["refused"]
    assert ask(town, "POST /api/v1/footprints", "near-officer", "near").json()["items"][0]["new"]


def test_an_incident_is_merged_into_nothing_outside(town: Station) -> None:
    for where in ("far", "alien"):
        into = MAKE["incident"](town, where, {})
        assert ask(town, "POST /api/v1/incidents/{incident_id}/merge", "near-operator", "near", {"into": into}
                   ).status_code == 404  # fmt: skip


def test_whose_turn_it_is_elsewhere_is_not_told(town: Station) -> None:
    """An officer who names themselves in a shift that is not theirs."""
    answer = ask(town, "POST /api/v1/duty/swaps", "near-officer", "far", {"turn": "near-officer"})
    assert answer.status_code == 404, answer.text
    assert "whole-officer" not in answer.text


def test_people_find_whom_they_ask_for_at_their_own_station_only(town: Station) -> None:
    assert ask(town, "GET /api/v1/records/{username}", "whole-commander", "alien").status_code == 404
    MAKE["walker"](town, "alien", {})
    made = {"walker": "alien-colleague"}
    assert ask(town, "GET /api/v1/footprints", "whole-commander", "alien", made).json()["items"] == []


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", [name for name, row in ROUTES.items() if row.kind in {"own", "station"}])
def test_nothing_of_another_station_is_in_any_answer(town: Station, name: str, role: str) -> None:
    if role not in ROUTES[name].roles:
        return
    answer = ask(town, name, f"near-{role}", "near")
    if name.endswith("/audit"):  # what our own people asked for stands in the trail, also what they did not get
        assert not any((line["username"] or "").startswith("alien") for line in answer.json()["items"])
    else:
        assert "alien" not in answer.text


@pytest.mark.parametrize("name", list(ROUTES))
def test_without_a_session_there_is_nothing(town: Station, name: str) -> None:
    answer = ask(town, name, None, "near")
    if ROUTES[name].kind == "anybody":
        row = ROUTES[name]
        assert answer.status_code not in {401, 403} or answer.status_code in row.ok or name.endswith("/login")
    else:
        assert answer.status_code == 401, answer.text


def test_another_stations_people_do_not_get_in(town: Station) -> None:
    login = {"username": "alien-colleague", "password": PASSWORD}
    assert httpx.post(f"{town.url}/api/v1/auth/login", json=login).status_code == 401


def test_the_matrix_can_fail() -> None:
    """What a route with a hole would look like to the tests above."""
    assert parts_in(httpx.Response(200, text='{"place": "far-place"}')) == {"far"}
    assert Row("listing", frozenset()).ok == {200, 201, 202, 204}
