"""Each tenant's own access to its own account at the provider, decrypted only here."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from portal.clock import Clock
from portal.database import Database, DatabaseRole
from portal.encryption import SecretBox
from portal.messages.provider import ProviderCredentials

_FRESH = timedelta(seconds=30)
_NEWEST = timedelta(seconds=1)  # whoever sends forged callbacks makes nobody read the account more often


@dataclass(frozen=True, slots=True)
class ProviderAccountSecrets:
    """What a tenant's account holds: credentials to send with, and the tokens that its callbacks are signed with."""

    credentials: ProviderCredentials
    signing_tokens: tuple[str, ...] = field(repr=False)


class ProviderAccounts:
    """Reads accounts as the worker role; a look-up is remembered for half a minute."""

    def __init__(self, database: Database, box: SecretBox, clock: Clock) -> None:
        self._database = database
        self._box = box
        self._clock = clock
        self._known: dict[UUID, tuple[datetime, ProviderAccountSecrets]] = {}

    async def secrets(self, tenant_id: UUID) -> ProviderAccountSecrets | None:
        """The tenant's account, or None before it has one."""
        return await self._not_older(tenant_id, _FRESH)

    async def newer_secrets(self, tenant_id: UUID) -> ProviderAccountSecrets | None:
        """The account as it is now, for when what was remembered does not fit: it may just have been changed."""
        return await self._not_older(tenant_id, _NEWEST)

    async def _not_older(self, tenant_id: UUID, age: timedelta) -> ProviderAccountSecrets | None:
        now = self._clock.now()
        known = self._known.get(tenant_id)
        if known is not None and now - known[0] < age:
            return known[1]
        async with self._database.for_tenant(tenant_id, role=DatabaseRole.WORKER, read_only=True) as tx:
            row = await tx.row(
                "SELECT account_sid, auth_token, key_sid, key_secret, "
                "CASE WHEN previous_until > $2 THEN previous_auth_token END AS previous "
                "FROM provider_account WHERE tenant_id = $1",
                tenant_id,
                now,
            )
        if row is None:
            return None
        key_secret = self._box.decrypt(row["key_secret"]).decode()
        found = ProviderAccountSecrets(
            ProviderCredentials(row["account_sid"], row["key_sid"], key_secret),
            tuple(self._box.decrypt(token).decode() for token in (row["auth_token"], row["previous"]) if token),
        )
        self._known[tenant_id] = (now, found)
        return found

    async def credentials(self, tenant_id: UUID) -> ProviderCredentials | None:
        """What to send with, or None before the tenant has an account."""
        found = await self.secrets(tenant_id)
        return None if found is None else found.credentials
