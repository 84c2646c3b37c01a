"""Structured logs: one JSON line per happening, on standard error."""

from __future__ import annotations

import logging
import sys

import structlog
from structlog.typing import EventDict, Processor


def set_up(level: str, process: str) -> None:
    """Set up this process's logs."""
    structlog.configure(
        processors=[
            _naming(process),
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)


def _naming(process: str) -> Processor:
    """Name the process on every line, whichever thread writes it."""

    def name(_logger: object, _method: str, line: EventDict) -> EventDict:
        line["process"] = process
        return line

    return name
