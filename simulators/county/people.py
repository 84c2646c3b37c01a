"""Who works at the station: command room, 28 officers and auxiliaries, grid workers, and who answers for what when."""

from simulators.county.names import Names
from simulators.county.plan import BEATS, PATCH_LAT, PATCH_LON, SOUTH, WEST, Draft, Entry, Grid

OFFICERS_OF_BEAT = (6, 6, 6, 5, 5)
"""Officer, deputy and auxiliaries of each beat: 28 together."""
GUARD_HOURS = (("morning", "07:20", "08:20"), ("afternoon", "16:00", "17:00"))
"""When somebody stands at a school's gate (护学岗)."""
MARKET_BEAT = 2
"""The beat whose officer answers for the night market by name."""


def staff(draft: Draft, names: Names) -> None:
    """Add the users and the duty of every beat; grids are answered for by their beat."""
    draft.users.append({"username": "operator", "name": names.younger(), "role": "operator"})
    for beat, size in enumerate(OFFICERS_OF_BEAT, 1):
        suffix = "" if beat == 1 else f"-{beat}"
        crew = [f"officer{suffix}", f"deputy{suffix}"]
        for username in crew:
            _phone(draft, username, names, "officer", dialled=True)
        for username in _auxiliaries(beat, size):
            _phone(draft, username, names, "officer", more={"auxiliary": True})
        draft.duty.append(
            {
                "area": f"beat-{beat}",
                "officer": crew[0],
                "deputy": crew[1],
                "commander": "commander",
                "leader": "leader",
            }
        )
    _phone(draft, "commander", names, "commander", dialled=True)
    for beat in range(1, len(BEATS) + 1):
        _phone(draft, f"grid-worker-{beat}", names, "grid_worker", more={"areas": [f"grid-{beat}01"]})
    draft.users.append({"username": "auditor", "name": names.younger(), "role": "auditor"})
    draft.users.append({"username": "admin", "name": names.younger(), "role": "admin"})


def desk(draft: Draft, grid: Grid) -> None:
    """Add the desk of the station, where incidents are reported that no sensor sees."""
    spot = round(SOUTH + PATCH_LAT * 0.4, 5), round(WEST + PATCH_LON * 0.4, 5)
    draft.place(grid, "派出所接警大厅", "station", "station", spot=spot)
    draft.device("station-desk", "gateway", "station", "接警台录入终端")


def roster(draft: Draft, grids: list[Grid], names: Names) -> None:
    """Add who leads the station, the duty room with its daily turns, the school guards, the night market's officer."""
    _phone(draft, "leader", names, "commander", dialled=True)
    draft.duty.append({"officer": "officer", "deputy": "deputy", "commander": "commander", "leader": "leader"})
    draft.duty.append(
        {
            "area": "night-market-area",
            "officer": f"officer-{MARKET_BEAT}",
            "deputy": f"auxiliary-{MARKET_BEAT}-1",
            "commander": "commander",
            "leader": "leader",
        }
    )
    spot = round(SOUTH + PATCH_LAT * 0.5, 5), round(WEST + PATCH_LON * 0.5, 5)
    draft.place(grids[0], "城关镇中心警务室", "duty_room", "duty-room", spot=spot)
    crews = [_auxiliaries(beat, size) for beat, size in enumerate(OFFICERS_OF_BEAT, 1)]
    draft.shifts.append(
        {
            "id": "duty-room",
            "duty_as": "deputy",
            "people": [crew[turn] for turn in range(min(map(len, crews))) for crew in crews],
            "place": "duty-room",
        }
    )
    guarded = [0] * len(BEATS)
    for school in [place for place in draft.places if place["kind"] == "school_gate"]:
        beat = _beat_of(str(school["area"])) - 1
        # The schools of a beat begin their turns with different people, as far as there are enough.
        first, crew = guarded[beat] % len(crews[beat]), crews[beat]
        guarded[beat] += 1
        people = crew[first:] + crew[:first]
        for when, begins, ends in GUARD_HOURS:
            draft.shifts.append(_guard(school, when, {"days": "workdays", "from": begins, "to": ends}, people))


def _guard(school: Entry, when: str, hours: Entry, people: list[str]) -> Entry:
    return {
        "id": f"guard-{school['id']}-{when}",
        "duty_as": "guard",
        "area": school["area"],
        "people": people,
        "hours": hours,
        "place": school["id"],
    }


def _beat_of(grid: str) -> int:
    return int(grid.removeprefix("grid-")[0])


def _auxiliaries(beat: int, size: int) -> list[str]:
    return [f"auxiliary-{beat}-{number}" for number in range(1, size - 1)]


def _phone(
    draft: Draft, username: str, names: Names, role: str, *, dialled: bool = False, more: Entry | None = None
) -> None:
    """Add somebody with a phone, and with `dialled` a number that nobody has. They see the whole station or `areas`."""
    user: dict[str, object] = {"username": username, "name": names.younger(), "role": role}
    user["phone"] = f"phone-{username}"
    if dialled:
        number = f"+8610000000{len(draft.users):02d}"
        user["contacts"] = {"sms": number, "voice": number}
    draft.users.append(user | dict(more or {}))
