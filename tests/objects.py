"""Objects to ask about in a town of three parts: near, far, and in another station. `tests/reach.py` says who may."""

from __future__ import annotations

import base64
import hashlib
import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import psycopg
from psycopg.types.json import Jsonb

from gateway.evidence.chain import content_of
from gateway.evidence.freeze import Chain, Part
from gateway.sealing import contact_address
from tests.reach import PICTURE, Where
from tests.station import EXPLANATION, SAID, SEALER, Station

RULE = "elder-silent"
#: What has been made for one question, by the name of its placeholder: an attachment hangs on the incident asked for.
Made = dict[str, str]
_number = itertools.count(1)


def station_of(town: Station, where: Where) -> str:
    return "alienstation" if where == "alien" else town.id


def make_alert(town: Station, where: Where, _made: Made | None = None, stream: str = "alert") -> str:
    """An alert that was heard and once kept quiet, and a work item."""
    number = next(_number)
    if stream == "alert":
        make_alert(town, where, stream="work_item")
    alert = str(town.one(
        "insert into alert (station_id, rule_id, rule_version, subject, stream, priority, place_id, area_id, device_id,"
        " title, explanation, first_action, raised_at, last_event_at, sounded) values (%s, 'door-forced', 1, %s, %s,"
        " 'P2', %s, %s, %s, %s, %s, %s, now(), now(), 1) returning id",
        station_of(town, where), f"device:{where}-{number}", stream, f"{where}-place", f"{where}-grid", f"{where}-door",
        SAID, EXPLANATION, SAID,
    ))  # fmt: skip
    for reason in (None, "shelved"):
        town.execute(
            "insert into sounding (station_id, at, alert_id, rule_id, priority, place_id, area_id, spot, reason)"
            " values (%s, now(), %s, 'door-forced', 'P2', %s, %s, %s, %s)",
            station_of(town, where), alert, f"{where}-place", f"{where}-grid", f"{where}-place", reason,
        )  # fmt: skip
    return alert


def incident_as(
    category: str = "care", state: str = "new", origin: str = "alert", *, proposed: bool = False
) -> Callable[[Station, Where, Made], str]:
    """Return what makes incidents of a sort and state; `proposed`: an officer wants it closed as nothing real."""

    def make(town: Station, where: Where, _made: Made) -> str:
        proposal = {"disposition": "nuisance", "by": TURN[where], "at": "2026-11-22T08:00:00+08:00"}
        return str(town.one(
            "insert into incident (station_id, priority, place_id, area_id, person_id, category, state, origin, title,"
            " proposed, opened_at, changed_at, ladder)"
            " values (%s, 'P2', %s, %s, %s, %s, %s, %s, %s, %s, now(), now(), '[]')"
            " returning id",
            station_of(town, where), f"{where}-place", f"{where}-grid", f"{where}-person", category, state, origin,
            Jsonb({"zh": "求助", "en": "help"}), Jsonb(proposal) if proposed else None,
        ))  # fmt: skip

    return make


def make_attachment(town: Station, where: Where, made: Made) -> str:
    """A picture that hangs on the incident that is asked for."""
    station, incident, sha256 = station_of(town, where), made["incident"], hashlib.sha256(PICTURE).hexdigest()
    sealed = SEALER.seal(base64.b64encode(PICTURE).decode(), f"attachment.content/{station}/{incident}/{sha256}")
    return str(town.one(
        "insert into attachment (incident_id, at, username, content_type, sha256, content, size)"
        " values (%s, now(), 'x', 'image/png', %s, %s, %s) returning id",
        incident, sha256, sealed, len(PICTURE),
    ))  # fmt: skip


