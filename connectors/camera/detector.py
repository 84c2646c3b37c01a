"""Persons and vehicles in a picture: NanoDet-g (RangiLyu, Apache-2.0), run by onnxruntime on one thread.

It tells kinds and places, six kinds and nothing else that the network knows: no faces, no features, nothing by which a
person could be known again. It was trained on photographs from the side: seen from straight above it misses most cars
and many people. It knows what is 30 pixels high and more in a picture of 416 pixels' width.

The weights come at set-up (`anxin camera weights`); the decoding is that of the network's authors (generalised focal
loss: a side of the box is the expectation over 11 bins, counted in strides).
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from connectors.camera.seeing import Box, Colour
from gateway.model.errors import Misconfigured

Kind = Literal["person", "bicycle", "car", "motorcycle", "bus", "truck"]
Floats = NDArray[np.float32]

#: What is told, by its column among COCO's 80 kinds; and what excludes what at one place.
KINDS: tuple[Kind, ...] = ("person", "bicycle", "car", "motorcycle", "bus", "truck")
COLUMNS = (0, 1, 2, 3, 5, 7)
ALIKE = (0, 1, 2, 1, 2, 2)
VEHICLES: frozenset[Kind] = frozenset({"car", "motorcycle", "bus", "truck"})
#: Of blue, green and red, as the network was trained.
MEAN = np.array([103.53, 116.28, 123.675], np.float32)
SPREAD = np.array([57.375, 57.12, 58.395], np.float32)
#: Parts of the picture are judged every so many pixels.
STRIDES = (8, 16, 32)
SIDES = 4
LEAST, OVERLAP = 0.35, 0.5
MOST = 100
FILE = "nanodet.onnx"


class Detection(NamedTuple):
    """Something that is seen: what, how surely (0–1), and where."""

    kind: Kind
    score: float
    box: Box


class Detector:
    """The network, loaded once for all cameras of a worker; threads may share it.

    Raises `Misconfigured` when the file cannot be read or is another network.
    """

    def __init__(self, path: Path) -> None:
        import onnxruntime  # noqa: PLC0415  # 60 MB that only who has a detector needs

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
            (taken,) = self._session.get_inputs()
            self._taken, shape = str(taken.name), taken.shape
            outputs = [(str(one.name), one.shape) for one in self._session.get_outputs()]
        except Exception as error:
            raise Misconfigured(f"{path} is no detector that can be read: {error}") from error
        self._names = [name for name, _ in outputs]
        if len(shape) != 4 or shape[1] != 3 or len(outputs) != 2 * len(STRIDES):  # noqa: PLR2004
            raise Misconfigured(f"{path} is another network; `anxin camera weights` makes the right one")
        #: Height and width of the network's picture; 0: any multiple of the largest stride.
        self._size = tuple(side if isinstance(side, int) else 0 for side in shape[2:])
        self._lock = threading.Lock()
        self.calls = 0

    def found(self, picture: Colour, least: float = LEAST) -> list[Detection]:
        """Return what is seen in a picture, BGR (height, width, 3), surest first; scores of `least` and more."""
        given, scale = prepared(picture, *self._size)
        outputs: list[Any] = self._session.run(self._names, {self._taken: given})
        with self._lock:
            self.calls += 1
        height, width = picture.shape[:2]
        return decoded(outputs, given.shape[2:], (scale * height, scale * width), least)


def prepared(picture: Colour, height: int = 0, width: int = 0) -> tuple[Floats, float]:
    """Return a picture as the network takes it, and by how much it was scaled.

    It keeps its proportions and is filled up with black at the right and below; a `height` of 0 fills up to the next
    multiple of the largest stride only. Shape (1, 3, height, width), by mean and spread of the training's colours.
    """
    width = width or 416
    scale = min(width / picture.shape[1], (height or width) / picture.shape[0])
    size = (max(round(picture.shape[1] * scale), 1), max(round(picture.shape[0] * scale), 1))
    height = height or -(-size[1] // STRIDES[-1]) * STRIDES[-1]
    filled = np.zeros((height, width, 3), np.float32)
    # Linear, as it was trained; far larger pictures would alias.
    how = cv2.INTER_AREA if scale < 0.5 else cv2.INTER_LINEAR  # noqa: PLR2004
    filled[: size[1], : size[0]] = cv2.resize(picture, size, interpolation=how)
    filled -= MEAN
    filled /= SPREAD
    return np.ascontiguousarray(filled.transpose(2, 0, 1)[None]), scale


def decoded(
    outputs: list[Floats], size: tuple[int, ...], seen: tuple[float, float], least: float = LEAST
) -> list[Detection]:
    """Return what the network's outputs say, surest first.

    `outputs`: of each stride the scores (1, cells, 80) and the bins (1, cells, 44), in any order. `size`: height and
    width of the network's picture; `seen`: of the camera's picture in it.
    """
    scores, boxes = [], []
    for stride in STRIDES:
        rows, columns = -(-size[0] // stride), -(-size[1] // stride)
        mine = [one[0] for one in outputs if one.shape[1] == rows * columns]
        rated = next(one for one in mine if one.shape[1] == 80)[:, COLUMNS]  # noqa: PLR2004 - COCO's kinds
        bins = next(one for one in mine if one.shape[1] != 80)  # noqa: PLR2004
        cells = np.flatnonzero(rated.max(axis=1) >= least)
        centres = np.stack([cells % columns, cells // columns], axis=1) + 0.5
        told = _expected(bins[cells].reshape(len(cells), SIDES, bins.shape[1] // SIDES))
        boxes.append(stride * np.concatenate([centres - told[:, :2], centres + told[:, 2:]], axis=1))
        scores.append(rated[cells])
    return _kept(np.concatenate(scores), np.concatenate(boxes), seen, least)


def _expected(bins: Floats) -> Floats:
    """Return the expected bin of each side: the softmax over the last axis, weighed with the bins' numbers."""
    likely = np.exp(bins - bins.max(axis=-1, keepdims=True))
    expected: Floats = (likely * np.arange(bins.shape[-1], dtype=np.float32)).sum(-1) / likely.sum(-1)
    return expected


def _kept(scores: Floats, boxes: Floats, seen: tuple[float, float], least: float) -> list[Detection]:
    found: list[Detection] = []
    taken: list[tuple[int, Floats]] = []
    cells, kinds = np.nonzero(scores >= least)
    for which in np.argsort(-scores[cells, kinds], kind="stable"):
        cell, kind = int(cells[which]), int(kinds[which])
        box = boxes[cell]
        if any(sort == ALIKE[kind] and overlap(box, other) > OVERLAP for sort, other in taken):
            continue
        taken.append((ALIKE[kind], box))
        x0, y0, x1, y1 = (float(np.clip(side / seen[1 - axis % 2], 0, 1)) for axis, side in enumerate(box))
        if x1 > x0 and y1 > y0:
            found.append(Detection(KINDS[kind], float(scores[cell, kind]), Box(x0, y0, x1, y1)))
        if len(found) == MOST:
            break
    return found


def overlap(one: Any, other: Any) -> float:
    """Return what two boxes (left, top, right, bottom) have in common, in parts of what they cover together: IoU."""
    wide = max(min(one[2], other[2]) - max(one[0], other[0]), 0.0)
    high = max(min(one[3], other[3]) - max(one[1], other[1]), 0.0)
    both = (one[2] - one[0]) * (one[3] - one[1]) + (other[2] - other[0]) * (other[3] - other[1]) - wide * high
    return float(wide * high / max(both, 1e-9))
