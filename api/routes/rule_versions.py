"""Versions of rules: write one down, let it run, retire a rule; and why a rule says, or does not say, something."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.answers.documented import answers
from api.answers.rules import ActivationAsked, RuleTrace, RuleWhole, VersionWritten
from api.deps import Have, Reader, actor
from gateway import rule_acts
from gateway.model.errors import NotFound
from gateway.store import rule_versions

router = APIRouter(tags=["rules"])


@router.get("/rules/{rule}", responses=answers(RuleWhole))
def read_rule(rule: str, session: Reader, have: Have) -> dict[str, Any]:
    """A rule: its versions, the newest first, which of them runs, and what was asked for."""
    del session
    with have.pool.transaction() as connection:
        versions = rule_versions.versions(connection, rule)
        if not versions:
            raise NotFound(f"there is no rule {rule!r}")
        activations = rule_versions.activations(connection, have.settings.station, rule)
    running = next((row["version"] for row in versions if row["active"]), None)
    return {"id": rule, "runs": running, "versions": versions, "activations": activations}


class VersionIn(BaseModel):
    """A definition and the tests that stand beside it, as YAML."""

    definition: str = Field(max_length=65_536)
    tests: str = Field(max_length=262_144)


@router.post("/rules/{rule}/versions", status_code=201, responses=answers(VersionWritten, status=201))
def write_version(rule: str, written: VersionIn, session: Reader, have: Have) -> dict[str, Any]:
    """Write a version down. Its record and its tests must hold; it does not run yet."""
    with have.pool.transaction() as connection:
        version = rule_acts.write_version(connection, actor(session, have), rule, written.definition, written.tests)
    return {"id": rule, "version": version}


class ActivationIn(BaseModel):
    """Which version, and by what right: a finished backtest of it, or a reason."""

    version: int = Field(ge=1)
    backtest: int | None = None
    reason: str | None = Field(default=None, max_length=2000)


@router.post("/rules/{rule}/activate", status_code=202, responses=answers(ActivationAsked, status=202))
def activate_version(rule: str, asked: ActivationIn, session: Reader, have: Have) -> dict[str, Any]:
    """Let a version run: it learns from the stored past, then takes over from one commit on."""
    with have.pool.transaction() as connection:
        request = rule_acts.activate(
            connection, actor(session, have), rule, asked.version, backtest=asked.backtest, reason=asked.reason
        )
    return {"id": rule, "version": asked.version, "activation": request}


class RetirementIn(BaseModel):
    """Why nobody is to be warned by a rule any more."""

    reason: str = Field(max_length=2000)


@router.post("/rules/{rule}/retire", status_code=202, responses=answers(ActivationAsked, status=202))
def retire_rule(rule: str, retired: RetirementIn, session: Reader, have: Have) -> dict[str, Any]:
    """Let a rule run no more; what it raised ends."""
    with have.pool.transaction() as connection:
        request = rule_acts.retire(connection, actor(session, have), rule, retired.reason)
    return {"id": rule, "version": None, "activation": request}


@router.get("/rules/{rule}/trace", responses=answers(RuleTrace))
def read_trace(
    rule: str, session: Reader, have: Have, subject: Annotated[str, Query(min_length=3, max_length=200)]
) -> dict[str, Any]:
    """What a rule makes of one subject (`device:…`, `person:…`, `place:…`) just now, and why it did not ring."""
    with have.pool.transaction() as connection:
        return rule_acts.why(connection, actor(session, have), rule, subject)
