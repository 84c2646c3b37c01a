"""Moments on the command line."""

from datetime import datetime

import click


def aware(_context: click.Context, _option: click.Parameter, text: str | None) -> datetime | None:
    """Read RFC 3339 with an offset (a callback of click options); says what is wanted when it isn't that."""
    if text is None:
        return None
    wanted = f"{text!r}: write it like 2026-11-22T08:00:00+08:00"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(f"{wanted} ({error})") from error
    if moment.tzinfo is None:
        raise click.BadParameter(f"{wanted} (an offset is missing)")
    return moment
