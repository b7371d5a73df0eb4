"""The composition root of the API: the one place where its parts are put together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from limits.errors import StorageError
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from api.audit_download import AuditDownload
from api.billing_webhook import PATH, BillingWebhook
from api.contact_download import ContactDownload
from api.fan_out import fan_out
from api.graphql.documents import Documents
from api.graphql.endpoint import GraphQLEndpoint
from api.graphql.ide import ide_page
from api.graphql.limits import Limits
from api.graphql.live.event_stream import EventStreams
from api.graphql.live.limits import LiveLimits, Places
from api.graphql.live.subscriptions import Subscriptions
from api.graphql.live.websocket import WebSockets
from api.graphql.operations import Operations
from api.headers import SafeHeaders
from api.health import Readiness, health_routes
from api.home import encryption_key
from api.invoice_download import InvoiceDownload
from api.media_client import HttpMediaClient
from api.page import page_routes
from api.preferences_page import PreferencesPage
from api.prices import ProviderPrices
from api.settings import Settings
from api.upload_address import UploadAddress
from api.usage_download import UsageDownload
from api.webhook_client import HttpWebhookClient
from api.webhooks.calls import call_answers
from api.webhooks.routes import webhook_routes
from auth.passwords import Passwords
from auth.routes import auth_routes
from auth.services import AuthServices
from portal.audit.chain import SIGNS
from portal.callbacks.inbox import CallbackInbox
from portal.clock import Clock, SystemClock
from portal.contacts.exporting import ContactExports
from portal.database import Database, DatabaseUnavailableError
from portal.database.connection import QueryLogger
from portal.encryption import SecretBox, Signer
from portal.files import addresses
from portal.files.uploads import Uploads
from portal.live.hub import Hub
from portal.mail.queue import MailQueue
from portal.messages.media import MediaClient
from portal.plans import preview_tokens
from portal.preferences.links import PreferenceLinks
from portal.tenants.accounts import ProviderAccounts
from portal.webhooks.client import WebhookClient
from portal.webhooks.endpoints import EndpointSetup
from portal_schema.context import Contexts
from portal_schema.reach import Addresses, Outside
from portal_schema.schema import schema


def create_app(
    settings: Settings,
    *,
    clock: Clock | None = None,
    on_query: QueryLogger | None = None,
    live: LiveLimits | None = None,
    passwords: Passwords | None = None,
    documents: Documents | None = None,
) -> Starlette:
    """The API, the sign-in pages, the webhooks and the page; `on_query` hears every SQL statement.

    Several in one process may share the prepared `documents`.
    """
    now = clock or SystemClock()
    limits = live or LiveLimits()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        database = await Database.connect(settings.database(), pool_size=settings.pool_size, on_query=on_query)
        try:
            async with (
                fan_out(settings, database) as bus,
                HttpWebhookClient.open(settings.webhook_networks(), now) as client,
                HttpMediaClient.open(settings.media_networks()) as media,
            ):
                hub = Hub(bus, most_waiting=limits.waiting)
                app.router.routes[:] = _routes(
                    settings, database, hub, _Clients(client, media), now, limits, passwords, documents
                )
                yield
        finally:
            await database.close()

    return Starlette(
        lifespan=lifespan,
        middleware=[Middleware(SafeHeaders, https=settings.url.startswith("https:"))],
        exception_handlers={DatabaseUnavailableError: _unavailable, StorageError: _uncounted},
    )


class _Clients(NamedTuple):
    """What goes out to addresses that others name."""

    webhooks: WebhookClient
    media: MediaClient


async def _unavailable(_: Request, __: Exception) -> Response:
    headers = {"Retry-After": "5", "Cache-Control": "no-store"}
    return PlainTextResponse("The portal cannot reach its database. Try again in a moment.\n", 503, headers)


async def _uncounted(_: Request, __: Exception) -> Response:
    """Nobody signs in while failures cannot be counted: else they could be guessed without end."""
    headers = {"Retry-After": "5", "Cache-Control": "no-store"}
    return PlainTextResponse("The portal cannot count failed attempts just now. Try again in a moment.\n", 503, headers)


def _routes(
    settings: Settings,
    database: Database,
    hub: Hub,
    clients: _Clients,
    clock: Clock,
    live: LiveLimits,
    passwords: Passwords | None,
    documents: Documents | None,
) -> list[BaseRoute]:
    secret = encryption_key(settings).get_secret_value()
    box = SecretBox(secret)
    services = AuthServices.build(
        database=database,
        clock=clock,
        secret_box=box,
        public_url=settings.url,
        product_name=settings.product_name,
        passwords=passwords,
        limits_url=settings.counters_url(),
        sign_in_methods=settings.sign_in_methods(),
    )
    accounts = ProviderAccounts(database, box, clock)
    setup, previews = EndpointSetup(box, clients.webhooks), Signer(secret, preview_tokens.SIGNS)
    links = PreferenceLinks(secret, settings.url)
    uploads = Uploads(settings.file_store(), Signer(secret, addresses.SIGNS), services.public_url)
    exports = ContactExports(box, services.public_url)
    signed = Addresses(uploads, exports, links)
    contexts = Contexts(
        database,
        clock,
        MailQueue(box),
        setup,
        Outside(ProviderPrices(settings), clients.media),
        previews,
        signed,
        services.public_url,
    )
    operations, places = Operations(schema, contexts.open, Limits(), documents), Places(live.connections)
    subscriptions = Subscriptions(operations, hub, live)
    endpoint = GraphQLEndpoint(
        operations,
        authenticate=services.authenticator.authenticate,
        event_streams=EventStreams(subscriptions, services.authenticator.again, places),
        ide_page=ide_page(services.authenticator.visitor),
    )
    download = AuditDownload(services.authenticator.visitor, database, Signer(secret, SIGNS), clock)
    invoices = InvoiceDownload(services.authenticator, database, settings.product_name)
    usage = UsageDownload(services.authenticator, database, clock)
    billing = BillingWebhook(database, settings.billing_secret(), clock)
    return [
        Route("/graphql", endpoint),
        WebSocketRoute("/graphql", WebSockets(operations, subscriptions, services.authenticator, places)),
        Route("/audit-log.jsonl", download.answer, methods=["GET"]),
        Route("/invoices/{id}.{ending}", invoices.answer, methods=["GET"]),
        Route("/usage.csv", usage.answer, methods=["GET"]),
        Route("/contacts.csv/{token}", ContactDownload(exports, database, clock).answer, methods=["GET"]),
        Route("/uploads/{token}", UploadAddress(uploads, database, clock).answer, methods=["PUT"]),
        Route(PATH, billing.answer, methods=["POST"]),
        *PreferencesPage(links, database, services.throttle, clock).routes(),
        *auth_routes(services),
        *webhook_routes(
            settings.provider_callback_url,
            accounts,
            CallbackInbox(database, clock),
            call_answers(database, clock, settings.provider_callback_url),
        ),
        *health_routes(Readiness(database, clock)),
        *page_routes(),
    ]
