"""Reads the callbacks of Twilio's debugger: of a request that failed its number and subject, and nothing it held."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from portal.alerts.provider import ProviderProblem
from twilio_gateway.errors import UNKNOWN, group_of, known_issue

_SID = re.compile(r"[A-Z]{2}[0-9a-f]{32}", re.ASCII)
_NUMBER = re.compile(r"[1-9][0-9]{0,5}", re.ASCII)


class TwilioDebugger:
    """Implements the port `portal.alerts.provider.ProviderProblems`."""

    def read(self, fields: Mapping[str, str]) -> ProviderProblem | None:
        """The error in a debugger event's form fields, or None where they hold none that anybody has to act on.

        The level tells how far a request got and not who has to act, which the number tells: a warning whose number
        is in the catalogue counts like an error, and one of which nothing is known is told to nobody.
        """
        payload = _payload(fields.get("Payload", ""))
        number = _NUMBER.fullmatch(str(payload.get("error_code", "")))
        event = _SID.fullmatch(fields.get("Sid", ""))
        if number is None or event is None:
            return None
        group = group_of(int(number[0]))
        if group is None or (group == UNKNOWN and fields.get("Level", "").upper() != "ERROR"):
            return None
        subject = _SID.fullmatch(str(payload.get("resource_sid", "")))
        return ProviderProblem(
            event=event[0],
            group=group,
            error=number[0],
            issue=known_issue(int(number[0])),
            subject=subject[0] if subject else None,
            at=_instant(fields.get("Timestamp", "")),
        )


def _payload(text: str) -> dict[str, Any]:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _instant(text: str) -> datetime | None:
    """An ISO 8601 instant, UTC unless it says otherwise."""
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
