"""What the network says is read right: pictures to its size, bins to boxes, boxes back to the picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from connectors.camera.detector import Detection, Detector, decoded, overlap, prepared
from gateway.model.errors import Misconfigured

PERSON, BICYCLE, CAR, DOG, TRUCK = 0, 1, 2, 16, 7


class Answers:
    """Outputs of a network that sees nothing, until told."""

    def __init__(self, height: int = 416, width: int = 416) -> None:
        self.size = (height, width)
        cells = {stride: (-(-height // stride)) * (-(-width // stride)) for stride in (8, 16, 32)}
        self.scores = {stride: np.full((1, count, 80), 0.01, np.float32) for stride, count in cells.items()}
        self.bins = {stride: np.zeros((1, count, 44), np.float32) for stride, count in cells.items()}

    def see(self, kind: int, score: float, stride: int, column: int, row: int, sides: tuple[float, ...]) -> Answers:
        """Let a cell see something whose sides are so many strides away; half numbers lie between two bins."""
        cell = row * -(-self.size[1] // stride) + column
        self.scores[stride][0, cell, kind] = score
        logits = np.full((4, 11), -40.0, np.float32)
        for side, far in enumerate(sides):
            logits[side, [int(np.floor(far)), int(np.ceil(far))]] = 0.0
        self.bins[stride][0, cell] = logits.reshape(-1)
        return self

    def found(self, seen: tuple[float, float] | None = None, least: float = 0.35) -> list[Detection]:
        outputs: list[Any] = [*self.bins.values(), *self.scores.values()]
        return decoded(outputs, self.size, seen or self.size, least)


def test_a_box_is_the_cell_s_centre_and_the_expected_bins() -> None:
    (one,) = Answers().see(PERSON, 0.8, 16, 5, 3, (1.0, 2.0, 1.5, 4.0)).found()
    assert (one.kind, one.score) == ("person", pytest.approx(0.8))
    centre = (5.5 * 16, 3.5 * 16)
    wanted = (centre[0] - 16, centre[1] - 32, centre[0] + 24, centre[1] + 64)
    assert one.box == pytest.approx([side / 416 for side in wanted], abs=1e-4)


@pytest.mark.parametrize("stride", [8, 16, 32])
def test_each_stride_counts_in_its_own_pixels(stride: int) -> None:
    (one,) = Answers().see(CAR, 0.6, stride, 4, 4, (2.0, 2.0, 2.0, 2.0)).found()
    assert one.box.x1 - one.box.x0 == pytest.approx(4 * stride / 416, abs=1e-4)


def test_boxes_are_parts_of_the_camera_s_picture_not_of_what_was_filled_up() -> None:
    """Of a wide picture the lower part is black: y is stretched, x is not, and nothing reaches beyond."""
    answers = Answers().see(PERSON, 0.9, 32, 6, 3, (1.0, 1.0, 1.0, 10.0))
    (one,) = answers.found(seen=(234.0, 416.0))
    assert one.box == pytest.approx((5.5 * 32 / 416, 2.5 * 32 / 234, 7.5 * 32 / 416, 1.0), abs=1e-4)


def test_of_boxes_over_each_other_the_surest_is_kept_and_kinds_of_vehicles_are_one() -> None:
    here = (2.0, 2.0, 2.0, 2.0)
    answers = Answers().see(PERSON, 0.6, 16, 5, 5, here).see(PERSON, 0.9, 16, 6, 5, here)
    assert [one.score for one in answers.found()] == [pytest.approx(0.9)]
    answers.see(PERSON, 0.7, 16, 12, 5, here)
    assert len(answers.found()) == 2
    vehicle = Answers().see(CAR, 0.7, 32, 5, 5, here).see(TRUCK, 0.8, 32, 5, 5, here)
    assert [one.kind for one in vehicle.found()] == ["truck"]


def test_who_rides_and_what_they_ride_are_two() -> None:
    here = (2.0, 3.0, 2.0, 3.0)
    both = Answers().see(PERSON, 0.7, 16, 5, 5, here).see(BICYCLE, 0.6, 16, 6, 5, here)
    assert [one.kind for one in both.found()] == ["person", "bicycle"]


def test_nothing_but_six_kinds_is_told() -> None:
    answers = Answers()
    for kind in range(80):
        answers.see(kind, 0.9, 8, 5 * (kind % 10), 5 * (kind // 10), (1.0, 1.0, 1.0, 1.0))
    assert {one.kind for one in answers.found()} == {"person", "bicycle", "car", "motorcycle", "bus", "truck"}
    assert Answers().see(DOG, 0.9, 8, 5, 5, (1.0, 1.0, 1.0, 1.0)).found() == []


def test_what_is_not_sure_enough_is_not_told() -> None:
    answers = Answers().see(PERSON, 0.44, 16, 5, 5, (1.0, 1.0, 1.0, 1.0))
    assert len(answers.found(least=0.4)) == 1
    assert answers.found(least=0.45) == []


def test_a_picture_keeps_its_proportions_and_is_filled_up_with_black() -> None:
    white = np.full((360, 640, 3), 255, np.uint8)
    square, scale = prepared(white, 416, 416)
    assert (square.shape, scale) == ((1, 3, 416, 416), 0.65)
    assert square[0, 0, 233, 415] == pytest.approx((255 - 103.53) / 57.375, abs=1e-3)
    assert square[0, 2, 235, 0] == pytest.approx(-123.675 / 58.395, abs=1e-3)


@pytest.mark.parametrize(("height", "width", "becomes"), [(360, 640, 256), (576, 768, 320), (416, 416, 416)])
def test_a_network_of_any_height_gets_no_more_than_it_needs(height: int, width: int, becomes: int) -> None:
    assert prepared(np.zeros((height, width, 3), np.uint8))[0].shape == (1, 3, becomes, 416)


def test_a_tall_picture_fits_too() -> None:
    given, scale = prepared(np.zeros((1280, 720, 3), np.uint8))
    assert given.shape == (1, 3, 416, 416)
    assert scale == pytest.approx(416 / 1280)


def test_overlap() -> None:
    assert overlap((0, 0, 2, 2), (1, 0, 3, 2)) == pytest.approx(1 / 3)
    assert overlap((0, 0, 1, 1), (2, 2, 3, 3)) == 0.0
    assert overlap((0, 0, 0, 0), (0, 0, 0, 0)) == 0.0


@pytest.mark.parametrize("content", [None, b"", b"no network"])
def test_what_is_no_network_is_said(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "nanodet.onnx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Misconfigured, match=r"nanodet\.onnx is no detector"):
        Detector(path)
