"""Sets triggers on an account's usage, and reads what they call back with: nothing of what it costs the ISV."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from portal.alerts.catalogue import UsageThreshold
from portal.messages.provider import ProviderCredentials
from portal.plans.periods import AllowancePeriod
from portal.plans.provider import SetTrigger, TriggerReport, Watch
from portal.pricing.terms import UsageUnit
from twilio_gateway.client import TenantAccount
from twilio_gateway.http import ErrorAnswerError, PortalTwilioHttp
from twilio_gateway.messages import told_unavailable
from twilio_gateway.numbers import exact

_KEY = re.compile(r"[\w.-]{1,80}", re.ASCII)
_NAME = re.compile(r"Portal: ([1-9][0-9]{0,3})% of the allowance", re.ASCII)  # at most 64 characters
_PAGE = 1000  # the most that Twilio gives, and the most triggers that an account has
# Of messages Twilio's count is messages, and its usage segments. Days and months are those of GMT.
_FIELDS = MappingProxyType({"count": UsageUnit.MESSAGES, "usage": UsageUnit.SEGMENTS})
_PERIODS = MappingProxyType({"daily": AllowancePeriod.DAY, "monthly": AllowancePeriod.MONTH})
# https://www.twilio.com/docs/usage/api/usage-record#usage-categories
_THRESHOLDS = (
    ("sms", UsageThreshold.MESSAGES),
    ("mms", UsageThreshold.MESSAGES),
    ("calls", UsageThreshold.CALLS),
)


class TwilioUsageTriggers:
    """Implements the port `portal.plans.provider.UsageTriggers`."""

    def __init__(self, http: PortalTwilioHttp) -> None:
        self._http = http

    async def read(self, credentials: ProviderCredentials) -> list[SetTrigger]:
        """All triggers on the account that have a name as the portal gives them.

        Raises:
            ProviderUnavailableError: no answer.
        """
        with told_unavailable():
            found = await TenantAccount(self._http, credentials).usage_triggers.list_async(page_size=_PAGE)
            return [_set(one, int(name[1])) for one in found if (name := _NAME.fullmatch(one.friendly_name or ""))]

    async def add(self, credentials: ProviderCredentials, percent: int, watch: Watch, callback_url: str) -> str:
        """The SID of a new trigger.

        Raises:
            ProviderUnavailableError: no answer, or a refusal; it may be there all the same.
        """
        with told_unavailable():
            created = await TenantAccount(self._http, credentials).usage_triggers.create_async(
                callback_url=callback_url,
                friendly_name=f"Portal: {percent}% of the allowance",
                usage_category=watch.category,
                trigger_by=next(name for name, unit in _FIELDS.items() if unit is watch.unit),
                trigger_value=str(watch.value),
                recurring=next(name for name, per in _PERIODS.items() if per is watch.per),
            )
            return str(created.sid)

    async def remove(self, credentials: ProviderCredentials, reference: str) -> None:
        """Delete a trigger; one that is gone is deleted.

        Raises:
            ProviderUnavailableError: no answer.
        """
        with told_unavailable():
            try:
                await TenantAccount(self._http, credentials).usage_triggers(reference).delete_async()
            except ErrorAnswerError as error:
                if error.status != HTTPStatus.NOT_FOUND:
                    raise


class TwilioTriggerReports:
    """Implements the port `portal.plans.provider.TriggerReports`."""

    def read(self, fields: Mapping[str, str]) -> TriggerReport | None:
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
        return TriggerReport(
            event=f"{trigger[0]}/{fired}",
            reference=trigger[0],
            watch=_watch(category, *(fields.get(name, "") for name in ("TriggerBy", "Recurring", "TriggerValue"))),
            threshold=next(reached, UsageThreshold.USAGE),
            at=at,
        )


def _set(record: Any, percent: int) -> SetTrigger:
    fields = (record.usage_category, record.trigger_by, record.recurring, record.trigger_value)
    return SetTrigger(record.sid, percent, _watch(*map(str, fields)), record.callback_url or "")


def _watch(category: str, field: str, recurring: str, value: str) -> Watch | None:
    """What is watched, where it is anything that an allowance could be of."""
    try:
        number = exact(value)
    except (ValueError, ArithmeticError):
        return None
    if field not in _FIELDS or recurring not in _PERIODS or number <= 0 or number != number.to_integral_value():
        return None
    return Watch(category, _FIELDS[field], _PERIODS[recurring], int(number))


def _instant(text: str) -> datetime | None:
    """An RFC 2822 date, UTC."""
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
