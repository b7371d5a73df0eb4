"""Messages: sending, reading, canceling, redacting and deleting them."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from sqlite3 import Row
from typing import Any

from starlette.responses import JSONResponse, Response

from twilio_gateway.simulator.contents import filled
from twilio_gateway.simulator.cut import ConnectionCutError
from twilio_gateway.simulator.filters import message_filters
from twilio_gateway.simulator.ledger import Ledger, new_sid
from twilio_gateway.simulator.lifecycle import BILLED, FINAL, Planned, plan
from twilio_gateway.simulator.magic import Outcome, Reply, outcome_for
from twilio_gateway.simulator.operations import PAGING, Call, Operation
from twilio_gateway.simulator.postman import is_loopback
from twilio_gateway.simulator.prices import MMS_PRICES, country_of
from twilio_gateway.simulator.segments import count_segments
from twilio_gateway.simulator.used import Used, message_failed, message_sent, write_down
from twilio_gateway.simulator.wire import Page, TwilioError, rfc2822

_ROOT = "/2010-04-01/Accounts/{AccountSid}/Messages"
_E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_MEDIA_URL = re.compile(r"https?://[^/\s]+(/\S*)?")
_LONGEST = 1600
_MOST_MEDIA = 10
_CANCELABLE = frozenset({"accepted", "queued"})
_THROTTLED_TIMES = 2
_TEXTS = {
    30003: "Unreachable destination handset",
    30004: "Message blocked",
    30005: "Unknown destination handset",
    30006: "Landline or unreachable carrier",
    30007: "Message filtered",
    30008: "Unknown error",
    30034: "Message from an unregistered number",
}


async def _create(call: Call) -> Response:
    fields = call.fields
    body = filled(call) if fields.get("ContentSid") else fields.get("Body", "")
    media = [value for name, value in call.pairs if name == "MediaUrl"]
    _check_content(fields.get("To", ""), body, media)
    sender, service_sid, service_callback = _check_sender(call)
    callback = fields.get("StatusCallback", "") or service_callback
    if callback and not is_loopback(callback):
        raise TwilioError(400, 21609)
    if call.account["status"] != "active":
        raise TwilioError(403, 20005)
    outcome = await call.simulator.faults.befall(call.account, outcome_for(fields["To"]))
    turn_away(call, outcome)
    now = call.simulator.now()
    message = {
        "sid": new_sid("SM"),
        "account_sid": call.account["sid"],
        "recipient": fields["To"],
        "sender": sender,
        "service_sid": service_sid,
        "body": body,
        "segments": 1 if media else count_segments(body),
        "num_media": len(media),
        "status": "accepted" if service_sid else "queued",
        "status_callback": callback,
        "created": now,
        "updated": now,
    }
    settings = call.simulator.settings
    step = settings.step_delay.total_seconds()
    planned_life = plan(
        outcome, through_service=service_sid is not None, start=now, step=step, lateness=settings.lateness
    )
    with call.ledger.transaction():
        call.ledger.insert("message", **message)
        write_down(call.ledger, _used(outcome, message))
        for planned in call.simulator.faults.mixed(call.account, planned_life, step):
            _expect(call.ledger, message["sid"], planned, callback)
    call.simulator.postman.wake()
    answer = JSONResponse(_message(_by_sid(call.ledger, message["sid"])), 201)
    if outcome.reply is Reply.SLOW:
        await asyncio.sleep(settings.slow_answer.total_seconds())
    if outcome.reply is Reply.FAULT_AFTER:
        raise TwilioError(500, 20500)
    if outcome.reply is Reply.CUT_AFTER:
        raise ConnectionCutError
    return answer


def _used(outcome: Outcome, message: Mapping[str, Any]) -> list[Used]:
    """What the message will have used, counted at once, so that no day's count changes when it ends."""
    if outcome.status in BILLED:
        return message_sent(message)
    failed = message_failed(message["account_sid"], message["sid"], message["created"])
    return failed if outcome.status == "failed" else []


