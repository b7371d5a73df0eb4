"""What alerts need of the provider: the port that `twilio_gateway` implements. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from portal.alerts.catalogue import AlertGroup
from portal.messages.issues import DeliveryIssueCode


@dataclass(frozen=True, slots=True)
class ProviderProblem:
    """An error that the provider logged, without what the request held that it was about."""

    event: str  # the provider's id of the log's line
    group: AlertGroup
    error: str  # the provider's number of it
    issue: DeliveryIssueCode | None  # the reason, of an error that ends a message
    subject: str | None  # the provider's reference of what it is about: a message, or something else
    at: datetime | None


class ProviderProblems(Protocol):
    """Reads the provider's error log, whose fields only the gateway knows."""

    def read(self, fields: Mapping[str, str]) -> ProviderProblem | None:
        """The error in these form fields, or None where they hold none that anybody has to act on."""
        ...
