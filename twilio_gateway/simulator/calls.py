"""Calls: making and reading them, and letting somebody call a number; what happens in one is in `call_lives`."""

import asyncio
import re
from sqlite3 import Row
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from twilio_gateway.simulator.call_lives import add_call, live, receive
from twilio_gateway.simulator.cut import ConnectionCutError
from twilio_gateway.simulator.ledger import Ledger
from twilio_gateway.simulator.magic import Reply, outcome_for
from twilio_gateway.simulator.messages import turn_away
from twilio_gateway.simulator.operations import PAGING, Call, Operation
from twilio_gateway.simulator.postman import is_loopback
from twilio_gateway.simulator.wire import Page, TwilioError, rfc2822

_ROOT = "/2010-04-01/Accounts/{AccountSid}/Calls"
_PATH = "/simulator/calls"
_E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_LONGEST_TWIML = 4000
_FINAL = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})


async def _create(call: Call) -> Response:
    fields = call.fields
    recipient, sender, twiml = fields.get("To", ""), fields.get("From", ""), fields.get("Twiml", "")
    if not _E164.fullmatch(recipient):
        raise TwilioError(400, 21211)
    own = "SELECT 1 FROM number WHERE phone_number = ? AND account_sid = ?"
    if not call.ledger.row(own, sender, call.account["sid"]):
        raise TwilioError(400, 21210)
    if not twiml or len(twiml) > _LONGEST_TWIML:
        raise TwilioError(400, 21205)
    callback = fields.get("StatusCallback", "")
    if callback and not is_loopback(callback):
        raise TwilioError(400, 21609)
    if call.account["status"] != "active":
        raise TwilioError(403, 20005)
    outcome = outcome_for(recipient)
    turn_away(call, outcome)
    sid = add_call(
        call.simulator,
        account_sid=call.account["sid"],
        recipient=recipient,
        sender=sender,
        direction="outbound-api",
        twiml=twiml,
        status_callback=callback,
    )
    answer = JSONResponse(_call(_by_sid(call.ledger, sid)), 201)
    call.simulator.postman.follow(live(call.simulator, sid, int(fields.get("TimeLimit", "14400"))))
    if outcome.reply is Reply.SLOW:
        await asyncio.sleep(call.simulator.settings.slow_answer.total_seconds())
    if outcome.reply is Reply.FAULT_AFTER:
        raise TwilioError(500, 20500)
    if outcome.reply is Reply.CUT_AFTER:
        raise ConnectionCutError
    return answer


async def _list(call: Call) -> Response:
    page = Page(call.fields)
    rows = call.ledger.rows(
        "SELECT * FROM call WHERE account_sid = ?1 AND (?2 IS NULL OR recipient = ?2) AND (?3 IS NULL OR sender = ?3) "
        "AND (?4 IS NULL OR parent_sid = ?4) AND (?5 IS NULL OR status = ?5) AND (?6 IS NULL OR seq < ?6) "
        "ORDER BY seq DESC LIMIT ?7",
        call.account["sid"],
        *(call.fields.get(name) for name in ("To", "From", "ParentCallSid", "Status")),
        page.after,
        page.size + 1,
    )
    path = _ROOT.format(AccountSid=call.account["sid"]) + ".json"
    return JSONResponse(page.legacy("calls", path, rows, _call))


async def _fetch(call: Call) -> Response:
    row = call.ledger.row("SELECT * FROM call WHERE sid = ? AND account_sid = ?", call.path["Sid"], call.account["sid"])
    if row is None:
        raise TwilioError(404, 20404)
    return JSONResponse(_call(row))


async def _delete(call: Call) -> Response:
    row = call.ledger.row("SELECT * FROM call WHERE sid = ? AND account_sid = ?", call.path["Sid"], call.account["sid"])
    if row is None:
        raise TwilioError(404, 20404)
    if row["status"] not in _FINAL:
        raise TwilioError(409, 20009)
    call.ledger.write("DELETE FROM call WHERE sid = ?", row["sid"])
    return Response(status_code=204)


def _by_sid(ledger: Ledger, sid: str) -> Row:
    return ledger.rows("SELECT * FROM call WHERE sid = ?", sid)[0]


def _call(row: Row) -> dict[str, Any]:
    uri = f"{_ROOT.format(AccountSid=row['account_sid'])}/{row['sid']}"
    below = ("notifications", "recordings", "payments", "events", "siprec", "streams", "transcriptions")
    return {
        "sid": row["sid"],
        "account_sid": row["account_sid"],
        "parent_call_sid": row["parent_sid"],
        "to": row["recipient"],
        "to_formatted": row["recipient"],
        "from": row["sender"],
        "from_formatted": row["sender"],
        "status": row["status"],
        "direction": row["direction"],
        "duration": None if row["seconds"] is None else str(row["seconds"]),
        "start_time": rfc2822(row["started"]),
        "end_time": rfc2822(row["ended"]),
        "date_created": rfc2822(row["created"]),
        "date_updated": rfc2822(row["updated"]),
        "price": None,
        "price_unit": "USD",
        "answered_by": None,
        "api_version": "2010-04-01",
        "caller_name": None,
        "forwarded_from": None,
        "group_sid": None,
        "phone_number_sid": None,
        "queue_time": "0",
        "trunk_sid": None,
        "subresource_uris": {name: f"{uri}/{name.capitalize()}.json" for name in below},
        "uri": f"{uri}.json",
    }


async def _somebody_calls(request: Request) -> Response:
    """Let somebody call a number: it is answered as its webhook says."""
    try:
        told = orjson.loads(await request.body())
        sender, number = str(told["from"]), str(told["to"])
    except (ValueError, KeyError, TypeError):
        return JSONResponse({"message": "It takes a JSON object with from and to."}, 400)
    sid = await receive(request.app.state.simulator, sender=sender, number=number)
    if sid is None:
        return JSONResponse({"message": "Nobody here has the number in to."}, 404)
    return JSONResponse({"sid": sid}, 201)


ROUTES = (Route(_PATH, _somebody_calls, methods=["POST"]),)
_CREATE = frozenset({"To", "From", "Twiml", "StatusCallback", "StatusCallbackEvent", "TimeLimit", "Timeout"})
OPERATIONS = (
    Operation("POST", f"{_ROOT}.json", _CREATE, _create),
    Operation("GET", f"{_ROOT}.json", PAGING | {"To", "From", "ParentCallSid", "Status"}, _list),
    Operation("GET", f"{_ROOT}/{{Sid}}.json", frozenset(), _fetch),
    Operation("DELETE", f"{_ROOT}/{{Sid}}.json", frozenset(), _delete),
)
