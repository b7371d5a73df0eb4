"""Usage records, summed up from the ledger: what was used in a period, and what Twilio asks for it."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

from starlette.responses import JSONResponse, Response

from twilio_gateway.simulator.ledger import Ledger
from twilio_gateway.simulator.operations import PAGING, Call, Operation
from twilio_gateway.simulator.prices import dollars
from twilio_gateway.simulator.used import CATEGORIES, TOTAL, charge_numbers, day_of
from twilio_gateway.simulator.wire import Page, TwilioError

_ROOT = "/2010-04-01/Accounts/{AccountSid}/Usage/Records"
_RELATIVE = re.compile(r"([+-]\d{1,4})days", re.ASCII)
_DAY = timedelta(days=1)
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


@dataclass(slots=True)
class Amount:
    """What one category came to."""

    count: int = 0
    usage: int = 0
    micros: int = 0

    def add(self, other: "Amount") -> None:
        """Add what came to another."""
        self.count += other.count
        self.usage += other.usage
        self.micros += other.micros


def amounts(
    ledger: Ledger, account_sids: list[str], first: date, last: date, now: float
) -> dict[date, dict[str, Amount]]:
    """What each category came to on each of these days, as far as records show it by now."""
    charge_numbers(ledger, account_sids, day_of(now))
    marks = ", ".join("?" * len(account_sids))
    found: dict[date, dict[str, Amount]] = defaultdict(lambda: defaultdict(Amount))
    for row in ledger.rows(
        "SELECT day, category, sum(count), sum(usage), sum(micros) FROM used "  # noqa: S608  marks
        f"WHERE account_sid IN ({marks}) AND day BETWEEN ? AND ? AND at <= ? AND seen <= ? GROUP BY day, category",
        *account_sids,
        first.isoformat(),
        last.isoformat(),
        as_of(ledger, now),
        now,
    ):
        amount = Amount(*row[2:])
        name: str | None = row["category"]
        day = found[date.fromisoformat(row["day"])]
        while name is not None:
            day[name].add(amount)
            name = CATEGORIES[name].within
        day[TOTAL].micros += amount.micros
    return found


def as_of(ledger: Ledger, now: float) -> float:
    """Up to when usage is counted: now, less the lag that was told."""
    lag = ledger.row("SELECT value FROM told WHERE name = 'lag'")
    return now - (0.0 if lag is None else float(lag["value"]))


@dataclass(frozen=True, slots=True)
class _Record:
    """One record, not yet written out: of a year's thousands a page holds some."""

    seq: int
    first: date
    last: date
    category: str
    amount: Amount

    def __getitem__(self, column: str) -> Any:
        return getattr(self, column)


async def _list(call: Call, kind: str) -> Response:
    page = Page(call.fields)
    category = call.fields.get("Category")
    records = [record for record in _records(call, kind) if category in {None, record.category}]
    rest = [record for record in records if page.after is None or record.seq > page.after]
    written_as_of = datetime.fromtimestamp(as_of(call.ledger, call.simulator.now()), UTC)
    write = partial(_written, call, kind, written_as_of.strftime("%Y-%m-%dT%H:%M:%S+00:00"))
    return JSONResponse(page.legacy("usage_records", _path(call, kind), rest[: page.size + 1], write))


def _records(call: Call, kind: str) -> Iterator[_Record]:
    periods = list(_periods(call, kind))
    if not periods:
        return
    by_day = amounts(call.ledger, _accounts(call), periods[-1][0], periods[0][1], call.simulator.now())
    seq = 0
    for first, last in periods:
        sums: dict[str, Amount] = {category: Amount() for category in CATEGORIES}
        for day in [first] if first == last else [day for day in by_day if first <= day <= last]:
            for category, amount in by_day.get(day, {}).items():
                sums[category].add(amount)
        for category, amount in sums.items():
            yield _Record(seq, first, last, category, amount)
            seq += 1


def _accounts(call: Call) -> list[str]:
    own = str(call.account["sid"])
    if call.fields.get("IncludeSubaccounts", "true").lower() == "false":
        return [own]
    return [row["sid"] for row in call.ledger.rows("SELECT sid FROM account WHERE sid = ?1 OR owner_sid = ?1", own)]


def _written(call: Call, kind: str, known_until: str, record: _Record) -> dict[str, Any]:
    category, amount = CATEGORIES[record.category], record.amount
    is_total = record.category == TOTAL
    of_category = f"Category={record.category}"
    return {
        "account_sid": call.account["sid"],
        "api_version": "2010-04-01",
        "as_of": known_until,
        "category": record.category,
        "description": category.description,
        "count": None if is_total else str(amount.count),
        "count_unit": category.count_unit,
        "usage": dollars(amount.micros) if is_total else str(amount.usage),
        "usage_unit": category.usage_unit,
        "price": amount.micros / 1_000_000,  # JSON has no decimals; Twilio sends a number
        "price_unit": "usd",
        "start_date": record.first.isoformat(),
        "end_date": record.last.isoformat(),
        "subresource_uris": {name: f"{_path(call, kept)}?{of_category}" for name, kept in _SUBRESOURCES.items()},
        "uri": f"{_path(call, kind)}?{of_category}&StartDate={record.first}&EndDate={record.last}",
    }


def _periods(call: Call, kind: str) -> Iterator[tuple[date, date]]:
    """First and last day of each record, newest first; days are GMT."""
    today = call.simulator.clock.now().astimezone(UTC).date()
    opened = day_of(call.account["created"])
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


def _path(call: Call, kind: str) -> str:
    root = _ROOT.format(AccountSid=call.account["sid"])
    return f"{root}/{kind}.json" if kind else f"{root}.json"


_PARAMETERS = PAGING | {"Category", "StartDate", "EndDate", "IncludeSubaccounts"}
OPERATIONS = tuple(
    Operation("GET", f"{_ROOT}/{kind}.json" if kind else f"{_ROOT}.json", _PARAMETERS, partial(_list, kind=kind))
    for kind in ("", *_SUBRESOURCES.values())
)
