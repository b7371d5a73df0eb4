"""Phone numbers: those for sale and those bought."""

import re
from itertools import islice
from sqlite3 import Row
from typing import Any

from starlette.responses import JSONResponse, Response

from twilio_gateway.simulator.ledger import new_sid
from twilio_gateway.simulator.magic import MAGIC
from twilio_gateway.simulator.operations import PAGING, Call, Operation
from twilio_gateway.simulator.postman import is_loopback
from twilio_gateway.simulator.wire import Page, TwilioError, rfc2822

_ACCOUNT = "/2010-04-01/Accounts/{AccountSid}"
_OWNED = f"{_ACCOUNT}/IncomingPhoneNumbers.json"
_FOR_SALE = f"{_ACCOUNT}/AvailablePhoneNumbers/{{CountryCode}}/Local.json"
# Only numbers that are reserved for fiction are for sale: nobody's phone can ring.
_FICTION = re.compile(r"\+1[2-9]\d{2}55501\d{2}", re.ASCII)
_AREAS = (415, 206, 303, 312, 512, 617, 702, 808, 305, 213, 404, 503, 602, 713, 919)
_CAPABILITIES = {"voice": True, "sms": True, "mms": True, "fax": False}


def _for_sale(call: Call, area_code: str | None, count: int) -> list[str]:
    if area_code is not None and not re.fullmatch(r"[2-9]\d{2}", area_code, re.ASCII):
        raise TwilioError(400, 20001)
    taken = {row["phone_number"] for row in call.ledger.rows("SELECT phone_number FROM number")} | MAGIC.keys()
    areas = _AREAS if area_code is None else (area_code,)
    all_numbers = (f"+1{area}55501{line:02d}" for area in areas for line in range(100))
    return list(islice((number for number in all_numbers if number not in taken), count))


async def _list_for_sale(call: Call) -> Response:
    if call.path["CountryCode"] != "US":
        raise TwilioError(404, 20404)
    offered = _for_sale(call, call.fields.get("AreaCode"), Page(call.fields).size)
    uri = _FOR_SALE.format(AccountSid=call.account["sid"], CountryCode="US")
    return JSONResponse({"available_phone_numbers": [_offer(number) for number in offered], "uri": uri})


async def _buy(call: Call) -> Response:
    if call.account["status"] != "active":
        raise TwilioError(403, 20005)
    wanted = call.fields.get("PhoneNumber")
    if wanted is None:
        offered = _for_sale(call, call.fields.get("AreaCode"), 1)
        wanted = offered[0] if offered else ""
    taken = call.ledger.row("SELECT 1 FROM number WHERE phone_number = ?", wanted)
    if taken or wanted in MAGIC or not _FICTION.fullmatch(wanted):
        raise TwilioError(400, 21422)
    url = call.fields.get("SmsUrl", "")
    if url and not is_loopback(url):
        raise TwilioError(400, 21609)
    sid = new_sid("PN")
    call.ledger.insert(
        "number",
        sid=sid,
        account_sid=call.account["sid"],
        friendly_name=call.fields.get("FriendlyName", _national(wanted)),
        phone_number=wanted,
        sms_url=url,
        created=call.simulator.now(),
    )
    return JSONResponse(_owned(call.ledger.rows("SELECT * FROM number WHERE sid = ?", sid)[0]), 201)


async def _list(call: Call) -> Response:
    page = Page(call.fields)
    rows = call.ledger.rows(
        "SELECT * FROM number WHERE account_sid = ?1 AND (?2 IS NULL OR friendly_name = ?2) "
        "AND (?3 IS NULL OR phone_number LIKE '%' || ?3 || '%') AND (?4 IS NULL OR seq < ?4) "
        "ORDER BY seq DESC LIMIT ?5",
        call.account["sid"],
        call.fields.get("FriendlyName"),
        call.fields.get("PhoneNumber"),
        page.after,
        page.size + 1,
    )
    path = _OWNED.format(AccountSid=call.account["sid"])
    return JSONResponse(page.legacy("incoming_phone_numbers", path, rows, _owned))


async def _update(call: Call) -> Response:
    key = (call.path["Sid"], call.account["sid"])
    for name, column in _CHANGEABLE.items():
        value = call.fields.get(name)
        if value is None:
            continue
        if column != "friendly_name" and value and not is_loopback(value):
            raise TwilioError(400, 21609)
        call.ledger.write(f"UPDATE number SET {column} = ? WHERE sid = ? AND account_sid = ?", value, *key)  # noqa: S608  names from code
    row = call.ledger.row("SELECT * FROM number WHERE sid = ? AND account_sid = ?", *key)
    if row is None:
        raise TwilioError(404, 20404)
    return JSONResponse(_owned(row))


def _national(number: str) -> str:
    return f"({number[2:5]}) {number[5:8]}-{number[8:]}"


def _offer(number: str) -> dict[str, Any]:
    return {
        "phone_number": number,
        "friendly_name": _national(number),
        "iso_country": "US",
        "address_requirements": "none",
        "beta": False,
        "capabilities": _CAPABILITIES,
        "lata": None,
        "latitude": None,
        "locality": None,
        "longitude": None,
        "postal_code": None,
        "rate_center": None,
        "region": None,
    }


def _owned(row: Row) -> dict[str, Any]:
    uri = _OWNED.format(AccountSid=row["account_sid"]).removesuffix(".json")
    return {
        "sid": row["sid"],
        "account_sid": row["account_sid"],
        "phone_number": row["phone_number"],
        "friendly_name": row["friendly_name"],
        "capabilities": _CAPABILITIES,
        "address_requirements": "none",
        "address_sid": None,
        "api_version": "2010-04-01",
        "beta": False,
        "bundle_sid": None,
        "date_created": rfc2822(row["created"]),
        "date_updated": rfc2822(row["created"]),
        "emergency_address_sid": None,
        "emergency_address_status": "unregistered",
        "emergency_status": "Inactive",
        "identity_sid": None,
        "origin": "twilio",
        "sms_application_sid": None,
        "sms_fallback_method": "POST",
        "sms_fallback_url": None,
        "sms_method": "POST",
        "sms_url": row["sms_url"] or None,
        "status": "in-use",
        "status_callback": row["status_callback"] or None,
        "status_callback_method": "POST",
        "trunk_sid": None,
        "type": "local",
        "uri": f"{uri}/{row['sid']}.json",
        "voice_application_sid": None,
        "voice_caller_id_lookup": False,
        "voice_fallback_method": "POST",
        "voice_fallback_url": row["voice_fallback_url"] or None,
        "voice_method": "POST",
        "voice_receive_mode": "voice",
        "voice_url": row["voice_url"] or None,
    }


_CHANGEABLE = {
    "FriendlyName": "friendly_name",
    "SmsUrl": "sms_url",
    "VoiceUrl": "voice_url",
    "VoiceFallbackUrl": "voice_fallback_url",
    "StatusCallback": "status_callback",
}
# All numbers here can do all: asking for what they can do changes nothing.
_WISHES = frozenset({"AreaCode", "SmsEnabled", "MmsEnabled", "VoiceEnabled"})
OPERATIONS = (
    Operation("GET", _FOR_SALE, PAGING | _WISHES, _list_for_sale),
    Operation("POST", _OWNED, frozenset({"PhoneNumber", "AreaCode", "FriendlyName", "SmsUrl"}), _buy),
    Operation("GET", _OWNED, PAGING | {"FriendlyName", "PhoneNumber"}, _list),
    Operation("POST", f"{_ACCOUNT}/IncomingPhoneNumbers/{{Sid}}.json", frozenset(_CHANGEABLE), _update),
)
