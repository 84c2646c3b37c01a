"""Every refusal that people may meet is there in Chinese (`words/refusals.ts`), and none that nobody says."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from gateway.incidents import decide

ROOT = Path(__file__).parents[2]
CATALOGUE = ROOT / "api" / "console" / "src" / "words" / "refusals.ts"
ERRORS = {
    "BadInput",
    "Conflict",
    "Forbidden",
    "NotFound",
    "Overtaken",
    "StoreUnavailable",
    "Unauthorised",
    "VideoUnavailable",
    "unauthorised",
}
#: What is said to devices, providers, integrators and whoever runs the server: never in a page.
TO_MACHINES = {
    "api/device_login.py", "api/routes/pictures.py", "gateway/evidence/handing_in.py", "api/routes/cameras.py",
    "gateway/cameras/handing_in.py",
    "api/routes/events.py", "api/routes/receipts.py", "gateway/telling/receipts.py", "gateway/stops/admit.py",
    "gateway/road.py", "gateway/store/migrate.py", "gateway/history.py", "gateway/backfill.py", "gateway/rehearse.py",
    "gateway/learning.py", "gateway/enrol.py", "gateway/evidence/signing.py", "gateway/evidence/verify.py",
}  # fmt: skip
SERVER_FOLDERS = {"doctor", "embedded", "backup"}


def template(node: ast.expr) -> list[str]:
    """The sentences an expression may stand for, `{}` for what is put in; empty when it is made elsewhere."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.JoinedStr):
        return ["".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)]
    if isinstance(node, ast.IfExp):
        return template(node.body) + template(node.orelse)
    return []


def said_in(path: Path) -> set[str]:
    """The sentences that a file refuses with."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and node.args and isinstance(node.func, ast.Name) and node.func.id in ERRORS:
            found.update(template(node.args[0]))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "HTTPException":
            found.update(template(node.args[1]))
        if isinstance(node, ast.FunctionDef) and node.name in {"over", "why_over", "unauthorised"}:
            returned = [one.value for one in ast.walk(node) if isinstance(one, ast.Return) and one.value is not None]
            found.update(sentence for one in [*returned, *node.args.defaults] for sentence in template(one))
    return found


@cache
def spoken() -> dict[str, str]:
    """Every sentence people may be refused with, and the file that says it."""
    found: dict[str, str] = {}
    for root in ("gateway", "api"):
        for path in sorted((ROOT / root).rglob("*.py")):
            name = str(path.relative_to(ROOT))
            if name in TO_MACHINES or path.name.startswith("cli") or SERVER_FOLDERS & set(path.parts):
                continue
            if "console" not in path.parts:
                found |= dict.fromkeys(said_in(path), name)
    # `{}: {}` and the like only pass on what something else says.
    found |= {f"{sentence} ({{}})": "gateway/incidents/decide.py" for _, sentence in decide._NEEDS.values()}
    return {sentence: name for sentence, name in found.items() if re.search("[a-z]{2,} ", sentence.replace("{}", ""))}


@cache
def catalogue() -> list[str]:
    text = CATALOGUE.read_text(encoding="utf-8").partition("(pydantic)")[0]
    return [
        re.sub(r'\\"', '"', english)
        for _, english in re.findall(r'^  \["((?:[^"\\]|\\.)+)", "((?:[^"\\]|\\.)+)"\],$', text, re.MULTILINE)
    ]


#: What only says about which field something else is said.
PASSED_ON = {"personal: {}", "url: {}", "policy: {}"}
#: Said by what is no sentence in a call: put together from parts, or told by `/readyz`.
PUT_TOGETHER = re.compile(r"«\{\}» at|nothing has happened yet|it is in the log|this came from another page")


@pytest.mark.parametrize(("sentence", "file"), sorted(spoken().items()))
def test_a_refusal_is_there_in_chinese(sentence: str, file: str) -> None:
    fits = [re.escape(one).replace(r"\{\}", ".+") for one in catalogue()]
    assert any(re.fullmatch(one, sentence, re.DOTALL) for one in fits), f"{file} says it; add it to {CATALOGUE.name}"


def test_nothing_stands_there_that_nobody_says() -> None:
    readiness = "".join((ROOT / part / "health.py").read_text(encoding="utf-8") for part in ("gateway", "api/routes"))
    said_by = spoken() | dict.fromkeys(PASSED_ON, "")
    left = [one for one in catalogue() if one not in said_by and one not in readiness and not PUT_TOGETHER.search(one)]
    assert left == []