def make_picture(town: Station, where: Where, made: Made) -> str:
    """A camera's picture of an event of the alert that is asked for."""
    station, event = station_of(town, where), f"event-{next(_number)}"
    picture = str(town.one(
        "insert into media (station_id, device_id, event_id, role, taken_by, content_type, size, sha256, from_at,"
        " until_at, received_at, sealed, fresh) values (%s, 'camera', %s, 'snapshot', 'camera', 'image/jpeg', %s,"
        " %s, now(), now(), now(), %s, false) returning id",
        station, event, len(PICTURE), hashlib.sha256(PICTURE).hexdigest(),
        SEALER.seal(base64.b64encode(PICTURE).decode(), f"media.content/{station}/camera/{event}/snapshot"),
    ))  # fmt: skip
    town.execute("insert into evidence_media (media_id, alert_id) values (%s, %s)", picture, made["alert"])
    return picture


def make_record(town: Station, where: Where, made: Made) -> str:
    """A record of evidence of the incident that is asked for."""
    plain = b'{"act":"opened"}'
    part = Part(content_of("step.json", "application/json", plain), plain)
    with psycopg.connect(town.postgres.url) as connection:
        held = Chain(connection, SEALER, station_of(town, where), datetime.now(UTC))
        return str(held.append("step", {"step": next(_number)}, [part], incident=int(made["incident"])))


def make_frozen(town: Station, where: Where, made: Made) -> str:
    """An incident of which something is kept."""
    incident = incident_as()(town, where, made)
    make_record(town, where, {"incident": incident})
    return incident


def make_person(town: Station, where: Where, _made: Made) -> str:
    return str(town.one(
        "insert into person (station_id, id, place_id, care) values (%s, %s, %s, '{}') returning id",
        station_of(town, where), f"{where}-person-{next(_number)}", f"{where}-place",
    ))  # fmt: skip


def make_user(town: Station, where: Where, _made: Made) -> str:
    return str(town.one(
        "insert into user_account (username, station_id, name, role, areas) values (%s, %s, '同事', 'officer', %s)"
        " returning username",
        f"{where}-user-{next(_number)}", station_of(town, where), [f"{where}-grid"],
    ))  # fmt: skip


def user_of(town: Station, where: Where, made: Made) -> str:
    """Whoever is asked about, else somebody new."""
    return made.get("username") or make_user(town, where, made)


def make_contact(town: Station, where: Where, made: Made) -> str:
    """A way to reach whoever is asked about."""
    username, station = user_of(town, where, made), station_of(town, where)
    address = f"phone-{next(_number)}"
    return str(town.one(
        "insert into contact (station_id, username, channel, address_sealed, address_index)"
        " values (%s, %s, 'phone', %s, %s) returning id",
        station, username, SEALER.seal(address, contact_address(station, username, "phone")),
        SEALER.index(address, "phone"),
    ))  # fmt: skip


def make_notification(town: Station, where: Where, made: Made) -> str:
    return str(town.one(
        "insert into notification (station_id, key, channel, recipient, priority, body, created_at, due_at, expires_at,"
        " username) values (%s, %s, 'phone', '', 'P2', '{}', now(), now(), now() + interval '1 hour', %s) returning id",
        station_of(town, where), f"test-{next(_number)}", user_of(town, where, made),
    ))  # fmt: skip


def make_drill(town: Station, where: Where, _made: Made) -> str:
    return str(town.one(
        "insert into drill (station_id, device_id, starts_at, ends_at, note, announced_by)"
        " values (%s, %s, now(), now() + interval '1 hour', '', 'x') returning device_id",
        station_of(town, where), f"{where}-door",
    ))  # fmt: skip


def make_event(town: Station, where: Where, _made: Made) -> str:
    return str(town.one(
        "insert into event (station_id, device_id, event_id, ts, device_ts, received_at, kind, place_id, data)"
        " values (%s, %s, %s, now(), now(), now(), 'door.opened', %s, '{}') returning event_id",
        station_of(town, where), f"{where}-door", f"e{next(_number)}", f"{where}-place",
    ))  # fmt: skip


def make_letter(town: Station, where: Where, _made: Made) -> str:
    """Something that could not be read; it names no part of the town."""
    return str(town.one(
        "insert into dead_letter (station_id, source, topic, reason, detail, payload, sha256, size, received_at,"
        " last_received_at) values (%s, 'mqtt', %s, 'not_json', '', 'x', 'x', 1, now(), now()) returning id",
        station_of(town, where), f"t/{next(_number)}",
    ))  # fmt: skip


