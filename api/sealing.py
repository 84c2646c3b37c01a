"""What opens personal data for the routes that show it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from api.deps import Have
from gateway.sealing import Sealer, sealer_of


def sealer(request: Request, have: Have) -> Sealer:
    """The installation's sealer; its key is read, or made, at the first use and not when the application is built."""
    state = request.app.state
    if not hasattr(state, "sealer"):
        state.sealer = sealer_of(have.settings)
    found: Sealer = state.sealer
    return found


Seals = Annotated[Sealer, Depends(sealer)]
