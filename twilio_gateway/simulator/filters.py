"""Reads the filters of Twilio's lists."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from twilio_gateway.simulator.wire import TwilioError

_DAY = len("2026-01-31")


def message_filters(fields: Mapping[str, str]) -> tuple[list[str], list[Any]]:
    """SQL conditions and their values; a message without a date of sending passes no filter of that date."""
    conditions: list[str] = []
    values: list[Any] = []
    for name, column in (("To", "recipient"), ("From", "sender")):
        if name in fields:
            conditions.append(f"{column} = ?")
            values.append(fields[name])
    if "DateSent" in fields:
        first, after = _span(fields["DateSent"])
        conditions.append("sent >= ? AND sent < ?")
        values += [first, after]
    if "DateSent>" in fields:
        conditions.append("sent >= ?")
        values.append(_span(fields["DateSent>"])[0])
    if "DateSent<" in fields:
        conditions.append("sent < ?")
        values.append(_span(fields["DateSent<"])[1])
    return conditions, values


def _span(text: str) -> tuple[float, float]:
    """The day, or the second, that a date stands for; both bounds of Twilio's are inclusive."""
    try:
        start = datetime.fromisoformat(text)
    except ValueError:
        raise TwilioError(400, 20001) from None
    if start.tzinfo is None:
        start = start.replace(tzinfo=UTC)
    length = timedelta(days=1) if len(text) == _DAY else timedelta(seconds=1)
    return start.timestamp(), (start + length).timestamp()