def wall_token(where: str) -> str:
    """The token of a wall for some part of the town, as it was told when it was made."""
    return f"wall_of-{where}"


def make_wall(town: Station, where: Where, _made: Made) -> str:
    return str(town.one(
        "insert into wall (station_id, label, areas, token_sha256, made_by, made_at)"
        " values (%s, '大屏', %s, %s, 'x', now()) returning id",
        station_of(town, where), [f"{where}-grid"], f"hash-{next(_number)}",
    ))  # fmt: skip


def make_shelf(town: Station, where: Where, made: Made) -> str:
    return str(town.one(
        "insert into shelf (station_id, place_id, by_user, begins_at, ends_at)"
        " values (%s, %s, %s, now(), now() + interval '1 hour') returning id",
        station_of(town, where), f"{where}-place", user_of(town, where, made),
    ))  # fmt: skip


def make_bulletin(town: Station, where: Where, made: Made) -> str:
    return str(town.one(
        "insert into bulletin (station_id, kind, title, text, areas, media, enterprises, urgent, starts_at, ends_at,"
        " made_by, made_at) values (%s, 'safety', %s, %s, %s, '{screens}', '{}', false,"
        " now(), now() + interval '1 hour', %s, now()) returning id",
        station_of(town, where), SAID, SAID, [f"{where}-grid"], user_of(town, where, made),
    ))  # fmt: skip


def make_enterprise(town: Station, where: Where, made: Made) -> str:
    return str(town.one(
        "insert into enterprise (station_id, name, area_id, endpoint_sealed, made_by, made_at)"
        " values (%s, '超市', %s, '', %s, now()) returning id",
        station_of(town, where), f"{where}-grid", user_of(town, where, made),
    ))  # fmt: skip


def make_shift(town: Station, where: Where, _made: Made) -> str:
    return str(town.one(
        "insert into shift (station_id, id, area_id, duty_as, people, since, turn_days)"
        " values (%s, %s, %s, 'deputy', %s, '2026-01-01', 1) returning id",
        station_of(town, where), f"{where}-shift-{next(_number)}", f"{where}-grid", [TURN[where]],
    ))  # fmt: skip


def make_swap(town: Station, where: Where, made: Made) -> str:
    return str(town.one(
        "insert into swap (station_id, shift_id, day, instead_of, stands_in, made_by, made_at)"
        " values (%s, %s, %s, %s, %s, 'x', now()) returning id",
        station_of(town, where), make_shift(town, where, made), soon().date(), TURN[where],
        STAND_IN[where],
    ))  # fmt: skip


def make_handover(town: Station, where: Where, made: Made) -> str:
    """A page with one device that is gone."""
    gone = {
        "id": f"{where}-door", "kind": "door_controller", "name": "门", "place": f"{where}-place",
        "area": f"{where}-grid", "last_heard": "2026-11-22T00:00:00Z",
    }  # fmt: skip
    page = {
        "at": "2026-11-22T08:00:00Z", "at_desk": [], "open": [], "shelved": [], "out_of_order": [gone],
        "unreachable": [], "overdue": [],
        "counts": {"open": 0, "shelved": 0, "out_of_order": 1, "unreachable": 0, "overdue": 0},
    }  # fmt: skip
    return str(town.one(
        "insert into desk_handover (station_id, areas, made_at, page, given_by, given_at)"
        " values (%s, %s, now(), %s, %s, now()) returning id",
        station_of(town, where), [f"{where}-grid"], Jsonb(page), user_of(town, where, made),
    ))  # fmt: skip


def make_footprint(town: Station, where: Where, _made: Made) -> str:
    """Visits of one colleague, wherever they were, and at the other station of another one. Returns the colleague."""
    town.execute(
        "insert into footprint (station_id, username, at, kind, area_id, place_id, client_id)"
        " values (%s, %s, now(), 'visit', %s, %s, %s)",
        station_of(town, where), "alien-colleague" if where == "alien" else "near-colleague", f"{where}-grid",
        f"{where}-place", f"c{next(_number)}",
    )  # fmt: skip
    return "near-colleague"


