"""Callbacks about what the simulator leads no life of: told here, and posted at once."""

from uuid import uuid4

import orjson
from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from twilio_gateway.simulator.ledger import Ledger
from twilio_gateway.simulator.payloads import KINDS, CallStatus, Told
from twilio_gateway.simulator.postman import is_loopback
from twilio_gateway.simulator.signing import sign
from twilio_gateway.simulator.used import call_ended, write_down

_PATH = "/simulator/callbacks"
_TOLD: TypeAdapter[Told] = TypeAdapter(Told)


def table() -> str:
    """The kinds and what can be told of each, in Markdown."""
    rows = [(kind, [name for name in kind.model_fields if name != "kind"]) for kind in KINDS]
    lines = [
        f"| `{kind.model_fields['kind'].default}` | {(kind.__doc__ or '').rstrip('.')} | "
        f"{', '.join(f'`{name}`' for name in names)} |"
        for kind, names in rows
    ]
    return "\n".join(["| kind | What it tells of | What can be told |", "|---|---|---|", *lines])


async def _call_back(request: Request) -> Response:
    try:
        told = orjson.loads(await request.body())
        url, account_sid = str(told.pop("to_url")), str(told.pop("account_sid"))
        callback = _TOLD.validate_python(told)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_context=False, include_input=False)
        return JSONResponse(
            {"message": "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in wrong)}, 400
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return JSONResponse({"message": "It takes a JSON object with kind, to_url and account_sid."}, 400)
    if not is_loopback(url):
        return JSONResponse({"message": "to_url is an address on this machine: the simulator calls nobody else."}, 400)
    simulator = request.app.state.simulator
    account = simulator.ledger.row("SELECT * FROM account WHERE sid = ?", account_sid)
    if account is None:
        return JSONResponse({"message": "There is no account with the SID in account_sid."}, 404)
    _charge(simulator.ledger, callback, account_sid, simulator.now())
    answers = []
    for content in callback.contents(account, simulator.clock.now()):
        signed = sign(url, content, account["auth_token"], token=str(uuid4()))
        answers.append(await simulator.postman.post(signed))
    return JSONResponse({"answers": answers})


def _charge(ledger: Ledger, told: Told, account_sid: str, now: float) -> None:
    """A call that is told to have come about is used."""
    if isinstance(told, CallStatus) and "completed" in told.statuses:
        inbound = told.direction == "inbound"
        own, other = (told.recipient, told.sender) if inbound else (told.sender, told.recipient)
        ended = call_ended(account_sid, told.call_sid, other, own, inbound=inbound, seconds=told.seconds, at=now)
        write_down(ledger, [ended])


ROUTES = (Route(_PATH, _call_back, methods=["POST"]),)
