"""What plans need of the provider's usage triggers: the ports that `twilio_gateway` implements. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from portal.alerts.catalogue import UsageThreshold
from portal.messages.provider import ProviderCredentials
from portal.plans.periods import AllowancePeriod
from portal.pricing.terms import UsageUnit


@dataclass(frozen=True, slots=True)
class Watch:
    """What a usage trigger watches: a category's messages or segments of each period, UTC, until they reach a value."""

    category: str
    unit: UsageUnit
    per: AllowancePeriod
    value: int


@dataclass(frozen=True, slots=True)
class SetTrigger:
    """A trigger that the portal has set on a subaccount, for a percentage of the allowance."""

    reference: str
    percent: int
    watch: Watch | None  # None: it was changed into one that the portal would never set
    callback_url: str


class UsageTriggers(Protocol):
    """The triggers that the portal sets on a tenant's subaccount; those that others have set are not its business."""

    async def read(self, credentials: ProviderCredentials) -> list[SetTrigger]:
        """All that the portal has set, also where it did not live to hear of it.

        Raises:
            ProviderUnavailableError: no answer.
        """
        ...

    async def add(self, credentials: ProviderCredentials, percent: int, watch: Watch, callback_url: str) -> str:
        """The reference of a new trigger, which calls back once in each period in which its value is reached.

        Raises:
            ProviderUnavailableError: no answer, or a refusal; it may be there all the same.
        """
        ...

    async def remove(self, credentials: ProviderCredentials, reference: str) -> None:
        """Remove a trigger; one that is gone is removed.

        Raises:
            ProviderUnavailableError: no answer.
        """
        ...


@dataclass(frozen=True, slots=True)
class TriggerReport:
    """A usage that the provider counts has reached the value of a trigger."""

    event: str  # the same for each time that it is told of the same period
    reference: str
    watch: Watch | None  # None: one that the portal would never set
    threshold: UsageThreshold
    at: datetime | None


class TriggerReports(Protocol):
    """Reads the callbacks of usage triggers, whose fields only the gateway knows."""

    def read(self, fields: Mapping[str, str]) -> TriggerReport | None:
        """The report in these form fields, or None where they hold none."""
        ...
