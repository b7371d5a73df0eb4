"""What delivering needs of HTTP: the port that `api.webhook_client` implements. Pure."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Answer:
    """What an endpoint answered."""

    status: int
    beginning: str = field(repr=False)
    """The first characters of its body, for whoever looks for what is wrong."""
    retry_after: timedelta | None = None

    @property
    def taken(self) -> bool:
        """Whether it took the event: a redirection is not followed, so it did not."""
        return 200 <= self.status < 300  # noqa: PLR2004  RFC 9110, 15.3

    @property
    def problem(self) -> str | None:
        """What the status does not say by itself."""
        if 300 <= self.status < 400:  # noqa: PLR2004  RFC 9110, 15.4
            return "It redirects, which is not followed: set the address that it leads to."
        return None

    @property
    def gone(self) -> bool:
        """Whether it wants no events ever again."""
        return self.status == 410  # noqa: PLR2004  Standard Webhooks: on 410 the endpoint is disabled


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Why there was no answer, in words for the endpoint's owner that tell nothing of the portal's own network."""

    problem: str


class WebhookClient(Protocol):
    """Reaches endpoints, and nothing but what is meant to be reached."""

    async def problem_of(self, url: str) -> str | None:
        """Why no event may go there; None where it may."""
        ...

    async def post(self, url: str, headers: dict[str, str], body: bytes) -> Answer | NoAnswer:
        """Hand one event over, once; no more than the deadline passes."""
        ...
