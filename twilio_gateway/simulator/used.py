"""What was used and what it costs, line by line: each of a category that holds no other, on a day of GMT."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Any

from twilio_gateway.simulator.ledger import Ledger
from twilio_gateway.simulator.prices import FAILED_FEE, MMS_CARRIER_FEE, carrier_fee, country_of, prices_at, sent_micros


@dataclass(frozen=True, slots=True)
class Category:
    """A category: for people, its units, and the category that holds it."""

    description: str
    count_unit: str
    usage_unit: str
    within: str | None = None


# Categories nest: sms holds sms-outbound, which holds sms-outbound-longcode, and totalprice holds all of them.
CATEGORIES: Mapping[str, Category] = MappingProxyType(
    {
        "sms": Category("SMS", "messages", "segments"),
        "sms-inbound": Category("Inbound SMS", "messages", "segments", "sms"),
        "sms-inbound-longcode": Category("Inbound SMS, long codes", "messages", "segments", "sms-inbound"),
        "sms-outbound": Category("Outbound SMS", "messages", "segments", "sms"),
        "sms-outbound-longcode": Category("Outbound SMS, long codes", "messages", "segments", "sms-outbound"),
        "sms-messages-carrierfees": Category("SMS carrier fees", "messages", "segments"),
        "mms": Category("MMS", "messages", "messages"),
        "mms-inbound": Category("Inbound MMS", "messages", "messages", "mms"),
        "mms-outbound": Category("Outbound MMS", "messages", "messages", "mms"),
        "mms-messages-carrierfees": Category("MMS carrier fees", "messages", "messages"),
        "failed-message-processing-fee": Category("Failed messages", "messages", "messages"),
        "calls": Category("Voice minutes", "calls", "minutes"),
        "calls-inbound": Category("Inbound voice minutes", "calls", "minutes", "calls"),
        "calls-outbound": Category("Outbound voice minutes", "calls", "minutes", "calls"),
        "lookups": Category("Lookups", "lookups", "lookups"),
        "phonenumbers": Category("Phone numbers", "numbers", "numbers"),
        "phonenumbers-local": Category("Local phone numbers", "numbers", "numbers", "phonenumbers"),
        "totalprice": Category("Total price", "", "usd"),
    }
)
TOTAL = "totalprice"
# What is told of a category that holds others goes to the one in it that simulated usage is of.
_LEAVES = {"sms-inbound": "sms-inbound-longcode", "sms-outbound": "sms-outbound-longcode"}
_LEAVES["phonenumbers"] = "phonenumbers-local"
HOLDERS = frozenset({"sms", "mms", "calls", TOTAL})  # nothing can be told of these


@dataclass(frozen=True, slots=True)
class Used:
    """One line; `seen` is from when records show it, `subject` what it is about, where that is counted once."""

    account_sid: str
    day: date
    category: str
    count: int
    usage: int
    micros: int
    at: float
    seen: float = 0.0
    subject: str | None = None


def write_down(ledger: Ledger, lines: Iterable[Used]) -> None:
    """Write lines down; of a subject there is one in a category and on a day."""
    for line in lines:
        ledger.write(
            "INSERT OR IGNORE INTO used (account_sid, day, category, count, usage, micros, at, seen, subject) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            line.account_sid,
            line.day.isoformat(),
            _LEAVES.get(line.category, line.category),
            line.count,
            line.usage,
            line.micros,
            line.at,
            line.seen,
            line.subject,
        )


def message_sent(message: Mapping[str, Any]) -> list[Used]:
    """A message that leaves: Twilio's price, and what carriers ask for beside it."""
    account_sid, sid, at, recipient = (message[name] for name in ("account_sid", "sid", "created", "recipient"))
    segments, num_media = message["segments"], message["num_media"]
    price = sent_micros(recipient, segments, num_media)
    if not num_media:
        return _message(account_sid, sid, "sms-outbound", segments, price, carrier_fee(recipient, segments), at)
    day, fee = day_of(at), MMS_CARRIER_FEE if country_of(recipient) == "US" else 0
    lines = [Used(account_sid, day, "mms-outbound", 1, 1, price, at, subject=sid)]
    if fee:
        lines.append(Used(account_sid, day, "mms-messages-carrierfees", 1, 1, fee, at, subject=sid))
    return lines


def message_received(account_sid: str, sid: str, number: str, segments: int, at: float) -> list[Used]:
    """A message that came in."""
    price = segments * prices_at(number).sms_in
    return _message(account_sid, sid, "sms-inbound", segments, price, carrier_fee(number, segments), at)


def message_failed(account_sid: str, sid: str, at: float) -> list[Used]:
    """A message that failed: it costs no segment, but a fee."""
    return [Used(account_sid, day_of(at), "failed-message-processing-fee", 1, 1, FAILED_FEE, at, subject=sid)]


def call_ended(account_sid: str, sid: str, other: str, own: str, *, inbound: bool, seconds: int, at: float) -> Used:
    """A call; a minute that has begun is charged."""
    minutes = -(-seconds // 60)
    price = prices_at(own).call_in if inbound else prices_at(other).call_out
    category = "calls-inbound" if inbound else "calls-outbound"
    return Used(account_sid, day_of(at), category, 1, minutes, minutes * price, at, subject=sid)


def lookup_made(account_sid: str, price: int, at: float) -> Used:
    """A look-up of a number."""
    return Used(account_sid, day_of(at), "lookups", 1, 1, price, at)


def charge_numbers(ledger: Ledger, account_sids: Iterable[str], today: date) -> None:
    """Write down each month of each number, on the day of the month that it was bought on, up to today."""
    for account_sid in account_sids:
        for number in ledger.rows("SELECT * FROM number WHERE account_sid = ?", account_sid):
            price = prices_at(number["phone_number"]).number or 0
            for day in _months(day_of(number["created"]), today):
                at = max(number["created"], start_of(day))
                line = Used(account_sid, day, "phonenumbers", 1, 1, price, at, subject=f"{number['sid']} {day}")
                write_down(ledger, [line])


def day_of(at: float) -> date:
    """The day of an instant, in GMT."""
    return datetime.fromtimestamp(at, UTC).date()


def start_of(day: date) -> float:
    """The first instant of a day."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()


def _message(account_sid: str, sid: str, category: str, segments: int, price: int, fee: int, at: float) -> list[Used]:
    lines = [Used(account_sid, day_of(at), category, 1, segments, price, at, subject=sid)]
    if fee:
        lines.append(Used(account_sid, day_of(at), "sms-messages-carrierfees", 1, segments, fee, at, subject=sid))
    return lines


def _months(bought: date, today: date) -> Iterable[date]:
    """The day of purchase in each month, or the month's last where that has fewer days."""
    month = bought.replace(day=1)
    while month <= today:
        following = (month + timedelta(days=32)).replace(day=1)
        day = min(month + timedelta(days=bought.day - 1), following - timedelta(days=1))
        if day <= today:
            yield day
        month = following
