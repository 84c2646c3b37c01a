"""Who works at the station: command room, 28 officers and auxiliaries, grid workers, and who answers for what."""

from simulators.county.names import Names
from simulators.county.plan import BEATS, PATCH_LAT, PATCH_LON, SOUTH, WEST, Draft, Grid

OFFICERS_OF_BEAT = (6, 6, 6, 5, 5)
"""Officer, deputy and auxiliaries of each beat: 28 together."""


def staff(draft: Draft, names: Names) -> None:
    """Add the users and the duty of every beat; grids are answered for by their beat."""
    draft.users.append({"username": "operator", "name": names.younger(), "role": "operator"})
    for beat, size in enumerate(OFFICERS_OF_BEAT, 1):
        suffix = "" if beat == 1 else f"-{beat}"
        crew = [f"officer{suffix}", f"deputy{suffix}"]
        crew += [f"auxiliary-{beat}-{number}" for number in range(1, size - 1)]
        for username in crew:
            _phone(draft, username, names, "officer")
        draft.duty.append({"area": f"beat-{beat}", "officer": crew[0], "deputy": crew[1], "commander": "commander"})
    draft.users.append(
        {"username": "commander", "name": names.younger(), "role": "commander", "phone": "phone-commander"}
    )
    for beat in range(1, len(BEATS) + 1):
        _phone(draft, f"grid-worker-{beat}", names, "grid_worker", [f"grid-{beat}01"])
    draft.users.append({"username": "auditor", "name": names.younger(), "role": "auditor"})
    draft.users.append({"username": "admin", "name": names.younger(), "role": "admin"})


def desk(draft: Draft, grid: Grid) -> None:
    """Add the desk of the station, where incidents are reported that no sensor sees."""
    spot = round(SOUTH + PATCH_LAT * 0.4, 5), round(WEST + PATCH_LON * 0.4, 5)
    draft.place(grid, "派出所接警大厅", "station", "station", spot=spot)
    draft.device("station-desk", "gateway", "station", "接警台录入终端")


def _phone(draft: Draft, username: str, names: Names, role: str, areas: list[str] | None = None) -> None:
    """Add somebody with a phone. Without `areas` they see the whole station, as officers do."""
    user: dict[str, object] = {"username": username, "name": names.younger(), "role": role}
    user["phone"] = f"phone-{username}"
    draft.users.append(user if areas is None else user | {"areas": areas})
