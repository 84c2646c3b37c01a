"""An answer as JSON, or as CSV where that is asked for: `?format=csv`, or `Accept: text/csv`."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import msgspec
from fastapi import Depends, Query, Request, Response

from api.answers.documented import answers, file
from gateway.figures.sheet import Language, Sheet, to_csv

CSV = "text/csv"


def answers_or_file(model: Any, *media_types: str) -> dict[int | str, dict[str, Any]]:
    """Say that a route answers this as JSON or, asked for that, a file: for `responses=` of its decorator."""
    return {200: answers(model)[200] | file(*media_types or (CSV,))[200]}


class Shape:
    """How an answer is wanted. `format` goes over the Accept header; headings are in `lang`."""

    def __init__(
        self,
        request: Request,
        format: Annotated[Literal["json", "csv"] | None, Query()] = None,  # noqa: A002  # the parameter's name
        lang: Annotated[Language, Query()] = "zh",
    ) -> None:
        accepted = request.headers.get("Accept", "")
        self.csv = format == "csv" or (format is None and CSV in accepted and "json" not in accepted)
        self.language = lang

    def answer(self, told: Any, sheet: Sheet, time_zone: str, name: str) -> Response:
        """Answer with what was told, or with its table under a file name."""
        if not self.csv:
            return Response(msgspec.json.encode(told), media_type="application/json")
        return Response(
            to_csv(sheet, self.language, ZoneInfo(time_zone)),
            media_type=f"{CSV}; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
        )


Shaped = Annotated[Shape, Depends(Shape)]
