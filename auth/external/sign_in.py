"""The parts of external sign-in, made once per process where the settings name a provider."""

from dataclasses import dataclass
from typing import Self

from starlette.requests import Request
from starlette.responses import Response

from auth.external.identities import ExternalIdentities
from auth.external.provider import Provider
from auth.external.settings import ProviderSettings
from auth.external.transaction import Transaction
from portal.clock import Clock
from portal.database import Database
from portal.encryption import SecretBox

CALLBACK_PATH = "/sign-in/external/callback"


@dataclass(frozen=True, slots=True)
class ExternalSignIn:
    """The provider, whose accounts its subjects are, and what seals a sign-in under way."""

    provider: Provider
    identities: ExternalIdentities
    clock: Clock
    box: SecretBox

    @classmethod
    def build(
        cls, settings: ProviderSettings, database: Database, clock: Clock, box: SecretBox, *, public_url: str
    ) -> Self:
        """Make them; nothing is asked of the provider before somebody signs in there."""
        provider = Provider(settings, clock, f"{public_url}{CALLBACK_PATH}")
        return cls(provider, ExternalIdentities(database, clock, settings.issuer), clock, box)

    def transaction(self, request: Request) -> Transaction | None:
        """The sign-in that this browser began here, not long ago."""
        return Transaction.of(request, self.box, self.clock.now())

    def remember(self, transaction: Transaction, response: Response) -> None:
        """Let the browser that gets this answer carry the transaction."""
        transaction.set_in(response, self.box)