def _check_content(recipient: str, body: str, media: Sequence[str]) -> None:
    if not recipient:
        raise TwilioError(400, 21604)
    if not _E164.fullmatch(recipient):
        raise TwilioError(400, 21211)
    if not (body or media):
        raise TwilioError(400, 21602)
    if len(media) > _MOST_MEDIA:
        raise TwilioError(400, 21623)
    if not all(_MEDIA_URL.fullmatch(url) for url in media):
        raise TwilioError(400, 21620)
    if media and country_of(recipient) not in MMS_PRICES:
        raise TwilioError(400, 21612)
    if len(body) > _LONGEST:
        raise TwilioError(400, 21617)


def _check_sender(call: Call) -> tuple[str | None, str | None, str]:
    """The number to send from, the service to send through, and the service's own callback address."""
    service_sid, sender = call.fields.get("MessagingServiceSid"), call.fields.get("From")
    account_sid = call.account["sid"]
    if not service_sid and not sender:
        raise TwilioError(400, 21603)
    if sender and not call.ledger.row(
        "SELECT 1 FROM number WHERE phone_number = ? AND account_sid = ?", sender, account_sid
    ):
        raise TwilioError(400, 21606)
    if not service_sid:
        return sender, None, ""
    service = call.ledger.row("SELECT * FROM service WHERE sid = ? AND account_sid = ?", service_sid, account_sid)
    if service is None:
        raise TwilioError(400, 21701)
    if not call.ledger.row("SELECT 1 FROM service_number WHERE service_sid = ?", service_sid):
        raise TwilioError(400, 21704)
    return sender or None, service_sid, service["status_callback"]


def turn_away(call: Call, outcome: Outcome) -> None:
    """Answer with the error that the number is for, as often as it is for."""
    if outcome.refusal:
        raise TwilioError(400, outcome.refusal)
    limits = {Reply.THROTTLED: _THROTTLED_TIMES, Reply.FAULT_BEFORE: 1, Reply.CUT_BEFORE: 1}
    if outcome.reply not in limits:
        return
    key = (call.account["sid"], outcome.number)
    past = call.ledger.row("SELECT times FROM turned_away WHERE account_sid = ? AND recipient = ?", *key)
    times = past["times"] if past else 0
    if times == limits[outcome.reply]:
        call.ledger.write("DELETE FROM turned_away WHERE account_sid = ? AND recipient = ?", *key)
        return
    call.ledger.write("REPLACE INTO turned_away (account_sid, recipient, times) VALUES (?, ?, ?)", *key, times + 1)
    if outcome.reply is Reply.THROTTLED:
        seconds = int(call.simulator.settings.retry_after.total_seconds())
        raise TwilioError(429, 20429, retry_after=seconds)
    if outcome.reply is Reply.FAULT_BEFORE:
        raise TwilioError(500, 20500)
    raise ConnectionCutError


def _expect(ledger: Ledger, sid: str, planned: Planned, callback: str) -> None:
    if planned.kind == "callback" and not callback:
        return
    ledger.insert(
        "event",
        message_sid=sid,
        kind=planned.kind,
        due=planned.due,
        happened=planned.happened,
        status=planned.status,
        error_code=planned.error,
        token=planned.token,
    )


async def _list(call: Call) -> Response:
    await call.simulator.faults.question(call.account)
    page = Page(call.fields)
    conditions, values = message_filters(call.fields)
    if page.after is not None:
        conditions.append("seq < ?")
        values.append(page.after)
    where = " AND ".join(["account_sid = ?", *conditions])
    rows = call.ledger.rows(
        f"SELECT * FROM message WHERE {where} ORDER BY seq DESC LIMIT ?",  # noqa: S608  conditions from code
        call.account["sid"],
        *values,
        page.size + 1,
    )
    path = _ROOT.format(AccountSid=call.account["sid"]) + ".json"
    return JSONResponse(page.legacy("messages", path, rows, _message))


async def _fetch(call: Call) -> Response:
    await call.simulator.faults.question(call.account)
    return JSONResponse(_message(_found(call)))


