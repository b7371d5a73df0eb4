"""Usage that is told to the simulator: by the day in bulk, late, or put right; and how far its records lag behind."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated

import orjson
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from twilio_gateway.simulator.used import CATEGORIES, HOLDERS, Used, start_of, write_down

_PATH = "/simulator/usage"
_MOST = 100_000


class _Line(BaseModel):
    """What was used of a category on a day; a correction of a price has no count."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    account_sid: str
    day: date
    category: str
    count: int = 0
    usage: int = 0
    price: Annotated[Decimal, Field(max_digits=15, decimal_places=6)]
    seen_at: datetime | None = None  # from when records show it; at once unless told


_LINES = TypeAdapter(Annotated[list[_Line], Field(max_length=_MOST)])


async def _use(request: Request) -> Response:
    try:
        lines = _LINES.validate_python(orjson.loads(await request.body()))
    except (ValidationError, ValueError) as error:
        return JSONResponse({"message": f"It takes a list of objects: {_said(error)}"}, 400)
    usable = CATEGORIES.keys() - HOLDERS
    if wrong := {line.category for line in lines} - usable:
        return JSONResponse({"message": f"{', '.join(sorted(wrong))}: a category is one of {sorted(usable)}."}, 400)
    simulator = request.app.state.simulator
    known = {row["sid"] for row in simulator.ledger.rows("SELECT sid FROM account")}
    if not {line.account_sid for line in lines} <= known:
        return JSONResponse({"message": "There is no account with the SID in account_sid."}, 404)
    with simulator.ledger.transaction():
        write_down(simulator.ledger, (_used(line) for line in lines))
    return JSONResponse({"lines": len(lines)}, 201)


def _used(line: _Line) -> Used:
    seen = 0.0 if line.seen_at is None else _utc(line.seen_at).timestamp()
    micros = int(line.price.scaleb(6))
    at = start_of(line.day)
    return Used(line.account_sid, line.day, line.category, line.count, line.usage, micros, at, seen)


async def _lag(request: Request) -> Response:
    try:
        seconds = float(orjson.loads(await request.body())["seconds"])
    except (ValueError, KeyError, TypeError):
        return JSONResponse({"message": 'It takes {"seconds": 1800}.'}, 400)
    request.app.state.simulator.ledger.write("REPLACE INTO told (name, value) VALUES ('lag', ?)", str(max(seconds, 0)))
    return JSONResponse({"seconds": max(seconds, 0)})


def _said(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return "this is no JSON"
    wrong = error.errors(include_url=False, include_context=False, include_input=False)[:5]
    return "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in wrong)


def _utc(instant: datetime) -> datetime:
    return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)


ROUTES = (Route(_PATH, _use, methods=["POST"]), Route(f"{_PATH}/lag", _lag, methods=["POST"]))
