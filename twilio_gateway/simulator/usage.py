"""Usage records, counted from the ledger: what was used in a period, in which unit, and what Twilio asks for it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any

from starlette.responses import JSONResponse, Response

from twilio_gateway.simulator.operations import PAGING, Call, Operation
from twilio_gateway.simulator.wire import Page, TwilioError

_ROOT = "/2010-04-01/Accounts/{AccountSid}/Usage/Records"
_NUMBER_MICROS = 1_150_000  # a local number, charged when it is bought; its later months are not simulated
_RELATIVE = re.compile(r"([+-]\d{1,4})days", re.ASCII)
_DAY = timedelta(days=1)
# Categories nest: sms holds sms-outbound, which holds sms-outbound-longcode, and totalprice holds all of them.
_SMS = {
    "sms": "SMS",
    "sms-outbound": "Outbound SMS",
    "sms-outbound-longcode": "Outbound SMS, long codes",
}
_NUMBERS = {"phonenumbers": "Phone Numbers", "phonenumbers-local": "Local PhoneNumbers"}
_TOTAL = "totalprice"
_SUBRESOURCES = {
    "all_time": "AllTime",
    "daily": "Daily",
    "last_month": "LastMonth",
    "monthly": "Monthly",
    "this_month": "ThisMonth",
    "today": "Today",
    "yearly": "Yearly",
    "yesterday": "Yesterday",
}


@dataclass(frozen=True, slots=True)
class _Amount:
    """What one category came to."""

    count: str | None
    count_unit: str
    usage: str
    usage_unit: str
    micros: int


async def _list(call: Call, kind: str) -> Response:
    page = Page(call.fields)
    category = call.fields.get("Category")
    records = [
        {"seq": index, **record}
        for index, record in enumerate(_records(call, kind))
        if category in {None, record["category"]}
    ]
    rest = [record for record in records if page.after is None or record["seq"] > page.after]
    path = _path(call, kind)
    return JSONResponse(page.legacy("usage_records", path, rest[: page.size + 1], _without_seq))


def _records(call: Call, kind: str) -> Iterator[dict[str, Any]]:
    for first, last in _periods(call, kind):
        for category, description, amount in _amounts(call, first, last):
            yield {
                "account_sid": call.account["sid"],
                "api_version": "2010-04-01",
                "as_of": call.simulator.clock.now().strftime("%Y-%m-%dT%H:%M:%S+00:00"),
                "category": category,
                "description": description,
                "count": amount.count,
                "count_unit": amount.count_unit,
                "usage": amount.usage,
                "usage_unit": amount.usage_unit,
                "price": amount.micros / 1_000_000,  # JSON has no decimals; Twilio sends a number
                "price_unit": "usd",
                "start_date": first.isoformat(),
                "end_date": last.isoformat(),
                "subresource_uris": {
                    name: f"{_path(call, resource)}?Category={category}" for name, resource in _SUBRESOURCES.items()
                },
                "uri": f"{_path(call, kind)}?Category={category}&StartDate={first}&EndDate={last}",
            }


def _amounts(call: Call, first: date, last: date) -> Iterator[tuple[str, str, _Amount]]:
    with_subaccounts = call.fields.get("IncludeSubaccounts", "true").lower() != "false"
    where = (
        "account_sid IN (SELECT sid FROM account WHERE sid = ?1 OR (?2 AND owner_sid = ?1)) "
        "AND {at} >= ?3 AND {at} < ?4"
    )
    values = (call.account["sid"], with_subaccounts, _start(first), _start(last + _DAY))
    messages, segments, micros = call.ledger.rows(
        "SELECT count(*), coalesce(sum(segments), 0), coalesce(sum(price_micros), 0) FROM usage WHERE "  # noqa: S608  names from code
        + where.format(at="at"),
        *values,
    )[0]
    (numbers,) = call.ledger.rows("SELECT count(*) FROM number WHERE " + where.format(at="created"), *values)[0]  # noqa: S608  names from code
    for category, description in _SMS.items():
        yield category, description, _Amount(str(messages), "messages", str(segments), "segments", micros)
    cost = numbers * _NUMBER_MICROS
    for category, description in _NUMBERS.items():
        yield category, description, _Amount(str(numbers), "numbers", str(numbers), "numbers", cost)
    total = micros + cost
    yield _TOTAL, "Total Price", _Amount(None, "", f"{total // 1_000_000}.{total % 1_000_000:06d}", "usd", total)


def _periods(call: Call, kind: str) -> Iterator[tuple[date, date]]:
    """First and last day of each record, newest first; days are GMT."""
    today = call.simulator.clock.now().astimezone(UTC).date()
    opened = datetime.fromtimestamp(call.account["created"], UTC).date()
    month = today.replace(day=1)
    fixed = {
        "AllTime": (opened, today),
        "Today": (today, today),
        "Yesterday": (today - _DAY, today - _DAY),
        "ThisMonth": (month, today),
        "LastMonth": ((month - _DAY).replace(day=1), month - _DAY),
    }
    if kind in fixed:
        yield fixed[kind]
        return
    first = _day(call.fields.get("StartDate"), today) or opened
    last = _day(call.fields.get("EndDate"), today) or today
    if kind == "":
        yield first, last
        return
    while last >= first:
        start = max(
            first, {"Daily": last, "Monthly": last.replace(day=1), "Yearly": last.replace(month=1, day=1)}[kind]
        )
        yield start, last
        last = start - _DAY


def _day(text: str | None, today: date) -> date | None:
    if not text:
        return None
    relative = _RELATIVE.fullmatch(text)
    if relative:
        return today + timedelta(days=int(relative[1]))
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise TwilioError(400, 20001) from None


def _start(day: date) -> float:
    return datetime.combine(day, time(), UTC).timestamp()


def _path(call: Call, kind: str) -> str:
    root = _ROOT.format(AccountSid=call.account["sid"])
    return f"{root}/{kind}.json" if kind else f"{root}.json"


def _without_seq(record: Any) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name != "seq"}


_PARAMETERS = PAGING | {"Category", "StartDate", "EndDate", "IncludeSubaccounts"}
OPERATIONS = tuple(
    Operation("GET", f"{_ROOT}/{kind}.json" if kind else f"{_ROOT}.json", _PARAMETERS, partial(_list, kind=kind))
    for kind in ("", *_SUBRESOURCES.values())
)
