"""Reads the callbacks of Twilio's usage triggers: what was reached, and nothing of what it costs the ISV."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from portal.alerts.catalogue import UsageThreshold
from portal.alerts.provider import UsageTrigger

_KEY = re.compile(r"[\w.-]{1,80}", re.ASCII)
# https://www.twilio.com/docs/usage/api/usage-record#usage-categories
_THRESHOLDS = (
    ("sms", UsageThreshold.MESSAGES),
    ("mms", UsageThreshold.MESSAGES),
    ("calls", UsageThreshold.CALLS),
)


class TwilioUsageTriggers:
    """Implements the port `portal.alerts.provider.UsageTriggers`."""

    def read(self, fields: Mapping[str, str]) -> UsageTrigger | None:
        """The trigger in a callback's form fields, or None where they name none."""
        trigger = _KEY.fullmatch(fields.get("UsageTriggerSid", ""))
        if trigger is None:
            return None
        at = _instant(fields.get("DateFired", ""))
        # The token is the same on each of Twilio's own repeats; without one a trigger fires once at an instant.
        token = _KEY.fullmatch(fields.get("IdempotencyToken", ""))
        fired = token[0] if token else at.isoformat() if at else ""
        category = fields.get("UsageCategory", "")
        reached = (threshold for prefix, threshold in _THRESHOLDS if category.startswith(prefix))
        return UsageTrigger(f"{trigger[0]}/{fired}", next(reached, UsageThreshold.USAGE), at)


def _instant(text: str) -> datetime | None:
    """An RFC 2822 date, UTC."""
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
