"""A model as TensorFlow.js has it (a graph in JSON, weights in raw bytes) becomes one in ONNX.

Only what the detector is made of is understood; anything else raises. Pictures lie channels last there and channels
first here: a transposition is remembered instead of carried out, so that hardly one is left between convolutions.

Formats: tfjs-converter's graph models (GraphDef in JSON), and the operators of ONNX, opset 18.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Node = Mapping[str, Any]
Order = tuple[int, ...]
OPSET = 18
#: How a picture (number, height, width, channel) lies in a tensor (number, channel, height, width).
PICTURE: Order = (0, 2, 3, 1)


class NotUnderstood(ValueError):
    """The graph has something this converter does not know; the sentence names it."""


class Value(NamedTuple):
    """A tensor of the graph whose axis i is axis `order[i]` of ONNX's tensor `name`."""

    name: str
    order: Order


def weights_of(manifest: Sequence[Mapping[str, Any]], raw: bytes) -> dict[str, Array]:
    """Return the weights by name, float32 and int64. Raises `NotUnderstood` when bytes are missing or left over."""
    found: dict[str, Array] = {}
    at = 0
    for one in (one for group in manifest for one in group["weights"]):
        packed = one.get("quantization", {}).get("dtype", one["dtype"])
        if packed not in {"float16", "float32", "int32"}:
            raise NotUnderstood(f"the weights of {one['name']} are {packed}")
        kind = np.dtype(packed).newbyteorder("<")
        count = int(np.prod(one["shape"]))
        if at + count * kind.itemsize > len(raw):
            raise NotUnderstood(f"the weights are cut short at {one['name']}")
        read = np.frombuffer(raw, kind, count, at).reshape(one["shape"])
        found[one["name"]] = read.astype(np.int64 if packed == "int32" else np.float32)
        at += count * kind.itemsize
    if at != len(raw):
        raise NotUnderstood(f"{len(raw) - at} bytes of weights are left over")
    return found


