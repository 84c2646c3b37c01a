"""The demo's county: a stand-in for video platform and image database, and our links to them (docs/county.md)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from gateway.embedded.ports import LOOPBACK
from gateway.embedded.secrets import write_private
from gateway.registering.site import Site

#: A county that does not exist.
PLATFORM, OURS, CENTRE = "34020000002000000001", "34020000012005000001", "34020000"
DATABASE = "34020000005030000001"
#: Known to both; the stand-in listens on this machine only.
PASSWORD = "demo-county"  # noqa: S105  # it protects nothing


def write_file(home: Path, site: Site, ports: Mapping[str, int]) -> Path:
    """Write what the demo's link is told; returns where."""
    path = home / "county.yaml"
    told = {
        "links": [
            {
                "server_id": PLATFORM, "server": f"{LOOPBACK}:{ports['county']}", "device_id": OURS,
                "password": PASSWORD, "listen": f"{LOOPBACK}:{ports['county_link']}",
                "keepalive_s": 5, "retry_s": 2, "catalog_items": 4,
            }
        ],
        "viid": [
            {
                "url": f"http://{LOOPBACK}:{ports['county_viid']}", "server_id": DATABASE, "device_id": OURS,
                "password": PASSWORD, "keepalive_s": 5, "retry_s": 2,
            }
        ],
        "codes": {"centre": CENTRE, "owner": site.station.name[:40]},
    }  # fmt: skip
    write_private(path, told)  # JSON is YAML
    return path


def programs(ports: Mapping[str, int]) -> Iterator[tuple[str, list[str | Path]]]:
    """Give the programs by name, each with its arguments, in the order they start."""
    yield "county-platform", [
        "-m", "simulators", "county-platform", "--listen", f"{LOOPBACK}:{ports['county']}", "--id", PLATFORM,
        "--device", OURS, "--password", PASSWORD, "--http", str(ports["county_page"]), "--keepalive", "5",
        "--subscribe-catalog", "--subscribe-alarm", "presence", "--alarm-response", "OK",
        "--viid", str(ports["county_viid"]),
    ]  # fmt: skip
    yield "county", ["-m", "gateway.cli", "county", "run"]