async def _update(call: Call) -> Response:
    message = _found(call)
    status, body = call.fields.get("Status"), call.fields.get("Body")
    if status is not None and body is not None:
        raise TwilioError(400, 30400)
    if status == "canceled":
        _cancel(call, message)
    elif body == "" and status is None:  # the only text it may be changed to
        if message["status"] not in FINAL:
            raise TwilioError(409, 20009)
        call.ledger.write("UPDATE message SET body = '' WHERE sid = ?", message["sid"])
    else:
        raise TwilioError(400, 20001)
    return JSONResponse(_message(_by_sid(call.ledger, message["sid"])))


def _cancel(call: Call, message: Row) -> None:
    if message["status"] not in _CANCELABLE:
        raise TwilioError(409, 30409)
    now = call.simulator.now()
    told = Planned("callback", now, now, "canceled", None, new_sid(""))
    with call.ledger.transaction():
        call.ledger.write("DELETE FROM event WHERE message_sid = ?", message["sid"])
        call.ledger.write("DELETE FROM used WHERE subject = ?", message["sid"])
        call.ledger.write("UPDATE message SET status = 'canceled', updated = ? WHERE sid = ?", now, message["sid"])
        _expect(call.ledger, message["sid"], told, message["status_callback"])
    call.simulator.postman.wake()


async def _delete(call: Call) -> Response:
    message = _found(call)
    if message["status"] not in FINAL:
        raise TwilioError(409, 20009)
    with call.ledger.transaction():
        call.ledger.write("DELETE FROM event WHERE message_sid = ?", message["sid"])
        call.ledger.write("DELETE FROM message WHERE sid = ?", message["sid"])
    return Response(status_code=204)


def _found(call: Call) -> Row:
    message = call.ledger.row(
        "SELECT * FROM message WHERE sid = ? AND account_sid = ?", call.path["Sid"], call.account["sid"]
    )
    if message is None:
        raise TwilioError(404, 20404)
    return message


def _by_sid(ledger: Ledger, sid: str) -> Row:
    return ledger.rows("SELECT * FROM message WHERE sid = ?", sid)[0]


def _message(row: Row) -> dict[str, Any]:
    uri = f"{_ROOT.format(AccountSid=row['account_sid'])}/{row['sid']}"
    price = row["price_micros"]
    return {
        "sid": row["sid"],
        "account_sid": row["account_sid"],
        "messaging_service_sid": row["service_sid"],
        "to": row["recipient"],
        "from": row["sender"],
        "body": row["body"],
        "status": row["status"],
        # A service has not chosen a sender yet, and so not how the text is cut.
        "num_segments": "0" if row["status"] == "accepted" else str(row["segments"]),
        "num_media": str(row["num_media"]),
        "direction": "inbound" if row["status"] == "received" else "outbound-api",
        "api_version": "2010-04-01",
        "price": None if price is None else f"-{price // 1_000_000}.{price % 1_000_000 // 10:05d}",
        "price_unit": "USD",
        "error_code": row["error_code"],
        "error_message": _TEXTS.get(row["error_code"]),
        "date_created": rfc2822(row["created"]),
        "date_updated": rfc2822(row["updated"]),
        "date_sent": rfc2822(row["sent"]),
        "subresource_uris": {"media": f"{uri}/Media.json", "feedback": f"{uri}/Feedback.json"},
        "uri": f"{uri}.json",
    }


_CONTENT = frozenset({"Body", "MediaUrl", "ContentSid", "ContentVariables"})
_CREATE = _CONTENT | {"To", "From", "MessagingServiceSid", "StatusCallback"}
_LIST = PAGING | {"To", "From", "DateSent", "DateSent<", "DateSent>"}
OPERATIONS = (
    Operation("POST", f"{_ROOT}.json", _CREATE, _create),
    Operation("GET", f"{_ROOT}.json", _LIST, _list),
    Operation("GET", f"{_ROOT}/{{Sid}}.json", frozenset(), _fetch),
    Operation("POST", f"{_ROOT}/{{Sid}}.json", frozenset({"Body", "Status"}), _update),
    Operation("DELETE", f"{_ROOT}/{{Sid}}.json", frozenset(), _delete),
)
