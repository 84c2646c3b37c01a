"""Passwords that are made for people and devices can be typed as they stand."""

from __future__ import annotations

import secrets

import pytest

from gateway.embedded.secrets import new_secret


def test_a_secret_never_looks_like_an_option(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter(["-nfoo", "_bar", "x-_1"])
    monkeypatch.setattr(secrets, "token_urlsafe", lambda _size: next(drawn))
    assert new_secret(3) == "x-_1"