def make_plot(town: Station, where: Where, _made: Made) -> str:
    return str(town.one(
        "insert into area (station_id, id, kind, name) values (%s, %s, 'grid', '网格') returning id",
        station_of(town, where), f"{where}-plot-{next(_number)}",
    ))  # fmt: skip


def make_spot(town: Station, where: Where, _made: Made) -> str:
    return str(town.one(
        "insert into place (station_id, id, kind, area_id, name) values (%s, %s, 'flat', %s, '楼') returning id",
        station_of(town, where), f"{where}-spot-{next(_number)}", f"{where}-grid",
    ))  # fmt: skip


def make_planned(town: Station, where: Where, made: Made) -> str:
    """A place with a plan."""
    place, station = make_spot(town, where, made), station_of(town, where)
    sha256 = hashlib.sha256(PICTURE).hexdigest()
    sealed = SEALER.seal(base64.b64encode(PICTURE).decode(), f"place_plan.content/{station}/{place}/{sha256}")
    town.execute(
        "insert into place_plan values (%s, %s, 'image/png', %s, %s, '[[33.16, 109.1], [33.15, 109.11]]', %s, 'x',"
        " now())",
        station, place, len(PICTURE), sha256, sealed,
    )  # fmt: skip
    return place


def make_patrol(town: Station, where: Where, made: Made) -> str:
    """A route, with a round that was walked."""
    route = str(town.one(
        "insert into patrol_route (station_id, id, area_id, name, points, at, within_min)"
        " values (%s, %s, %s, '巡查', %s, '{}', 60) returning id",
        station_of(town, where), f"{where}-patrol-{next(_number)}", f"{where}-grid",
        Jsonb([{"place": f"{where}-place"}]),
    ))  # fmt: skip
    make_round(town, where, {**made, "patrol": route})
    return route


def make_round(town: Station, where: Where, made: Made) -> str:
    """A round of the route that is asked for, or of one that is no more."""
    return str(town.one(
        "insert into patrol_round (station_id, route_id, area_id, name, points, username, began_at, ends_by)"
        " values (%s, %s, %s, '巡查', %s, 'x', now(), now() + interval '1 hour') returning id",
        station_of(town, where), made.get("patrol", f"{where}-gone"), f"{where}-grid",
        Jsonb([{"place": f"{where}-place"}]),
    ))  # fmt: skip


def make_look(town: Station, where: Where, made: Made) -> str:
    """A look at the round that is asked for, with the picture it keeps."""
    station, number, sha256 = station_of(town, where), made["round"], hashlib.sha256(PICTURE).hexdigest()
    look = str(town.one(
        "insert into patrol_look (round_id, point, username, at, seen, code)"
        " values (%s, 1, 'x', now(), 'finding', 'other') returning id",
        number,
    ))  # fmt: skip
    about = f"patrol_picture.content/{station}/{number}/{sha256}"
    town.execute(
        "insert into patrol_picture values (%s, 'camera', now(), %s, %s, %s)",
        look, len(PICTURE), sha256, SEALER.seal(base64.b64encode(PICTURE).decode(), about),
    )  # fmt: skip
    return look


def make_item(town: Station, where: Where, _made: Made) -> str:
    """What a patrol found."""
    return str(town.one(
        "insert into alert (station_id, rule_id, rule_version, subject, stream, priority, place_id, area_id, title,"
        " explanation, first_action, raised_at, last_event_at) values (%s, 'patrol-hazard', 1, %s, 'work_item', 'P3',"
        " %s, %s, %s, %s, %s, now(), now()) returning id",
        station_of(town, where), f"place:{where}-{next(_number)}", f"{where}-place", f"{where}-grid",
        SAID, EXPLANATION, SAID,
    ))  # fmt: skip


def make_camera(town: Station, where: Where, _made: Made) -> str:
    return str(town.one(
        "insert into device (station_id, id, kind, place_id, name) values (%s, %s, 'camera', %s, '摄像机')"
        " returning id",
        station_of(town, where), f"{where}-camera-{next(_number)}", f"{where}-place",
    ))  # fmt: skip


