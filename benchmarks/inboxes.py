"""The endpoint of status callbacks with three inboxes: the product's, one that commits each alone, and none."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from uuid import UUID

import orjson
from starlette.applications import Starlette

from api.home import encryption_key
from api.settings import load_settings
from api.webhooks import webhook_routes
from portal.clock import SystemClock, new_id
from portal.database import Database, DatabaseRole
from portal.encryption import SecretBox
from portal.messages.inbox import CallbackInbox
from portal.tenants.accounts import ProviderAccounts

INBOX = "INBOX"


class OneByOne(CallbackInbox):
    """A transaction for each callback."""

    async def receive(self, tenant_id: UUID, message_id: UUID, fields: Mapping[str, str]) -> None:
        """Return once the callback is on disk."""
        now = self._clock.now()
        async with self._database.as_role(DatabaseRole.WORKER) as tx:
            await tx.execute(
                "INSERT INTO callback_inbox (id, tenant_id, message_id, fields, received_at) "
                "VALUES ($1, $2, $3, $4, $5)",
                *(new_id(now), tenant_id, message_id, orjson.dumps(dict(fields)).decode(), now),
            )


class Nowhere(CallbackInbox):
    """Keeps nothing: what is left is HTTP and the signature."""

    async def receive(self, tenant_id: UUID, message_id: UUID, fields: Mapping[str, str]) -> None:
        """Return at once."""


INBOXES = {"grouped": CallbackInbox, "one-by-one": OneByOne, "nowhere": Nowhere}


def create_app() -> Starlette:
    """The webhook's routes alone, with the inbox that the environment names."""
    settings, clock, app = load_settings(), SystemClock(), Starlette()

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        database = await Database.connect(settings.database(), pool_size=settings.pool_size)
        accounts = ProviderAccounts(database, SecretBox(encryption_key(settings).get_secret_value()), clock)
        inbox = INBOXES[os.environ[INBOX]](database, clock)
        app.router.routes[:] = webhook_routes(settings.provider_callback_url, accounts, inbox)
        try:
            yield
        finally:
            await database.close()

    app.router.lifespan_context = lifespan
    return app