class Converter:
    """Converts one graph. Needs the package `onnx` (the extra `weights`)."""

    def __init__(self, told: Mapping[str, Any], raw: bytes) -> None:
        self._nodes: dict[str, Node] = {one["name"]: one for one in told["modelTopology"]["node"]}
        self._outputs: Mapping[str, Any] = told["signature"]["outputs"]
        self._constants = weights_of(told["weightsManifest"], raw)
        self._values: dict[str, Value] = {}
        self._inputs: list[Any] = []
        self._made: dict[str, Any] = {}
        self._kept: dict[str, Any] = {}
        self._ways: dict[str, Callable[[Node], None]] = {
            "Placeholder": self._placeholder, "Identity": self._identity, "Transpose": self._transpose,
            "Conv2D": self._conv, "MaxPool": self._max_pool, "ResizeBilinear": self._resize, "Add": self._add,
            "AddV2": self._add, "Pad": self._pad, "PadV2": self._pad, "LeakyRelu": self._each, "Sigmoid": self._each,
            "ConcatV2": self._concat, "SplitV": self._split, "Reshape": self._reshape, "SparseToDense": self._dense,
        }  # fmt: skip

    def model(self) -> Any:
        """Return the ONNX model, checked; inputs and outputs have the graph's names and shapes.

        Raises `NotUnderstood` with what it does not know.
        """
        from onnx import TensorProto, checker, helper  # noqa: PLC0415  # an extra: only who converts has it

        results = []
        for name in sorted(told.partition(":")[0] for told in self._outputs):
            shape = _shape(self._outputs[f"{name}:0"]["tensorShape"])
            results.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
            made = self._laid(self._value(name))
            self._make("Identity", [made], [f"{name}"])
        graph = helper.make_graph(
            list(self._made.values()), "detector", self._inputs, results, list(self._kept.values())
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)
        checker.check_model(model, full_check=True)
        return model

    # ── what a node is given, and how it lies ────────────────────────────────────────────────────────

    def _value(self, told: str) -> Value:
        self._settle(told)
        if (name := _node_of(told)) in self._constants:
            constant = self._constants[name]
            return Value(self._keep(name, constant), tuple(range(constant.ndim)))
        return self._values[told.removesuffix(":0")]

    def _constant(self, told: str) -> Array:
        self._settle(told)
        if told not in self._constants:
            raise NotUnderstood(f"{told} should be a constant")
        return self._constants[told]

    def _settle(self, told: str) -> None:
        """Convert all that a tensor hangs on, without recursion: graphs are deeper than Python's stack."""
        waiting = [_node_of(told)]
        while waiting:
            name = waiting[-1]
            if name in self._constants or name in self._values:
                waiting.pop()
                continue
            node = self._nodes.get(name)
            if node is None or node["op"] not in self._ways:
                raise NotUnderstood(f"{name}: {node['op'] if node else 'a tensor that nobody makes'} is not known here")
            missing = [one for one in map(_node_of, node.get("input", ())) if one not in self._constants | self._values]
            if not missing:
                self._ways[node["op"]](node)
            waiting += missing

    def _keep(self, name: str, array: Array) -> str:
        from onnx import numpy_helper  # noqa: PLC0415

        self._kept[name] = numpy_helper.from_array(np.ascontiguousarray(array), name)
        return name

    def _make(self, kind: str, inputs: list[str], outputs: list[str], **attributes: Any) -> None:
        from onnx import helper  # noqa: PLC0415

        self._made[outputs[0]] = helper.make_node(kind, inputs, outputs, outputs[0], **attributes)

    def _laid(self, value: Value, order: Order | None = None) -> str:
        """Return the name of an ONNX tensor in which the value lies in `order`; straight unless told."""
        wanted = order or tuple(range(len(value.order)))
        turn = [value.order[axis] for axis in _inverse(wanted)]
        if turn == sorted(turn):
            return value.name
        name = f"{value.name}/{''.join(map(str, turn))}"
        if name not in self._made:
            self._make("Transpose", [value.name], [name], perm=turn)
        return name

    def _becomes(self, node: Node, kind: str, inputs: list[str], order: Order, **attributes: Any) -> None:
        self._make(kind, inputs, [f"{node['name']}/"], **attributes)
        self._values[node["name"]] = Value(f"{node['name']}/", order)

    # ── the operators ────────────────────────────────────────────────────────────────────────────────

    def _placeholder(self, node: Node) -> None:
        from onnx import TensorProto, helper  # noqa: PLC0415

        shape = _shape(node["attr"]["shape"]["shape"])
        self._inputs.append(helper.make_tensor_value_info(node["name"], TensorProto.FLOAT, shape))
        self._values[node["name"]] = Value(node["name"], tuple(range(len(shape))))

    def _identity(self, node: Node) -> None:
        self._values[node["name"]] = self._value(node["input"][0])

    def _transpose(self, node: Node) -> None:
        value, turn = self._value(node["input"][0]), self._constant(node["input"][1])
        self._values[node["name"]] = Value(value.name, tuple(value.order[axis] for axis in turn))

    def _conv(self, node: Node) -> None:
        picture = self._laid(self._value(node["input"][0]), PICTURE)
        kernel = self._constant(node["input"][1]).transpose(3, 2, 0, 1)  # theirs: height, width, channels in and out
        strides, dilations = _numbers(node, "strides"), _numbers(node, "dilations")
        self._is_plain(node)
        given = [picture, self._keep(node["input"][1], kernel)]
        self._becomes(node, "Conv", given, PICTURE, strides=strides[1:3], dilations=dilations[1:3])

    def _max_pool(self, node: Node) -> None:
        self._is_plain(node)
        picture = self._laid(self._value(node["input"][0]), PICTURE)
        size, strides = _numbers(node, "ksize"), _numbers(node, "strides")
        self._becomes(node, "MaxPool", [picture], PICTURE, kernel_shape=size[1:3], strides=strides[1:3])

    def _is_plain(self, node: Node) -> None:
        how = {key: base64.b64decode(node["attr"][key]["s"]).decode() for key in ("padding", "data_format")}
        if how != {"padding": "VALID", "data_format": "NHWC"}:
            raise NotUnderstood(f"{node['name']} has {how}")

    def _resize(self, node: Node) -> None:
        if node["attr"]["align_corners"].get("b") or not node["attr"]["half_pixel_centers"].get("b"):
            raise NotUnderstood(f"{node['name']} does not align the centres of pixels")
        picture, size = self._laid(self._value(node["input"][0]), PICTURE), self._constant(node["input"][1])
        given = [picture, "", "", self._keep(f"{node['name']}/sizes", size)]
        self._becomes(
            node, "Resize", given, PICTURE, axes=[2, 3], mode="linear", coordinate_transformation_mode="half_pixel"
        )

    def _add(self, node: Node) -> None:
        one, other = node["input"]
        if one in self._constants and other in self._constants:
            self._constants[node["name"]] = self._constants[one] + self._constants[other]
            return
        if one in self._constants:
            one, other = other, one
        value = self._value(one)
        if other in self._constants:
            addend = self._constants[other]
            whole = addend.reshape((1,) * (len(value.order) - addend.ndim) + addend.shape)
            given = self._keep(f"{node['name']}/addend", whole.transpose(_inverse(value.order)))
        else:
            given = self._laid(self._value(other), value.order)
        self._becomes(node, "Add", [value.name, given], value.order)

    def _pad(self, node: Node) -> None:
        value, pads = self._value(node["input"][0]), self._constant(node["input"][1])
        turned = pads[list(_inverse(value.order))]
        given = [value.name, self._keep(f"{node['name']}/pads", turned.T.reshape(-1))]
        if len(node["input"]) > 2:  # noqa: PLR2004 - PadV2 says with what
            given.append(self._keep(f"{node['name']}/with", self._constant(node["input"][2]).reshape(())))
        self._becomes(node, "Pad", given, value.order)

    def _each(self, node: Node) -> None:
        value = self._value(node["input"][0])
        attributes = {"alpha": float(node["attr"]["alpha"]["f"])} if "alpha" in node["attr"] else {}
        self._becomes(node, node["op"], [value.name], value.order, **attributes)

    def _concat(self, node: Node) -> None:
        *told, axis = node["input"]
        first = self._value(told[0])
        given = [self._laid(self._value(one), first.order) for one in told]
        self._becomes(node, "Concat", given, first.order, axis=first.order[int(self._constant(axis))])

    def _split(self, node: Node) -> None:
        told, sizes, axis = node["input"]
        value = self._value(told)
        count = len(self._constant(sizes))
        names = [f"{node['name']}/{number}" for number in range(count)]
        lengths = self._keep(f"{node['name']}/sizes", self._constant(sizes))
        self._make("Split", [value.name, lengths], names, axis=value.order[int(self._constant(axis))])
        for number, name in enumerate(names):
            self._values[node["name"] if number == 0 else f"{node['name']}:{number}"] = Value(name, value.order)

    def _reshape(self, node: Node) -> None:
        shape = self._constant(node["input"][1])
        given = [self._laid(self._value(node["input"][0])), self._keep(f"{node['name']}/shape", shape)]
        self._becomes(node, "Reshape", given, tuple(range(len(shape))))

    def _dense(self, node: Node) -> None:
        indices, shape, values, rest = (self._constant(one) for one in node["input"])
        dense = np.full(shape, rest, np.int64)
        dense[tuple(indices.T)] = values
        self._constants[node["name"]] = dense


def _inverse(order: Sequence[int]) -> Order:
    return tuple(int(axis) for axis in np.argsort(order))


def _node_of(told: str) -> str:
    """Return the node that makes a tensor: `split:1` is the second of `split`."""
    return told.partition(":")[0]


def _shape(told: Mapping[str, Any]) -> list[int]:
    return [int(dim["size"]) for dim in told.get("dim", ())]


def _numbers(node: Node, name: str) -> list[int]:
    return [int(number) for number in node["attr"][name]["list"]["i"]]
