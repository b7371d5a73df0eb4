"""The Lookup API: what kind of line a number is, by the table of numbers below."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import phonenumbers
from starlette.responses import JSONResponse, Response

from twilio_gateway.simulator.magic import outcome_for
from twilio_gateway.simulator.messages import turn_away
from twilio_gateway.simulator.operations import Call, Operation
from twilio_gateway.simulator.prices import LOOKUP
from twilio_gateway.simulator.used import lookup_made, write_down

_PATH = "/v2/PhoneNumbers/{PhoneNumber}"
_PACKAGE = "line_type_intelligence"
_NOT_A_NUMBER = 21211
LINES: Mapping[str, str] = MappingProxyType(
    {"+12025550106": "landline", "+12025550114": "landline", "+12025550115": "nonFixedVoip"}
)
_OTHERS = ("caller_name", "sim_swap", "call_forwarding", "line_status", "identity_match", "reassigned_number")
_SCORES = ("sms_pumping_risk", "phone_number_quality_score", "pre_fill")


async def _fetch(call: Call) -> Response:
    number = call.path["PhoneNumber"]
    outcome = outcome_for(number)
    problem = "INVALID_BUT_POSSIBLE" if outcome.refusal == _NOT_A_NUMBER else _problem(number)
    if not outcome.refusal:
        turn_away(call, outcome)
    told: dict[str, Any] = dict.fromkeys((*_OTHERS, _PACKAGE, *_SCORES))
    if problem is None and _PACKAGE in call.fields.get("Fields", "").split(","):
        told[_PACKAGE] = _line(number)
        write_down(call.ledger, [lookup_made(call.account["sid"], LOOKUP, call.simulator.now())])
    parsed = None if problem else phonenumbers.parse(number)
    national = phonenumbers.PhoneNumberFormat.NATIONAL
    body = {
        "calling_country_code": parsed and str(parsed.country_code),
        "country_code": parsed and phonenumbers.region_code_for_number(parsed),
        "phone_number": number,
        "national_format": parsed and phonenumbers.format_number(parsed, national),
        "valid": problem is None,
        "validation_errors": None if problem is None else [problem],
        "url": f"https://lookups.twilio.com{_PATH.format(PhoneNumber=number)}",
    }
    return JSONResponse(body | told)


def _problem(number: str) -> str | None:
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return "NOT_A_NUMBER"
    return None if phonenumbers.is_valid_number(parsed) else "INVALID_BUT_POSSIBLE"


def _line(number: str) -> dict[str, Any]:
    is_free = phonenumbers.number_type(phonenumbers.parse(number)) == phonenumbers.PhoneNumberType.TOLL_FREE
    return {
        "error_code": None,
        "mobile_country_code": "310",
        "mobile_network_code": "260",
        "carrier_name": "Carrier",
        "type": "tollFree" if is_free else LINES.get(number, "mobile"),
    }


OPERATIONS = (Operation("GET", _PATH, frozenset({"Fields"}), _fetch, host="lookups"),)
