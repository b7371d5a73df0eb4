"""Callbacks about what the simulator leads no life of: told here, and posted at once."""

from uuid import uuid4

import orjson
from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from twilio_gateway.simulator.payloads import KINDS, Told
from twilio_gateway.simulator.postman import is_loopback
from twilio_gateway.simulator.signing import sign

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
    answers = []
    for content in callback.contents(account, simulator.clock.now()):
        signed = sign(url, content, account["auth_token"], token=str(uuid4()))
        answers.append(await simulator.postman.post(signed))
    return JSONResponse({"answers": answers})


ROUTES = (Route(_PATH, _call_back, methods=["POST"]),)
