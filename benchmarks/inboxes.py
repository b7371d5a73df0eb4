"""The endpoint of status callbacks with three inboxes: the product's, one that commits each alone, and none.

Beside it a bare one: Starlette and the SDK's own check of the signature, and nothing else.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from twilio.request_validator import RequestValidator

from api.home import encryption_key
from api.settings import load_settings
from api.webhooks.addresses import MESSAGE_PATH
from api.webhooks.calls import call_answers
from api.webhooks.routes import webhook_routes
from portal.callbacks.inbox import CallbackInbox, ReceivedCallback
from portal.clock import SystemClock
from portal.database import Database
from portal.encryption import SecretBox
from portal.tenants.accounts import ProviderAccounts

INBOX = "INBOX"
AUTH_TOKEN = "AUTH_TOKEN"  # noqa: S105  a name, no token


class OneByOne(CallbackInbox):
    """A transaction for each callback."""

    async def receive(self, callback: ReceivedCallback) -> None:
        """Return once the callback is on disk."""
        await self._store([callback])


class Nowhere(CallbackInbox):
    """Keeps nothing: what is left is HTTP and the signature."""

    async def receive(self, callback: ReceivedCallback) -> None:
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
        url = settings.provider_callback_url
        app.router.routes[:] = webhook_routes(url, accounts, inbox, call_answers(database, clock, url))
        try:
            yield
        finally:
            await database.close()

    app.router.lifespan_context = lifespan
    return app


def create_bare_app() -> Starlette:
    """One endpoint that checks the signature under one token as the SDK's documentation shows, and stores nothing."""
    public_url, validator = load_settings().provider_callback_url, RequestValidator(os.environ[AUTH_TOKEN])

    async def answer(request: Request) -> Response:
        async with request.form() as form:
            url, signature = f"{public_url}{request.url.path}", request.headers["X-Twilio-Signature"]
            return Response(status_code=204 if validator.validate(url, form, signature) else 403)

    return Starlette(routes=[Route(MESSAGE_PATH, answer, methods=["POST"])])
