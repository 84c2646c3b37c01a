"""The example in docs/cameras.md is a worker's file that is right, and names every analytic there is."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from connectors.camera.analytics import ANALYTICS
from connectors.camera.config import WorkerConfig

PAGE = (Path(__file__).parents[2] / "docs" / "cameras.md").read_text(encoding="utf-8")


def test_the_example_is_right() -> None:
    (text, *more) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    config = WorkerConfig.model_validate(yaml.safe_load(text))
    assert [camera.device for camera in config.cameras] == ["building-1-camera", "lane-1-camera"]
    for snippet in more:
        cameras = yaml.safe_load(snippet)
        WorkerConfig.model_validate({"station": "s", "broker": "mqtt://b", "api": "http://a", "cameras": cameras})


def test_every_analytic_is_described() -> None:
    assert {name for name in ANALYTICS if f"| `{name}`" not in PAGE} == set()
