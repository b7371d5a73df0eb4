"""Messaging services and the numbers in them, on messaging.twilio.com."""

from sqlite3 import Row
from typing import Any

from starlette.responses import JSONResponse, Response

from twilio_gateway.simulator.ledger import new_sid
from twilio_gateway.simulator.operations import PAGING, Call, Operation
from twilio_gateway.simulator.postman import is_loopback
from twilio_gateway.simulator.wire import Page, TwilioError, iso

_HOST = "https://messaging.twilio.com"
_ROOT = "/v1/Services"
_NUMBERS = f"{_ROOT}/{{ServiceSid}}/PhoneNumbers"


async def _create(call: Call) -> Response:
    name = call.fields.get("FriendlyName", "")
    if not name:
        raise TwilioError(400, 20001)
    callback, inbound = _address(call, "StatusCallback", ""), _address(call, "InboundRequestUrl", "")
    sid = new_sid("MG")
    call.ledger.insert(
        "service",
        sid=sid,
        account_sid=call.account["sid"],
        friendly_name=name,
        status_callback=callback,
        inbound_request_url=inbound,
        created=call.simulator.now(),
    )
    return JSONResponse(_service(_found(call, sid)), 201)


async def _update(call: Call) -> Response:
    service = _found(call, call.path["Sid"])
    call.ledger.write(
        "UPDATE service SET friendly_name = ?, status_callback = ?, inbound_request_url = ? WHERE sid = ?",
        call.fields.get("FriendlyName") or service["friendly_name"],
        _address(call, "StatusCallback", service["status_callback"]),
        _address(call, "InboundRequestUrl", service["inbound_request_url"]),
        service["sid"],
    )
    return JSONResponse(_service(_found(call, service["sid"])))


async def _list(call: Call) -> Response:
    page = Page(call.fields)
    rows = call.ledger.rows(
        "SELECT * FROM service WHERE account_sid = ?1 AND (?2 IS NULL OR seq < ?2) ORDER BY seq DESC LIMIT ?3",
        call.account["sid"],
        page.after,
        page.size + 1,
    )
    return JSONResponse(page.modern("services", _HOST + _ROOT, rows, _service))


async def _fetch(call: Call) -> Response:
    return JSONResponse(_service(_found(call, call.path["Sid"])))


async def _add_number(call: Call) -> Response:
    service = _found(call, call.path["ServiceSid"])
    number = call.ledger.row(
        "SELECT * FROM number WHERE sid = ? AND account_sid = ?",
        call.fields.get("PhoneNumberSid"),
        call.account["sid"],
    )
    if number is None:
        raise TwilioError(404, 20404)
    if call.ledger.row("SELECT 1 FROM service_number WHERE number_sid = ?", number["sid"]):
        raise TwilioError(409, 21710)
    call.ledger.insert(
        "service_number", service_sid=service["sid"], number_sid=number["sid"], created=call.simulator.now()
    )
    return JSONResponse(_number(_numbers(call, service["sid"], None, 1)[0]), 201)


async def _list_numbers(call: Call) -> Response:
    service = _found(call, call.path["ServiceSid"])
    page = Page(call.fields)
    rows = _numbers(call, service["sid"], page.after, page.size + 1)
    url = _HOST + _NUMBERS.format(ServiceSid=service["sid"])
    return JSONResponse(page.modern("phone_numbers", url, rows, _number))


def _address(call: Call, name: str, otherwise: str) -> str:
    url = call.fields.get(name, otherwise)
    if url and not is_loopback(url):
        raise TwilioError(400, 21609)
    return url


def _found(call: Call, sid: str) -> Row:
    service = call.ledger.row("SELECT * FROM service WHERE sid = ? AND account_sid = ?", sid, call.account["sid"])
    if service is None:
        raise TwilioError(404, 20404)
    return service


def _numbers(call: Call, service_sid: str, after: int | None, count: int) -> list[Row]:
    return call.ledger.rows(
        "SELECT service_number.seq, service_sid, number.sid, account_sid, phone_number, service_number.created "
        "FROM service_number JOIN number ON number.sid = number_sid WHERE service_sid = ?1 "
        "AND (?2 IS NULL OR service_number.seq < ?2) ORDER BY service_number.seq DESC LIMIT ?3",
        service_sid,
        after,
        count,
    )


def _service(row: Row) -> dict[str, Any]:
    url = f"{_HOST}{_ROOT}/{row['sid']}"
    return {
        "sid": row["sid"],
        "account_sid": row["account_sid"],
        "friendly_name": row["friendly_name"],
        "status_callback": row["status_callback"] or None,
        "date_created": iso(row["created"]),
        "date_updated": iso(row["created"]),
        "inbound_request_url": row["inbound_request_url"] or None,
        "inbound_method": "POST",
        "fallback_url": None,
        "fallback_method": "POST",
        "sticky_sender": True,
        "mms_converter": True,
        "smart_encoding": False,
        "scan_message_content": "inherit",
        "fallback_to_long_code": False,
        "area_code_geomatch": False,
        "synchronous_validation": False,
        "validity_period": 36000,
        "usecase": "undeclared",
        "us_app_to_person_registered": False,
        "use_inbound_webhook_on_number": False,
        "links": {"phone_numbers": f"{url}/PhoneNumbers"},
        "url": url,
    }


def _number(row: Row) -> dict[str, Any]:
    return {
        "sid": row["sid"],
        "account_sid": row["account_sid"],
        "service_sid": row["service_sid"],
        "phone_number": row["phone_number"],
        "country_code": "US",
        "capabilities": ["MMS", "SMS", "Voice"],
        "date_created": iso(row["created"]),
        "date_updated": iso(row["created"]),
        "url": f"{_HOST}{_NUMBERS.format(ServiceSid=row['service_sid'])}/{row['sid']}",
    }


_SETTINGS = frozenset({"FriendlyName", "StatusCallback", "InboundRequestUrl"})
OPERATIONS = (
    Operation("POST", _ROOT, _SETTINGS, _create, host="messaging"),
    Operation("GET", _ROOT, PAGING, _list, host="messaging"),
    Operation("POST", f"{_ROOT}/{{Sid}}", _SETTINGS, _update, host="messaging"),
    Operation("GET", f"{_ROOT}/{{Sid}}", frozenset(), _fetch, host="messaging"),
    Operation("POST", _NUMBERS, frozenset({"PhoneNumberSid"}), _add_number, host="messaging"),
    Operation("GET", _NUMBERS, PAGING, _list_numbers, host="messaging"),
)
