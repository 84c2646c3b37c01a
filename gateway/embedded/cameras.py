"""The demo's cameras: rendered films from a real RTSP server, watched by a real worker (docs/cameras.md).

Two cameras of the made-up town are these instead of simulated sightings: one looks up a building, one along a lane.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from gateway.embedded.ports import LOOPBACK
from gateway.embedded.secrets import Secrets, write_private
from gateway.registering.site import Site

#: Each film by the kind of place whose camera shows it, and what is asked of that camera.
FILMS: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "demo-facade": (
        "building",
        [{"notice": "falling_object", "px_per_m": 18.0, "ground": 0.957}, {"notice": "tamper"}],
    ),
    "demo-lane": (
        "mall",
        [
            {
                "notice": "parked",
                "zone": {"name": "fire_lane", "polygon": [[0.23, 0.55], [0.86, 0.66], [0.83, 0.56], [0.29, 0.48]]},
            },
            {"notice": "tamper"},
        ],
    ),
}


def chosen(site: Site) -> dict[str, str]:
    """Return which device shows which film: the last camera of its kind of place, each with a log-in of its own."""
    kinds = {place.id: place.kind for place in site.places}
    found: dict[str, str] = {}
    for film, (kind, _) in FILMS.items():
        there = [
            device.id for device in site.devices
            if device.kind == "camera" and device.via is None and kinds.get(device.place) == kind
        ]  # fmt: skip
        if there:
            found[film] = there[-1]
    return found


def programs(
    home: Path, site: Site, secrets: Secrets, ports: Mapping[str, int], films: Iterable[str]
) -> Iterator[tuple[str, list[str | Path]]]:
    """Give the programs by name, each with its arguments, in the order they start."""
    yield "cameras", [
        "-m", "simulators", "camera", "rtsp", "--port", str(ports["cameras"]), "--keep", home / "films", "--once",
        *films,
    ]  # fmt: skip
    yield "camera", ["-m", "gateway.cli", "camera", "run", write_worker_file(home, site, secrets, ports)]


def write_worker_file(home: Path, site: Site, secrets: Secrets, ports: Mapping[str, int]) -> Path:
    """Write what the demo's worker is told; returns where."""
    path = home / "cameras.yaml"
    cameras = [
        {
            "device": device, "secret": secrets.devices[device],
            "source": f"rtsp://{LOOPBACK}:{ports['cameras']}/{film}", "analytics": FILMS[film][1],
        }
        for film, device in chosen(site).items()
    ]  # fmt: skip
    told = {
        "station": site.station.id, "time_zone": site.station.time_zone, "broker": f"mqtt://{LOOPBACK}:{ports['mqtt']}",
        "api": f"http://{LOOPBACK}:{ports['http']}", "spool": "cameras", "cameras": cameras,
    }  # fmt: skip
    write_private(path, told)  # JSON is YAML
    return path