def make_filmed(town: Station, where: Where, _made: Made) -> str:
    """A camera whose video a platform has."""
    return str(town.one(
        "insert into device (station_id, id, kind, place_id, name, attributes) values (%s, %s, 'camera', %s, '枪机',"
        """ '{"video": {"platform": "county", "device": "1", "channel": "2"}}') returning id""",
        station_of(town, where), f"{where}-filmed-{next(_number)}", f"{where}-place",
    ))  # fmt: skip


def make_gadget(town: Station, where: Where, _made: Made) -> str:
    return str(town.one(
        "insert into device (station_id, id, kind, place_id, name) values (%s, %s, 'door_contact', %s, '门磁')"
        " returning id",
        station_of(town, where), f"{where}-gadget-{next(_number)}", f"{where}-place",
    ))  # fmt: skip


def make_doubts(town: Station, _where: Where, made: Made) -> str:
    """Somebody who stands in twice on one day, near and far; returns for how many days to look."""
    for where in PARTS:
        make_swap(town, where, made)
        make_swap(town, where, made)
    return "60"


def soon() -> datetime:
    """A moment that is to come, on another day by any clock."""
    return datetime.now(UTC) + timedelta(days=2)


#: Whose turn it is in a shift.
TURN: dict[Where, str] = {"near": "near-officer", "far": "whole-officer", "alien": "alien-colleague"}
#: Who stands in for them.
STAND_IN: dict[Where, str] = {"near": "near-colleague", "far": "near-second", "alien": "alien-second"}
PARTS: tuple[Where, ...] = ("near", "far", "alien")
#: How an object of a kind comes about, fresh for each question: what was asked before must not matter.
MAKE: dict[str, Callable[[Station, Where, Made], str]] = {
    "alert": make_alert,
    "incident": incident_as(),
    "into": incident_as(),
    "signed": incident_as(state="signed"),
    "closed": incident_as(state="closed"),
    "acknowledged": incident_as(state="acknowledged"),
    "proposed": incident_as(proposed=True),
    "reported": incident_as(origin="person"),
    "dispute": incident_as(category="dispute"),
    "attachment": make_attachment,
    "record": make_record,
    "picture": make_picture,
    "content": lambda _town, _where, _made: "step.json",
    "frozen": make_frozen,
    "person": make_person,
    "username": make_user,
    "contact": make_contact,
    "notification": make_notification,
    "device": make_drill,
    "drill": make_drill,
    "event": make_event,
    "letter": make_letter,
    "wall": make_wall,
    "shelf": make_shelf,
    "bulletin": make_bulletin,
    "enterprise": make_enterprise,
    "shift": make_shift,
    "swap": make_swap,
    "doubts": make_doubts,
    "stand": lambda _town, where, _made: STAND_IN[where],
    "turn": lambda _town, where, _made: TURN[where],
    "handover": make_handover,
    "walker": make_footprint,
    "plot": make_plot,
    "spot": make_spot,
    "planned": make_planned,
    "patrol": make_patrol,
    "round": make_round,
    "look": make_look,
    "item": make_item,
    "gadget": make_gadget,
    "camera": make_camera,
    "filmed": make_filmed,
    "area": lambda _town, where, _made: f"{where}-grid",
    "place": lambda _town, where, _made: f"{where}-place",
    "rule": lambda _town, _where, _made: RULE,
    "backtest": lambda _town, _where, _made: "404404",
    "session": lambda _town, _where, _made: "404404",
    "token": lambda _town, _where, _made: "made-up",
    "channel": lambda _town, _where, _made: "sms",
    "new": lambda _town, _where, _made: f"new-{next(_number)}",
    "day": lambda _town, _where, _made: soon().date().isoformat(),
    "now": lambda _town, _where, _made: datetime.now(UTC).isoformat(),
    "soon": lambda _town, _where, _made: (datetime.now(UTC) + timedelta(hours=1)).isoformat(),
}
