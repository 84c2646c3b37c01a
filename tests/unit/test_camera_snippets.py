"""What the console writes of drawings (api/console/src/cameras/snippets.yaml, held there) is what a worker reads."""

from __future__ import annotations

from pathlib import Path

import yaml

from connectors.camera.analytics import ANALYTICS
from connectors.camera.config import WorkerConfig

WRITTEN = Path(__file__).parents[2] / "api" / "console" / "src" / "cameras" / "snippets.yaml"
FILE = """
station: chengguan
broker: mqtt://127.0.0.1
api: http://127.0.0.1
cameras:
  - device: lane-1-camera
    secret: s3cret
    source: film.mp4
    analytics:
"""


def test_what_is_drawn_is_read_by_the_worker_as_it_was_drawn() -> None:
    config = WorkerConfig.model_validate(yaml.safe_load(FILE + WRITTEN.read_text(encoding="utf-8")))
    asked = config.cameras[0].analytics
    assert {one.notice for one in asked} == set(ANALYTICS) - {"tamper"}, "which draws nothing"
    parked, crowding, intrusion, loitering, crossing, tailgating, falling, measured = (one.settings() for one in asked)
    assert asked[0].hours == ["22:00-06:00", "12:00-14:00"]
    assert (parked.zone.name, parked.zone.polygon[2], parked.warn_s, parked.confirm) == (
        "fire_lane", (0.95, 0.95), 30.0, True,
    )  # fmt: skip
    assert (crowding.zone.name, crowding.limit) == ("no", 10)
    assert intrusion.zone.name == '后院: "仓库" # 1\x85'
    assert loitering.zone.name == "yard"
    assert (crossing.line, crossing.end, crossing.directions) == ("gate", (0.9, 0.5), ("right",))
    assert (tailgating.line, tailgating.start, tailgating.inward) == ("door", (0.35, 0.7), "right")
    assert [(one.x, one.ground, one.line, one.floor) for one in falling.columns] == [
        (0.3, 0.93, 0.2, 12), (0.8, 0.9, 0.25, 12),
    ]  # fmt: skip
    assert (falling.watched.name, [one.name for one in falling.ignored]) == ("facade", ["tree"])
    assert (measured.px_per_m, measured.ground, measured.columns) == (24.0, 0.93, ())
