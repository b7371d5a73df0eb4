"""Texts with numbered variables, on content.twilio.com: kept, and filled when a message is sent with one."""

import json
import re
from sqlite3 import Row
from typing import Any

from starlette.responses import JSONResponse, Response

from twilio_gateway.simulator.ledger import new_sid
from twilio_gateway.simulator.operations import PAGING, Call, Operation
from twilio_gateway.simulator.wire import Page, TwilioError, iso

_HOST = "https://content.twilio.com"
_ROOT = "/v1/Content"
_PLACE = re.compile(r"\{\{(\w{1,16})\}\}", re.ASCII)
_MOST = 100
_TEXT = "twilio/text"  # the one type that is done


async def _create(call: Call) -> Response:
    types, variables = _object(call.fields.get("types", "null")), _object(call.fields.get("variables", "{}"))
    text = types.get(_TEXT)
    body = text.get("body") if isinstance(text, dict) else None
    if set(types) != {_TEXT} or not isinstance(body, str) or not body or "language" not in call.fields:
        raise TwilioError(400, 20001)
    if len(variables) > _MOST or not all(isinstance(value, str) for value in variables.values()):
        raise TwilioError(400, 92002)
    now = call.simulator.now()
    content = {
        "sid": new_sid("HX"),
        "account_sid": call.account["sid"],
        "friendly_name": call.fields.get("friendly_name", ""),
        "language": call.fields["language"],
        "variables": json.dumps(variables),
        "body": body,
        "created": now,
    }
    call.ledger.insert("content", **content)
    return JSONResponse(_content(_found(call, content["sid"])), 201)


async def _list(call: Call) -> Response:
    page = Page(call.fields)
    rows = call.ledger.rows(
        "SELECT * FROM content WHERE account_sid = ?1 AND (?2 IS NULL OR seq < ?2) ORDER BY seq DESC LIMIT ?3",
        *(call.account["sid"], page.after, page.size + 1),
    )
    return JSONResponse(page.modern("contents", _HOST + _ROOT, rows, _content))


async def _fetch(call: Call) -> Response:
    return JSONResponse(_content(_found(call, call.path["Sid"])))


async def _delete(call: Call) -> Response:
    call.ledger.write("DELETE FROM content WHERE sid = ?", _found(call, call.path["Sid"])["sid"])
    return Response(status_code=204)


def filled(call: Call) -> str:
    """The text of a message that is sent with a content: its variables filled, or else as their examples are."""
    content = call.ledger.row(
        "SELECT * FROM content WHERE sid = ? AND account_sid = ?", call.fields["ContentSid"], call.account["sid"]
    )
    if content is None:
        raise TwilioError(400, 21655)
    try:
        given = _object(call.fields.get("ContentVariables", "{}"))
    except TwilioError:
        raise TwilioError(400, 21656) from None
    if not all(isinstance(value, str) and _is_fit(value) for value in given.values()):
        raise TwilioError(400, 21656)
    values = json.loads(content["variables"]) | given
    return _PLACE.sub(lambda match: str(values.get(match[1], match[0])), content["body"])


def _is_fit(value: str) -> bool:
    # https://www.twilio.com/docs/api/errors/21656
    return bool(value) and not re.search(r"[\n\r\t]| {5}", value)


def _object(text: str) -> dict[str, Any]:
    try:
        given = json.loads(text)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise TwilioError(400, 20001)
    return given


def _found(call: Call, sid: str) -> Row:
    content = call.ledger.row("SELECT * FROM content WHERE sid = ? AND account_sid = ?", sid, call.account["sid"])
    if content is None:
        raise TwilioError(404, 20404)
    return content


def _content(row: Row) -> dict[str, Any]:
    url = f"{_HOST}{_ROOT}/{row['sid']}"
    return {
        "sid": row["sid"],
        "account_sid": row["account_sid"],
        "friendly_name": row["friendly_name"],
        "language": row["language"],
        "variables": json.loads(row["variables"]),
        "types": {_TEXT: {"body": row["body"]}},
        "date_created": iso(row["created"]),
        "date_updated": iso(row["created"]),
        "url": url,
        "links": {
            "approval_create": f"{url}/ApprovalRequests/whatsapp",
            "approval_fetch": f"{url}/ApprovalRequests",
        },
    }


_GIVEN = frozenset({"friendly_name", "language", "variables", "types"})
OPERATIONS = (
    Operation("POST", _ROOT, _GIVEN, _create, host="content", json=True),
    Operation("GET", _ROOT, PAGING, _list, host="content"),
    Operation("GET", f"{_ROOT}/{{Sid}}", frozenset(), _fetch, host="content"),
    Operation("DELETE", f"{_ROOT}/{{Sid}}", frozenset(), _delete, host="content"),
)
