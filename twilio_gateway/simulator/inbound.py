"""Messages that somebody writes to a number: told here, since nobody in the simulator has a phone."""

import re
from sqlite3 import Row

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from twilio_gateway.simulator.ledger import Ledger, new_sid
from twilio_gateway.simulator.segments import count_segments
from twilio_gateway.simulator.used import message_received, write_down

_PATH = "/simulator/inbound"
_SENDER = re.compile(r"\+?[1-9]\d{2,14}", re.ASCII)  # E.164, or a short code
_LONGEST = 1600
_WHERE = (
    "SELECT number.*, service_sid, coalesce(nullif(inbound_request_url, ''), sms_url) AS inbound_url FROM number "
    "LEFT JOIN service_number ON number_sid = number.sid LEFT JOIN service ON service.sid = service_sid "
    "WHERE phone_number = ?"
)


def write_to(ledger: Ledger, now: float, *, sender: str, number: str, body: str) -> str | None:
    """Let somebody write to a number; the message's SID, or None where nobody has that number.

    Its webhook is the service's, and the number's own where that has none.
    """
    held = ledger.row(_WHERE, number)
    if held is None:
        return None
    sid, segments = new_sid("SM"), count_segments(body)
    with ledger.transaction():
        write_down(ledger, message_received(held["account_sid"], sid, number, segments, now))
        ledger.insert(
            "message",
            sid=sid,
            account_sid=held["account_sid"],
            recipient=number,
            sender=sender,
            service_sid=held["service_sid"],
            body=body,
            segments=segments,
            status="received",
            status_callback=held["inbound_url"],
            created=now,
            updated=now,
            sent=now,
        )
        if held["inbound_url"]:
            ledger.insert(
                "event",
                message_sid=sid,
                kind="callback",
                due=now,
                happened=now,
                status="received",
                token=new_sid(""),
            )
    return sid


def answer(ledger: Ledger, now: float, message: Row, body: str) -> None:
    """Let the recipient answer, once in each account: what answers an answer would go on for ever."""
    before = ledger.row(
        "SELECT 1 FROM message WHERE account_sid = ? AND sender = ? AND status = 'received'",
        message["account_sid"],
        message["recipient"],
    )
    if before is None and message["sender"]:
        write_to(ledger, now, sender=message["recipient"], number=message["sender"], body=body)


async def _inbound(request: Request) -> Response:
    try:
        told = orjson.loads(await request.body())
        sender, number, body = (told[name] for name in ("from", "to", "body"))
    except (ValueError, KeyError, TypeError):
        return JSONResponse({"message": "It takes a JSON object with from, to and body."}, 400)
    texts = all(isinstance(text, str) for text in (sender, number, body))
    if not texts or not _SENDER.fullmatch(sender) or not 0 < len(body) <= _LONGEST:
        return JSONResponse({"message": "from is a number, body a text of at most 1,600 characters."}, 400)
    simulator = request.app.state.simulator
    sid = write_to(simulator.ledger, simulator.now(), sender=sender, number=number, body=body)
    if sid is None:
        return JSONResponse({"message": "Nobody here has the number in to."}, 404)
    simulator.postman.wake()
    return JSONResponse({"sid": sid}, 201)


ROUTES = (Route(_PATH, _inbound, methods=["POST"]),)
