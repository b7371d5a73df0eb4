"""The worker: hands messages over, applies callbacks, sends mails and webhooks, keeps partitions and audit logs."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

import structlog

from api.fan_out import fan_out
from api.home import encryption_key
from api.settings import Settings
from api.webhook_client import HttpWebhookClient
from api.webhooks.addresses import USAGE_TRIGGER, call_callback_url, callback_url
from auth.keys import ROTATE_EVERY, SigningKeys
from auth.oauth.expiry import delete_expired
from auth.tidying import delete_what_ended
from portal.alerts.mailing import AlertMails
from portal.alerts.reported import problem_applier
from portal.audit.chain import SIGNS
from portal.audit.retention import drop_old_entries
from portal.audit.sealing import seal_entries
from portal.callbacks.applying import Applier, apply_inbox
from portal.callbacks.inbox import CallbackKind
from portal.calls.dialing import Dialer
from portal.calls.reported import call_applier
from portal.clock import Clock, SystemClock
from portal.conversations.receiving import received_applier
from portal.credits.expiring import expire_credits
from portal.database import Database
from portal.database.migrate import create_partitions
from portal.encryption import SecretBox, Signer
from portal.erasure.erasing import ContactErasures
from portal.files.expiring import delete_expired_files
from portal.files.store import FileStore
from portal.imports.working import ContactImporting
from portal.invoices.generating import InvoiceGeneration
from portal.invoices.telling import InvoiceTelling
from portal.lookups.working import NumberLookups
from portal.mail.delivery import MailDelivery
from portal.mail.queue import MailQueue
from portal.messages.dispatching import Dispatcher
from portal.messages.firing import Firing
from portal.messages.reported import status_applier
from portal.onboarding.heard import keep_events
from portal.plans.reported import trigger_applier
from portal.plans.trigger_setup import TriggerSetup
from portal.reconciliation.reconciling import Reconciliation
from portal.retention.deleting import delete_old
from portal.sweep.sweeper import Sweeper
from portal.templates.working import TemplatePublishing
from portal.tenants.accounts import ProviderAccounts
from portal.usage.gathering import UsageSync
from portal.usage.nightly import request_nightly
from portal.webhooks.delivering import WebhookDelivery
from twilio_gateway.gateway import TwilioGateway

_IDLE_SECONDS = 0.1  # how long a message or a callback waits at most while nothing else is to do
_BUSY_SECONDS = 0.01
_FAULT_SECONDS = 1.0
_IMPORTS_AT_ONCE = 4  # one tenant each: a long one keeps no short one waiting
_SYNCS_AT_ONCE = 4  # of usage, one tenant each: the provider answers messages first

log = structlog.get_logger(__name__)


async def run(settings: Settings, *, clock: Clock | None = None) -> None:
    """Work until cancelled. A fault is logged and tried again: what was claimed comes back when its lease ends."""
    now = clock or SystemClock()
    database = await Database.connect(settings.database(), pool_size=settings.pool_size)
    try:
        async with (
            fan_out(settings, database),
            TwilioGateway.open(settings.simulator_url if settings.simulated else None) as gateway,
            HttpWebhookClient.open(settings.webhook_networks(), now) as client,
        ):
            secret = encryption_key(settings).get_secret_value()
            box, signer = SecretBox(secret), Signer(secret, SIGNS)
            accounts = ProviderAccounts(database, box, now)
            dispatcher = Dispatcher(
                database,
                gateway.messages,
                accounts,
                now,
                callback_url(settings.provider_callback_url),
            )
            webhooks = WebhookDelivery(database, box, client, now)
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(_repeat("dispatch", dispatcher.start_due))
                    calls_url = call_callback_url(settings.provider_callback_url)
                    dialer = Dialer(database, gateway.calls, accounts, now, calls_url)
                    group.create_task(_repeat("calls", dialer.work_due))
                    lookups = NumberLookups(database, gateway.lookups, accounts, now)
                    group.create_task(_repeat("lookups", lookups.work_due))
                    group.create_task(_repeat("schedule", Firing(database, now).fire_due))
                    group.create_task(_repeat("webhooks", webhooks.start_due))
                    group.create_task(_repeat("inbox", partial(apply_inbox, database, appliers(gateway), now)))
                    mails = MailDelivery(database, box, settings.mail_sender(), now)
                    group.create_task(_repeat("mail", mails.send_due))
                    sweeper = Sweeper(database, gateway.messages, gateway.inbound_log, accounts, now)
                    group.create_task(_keep("sweep", timedelta(seconds=10), sweeper.sweep_due))
                    alert_mails = AlertMails(database, MailQueue(box), settings.url, now)
                    group.create_task(_keep("alert mails", timedelta(seconds=5), alert_mails.queue_due))
                    telling = InvoiceTelling(database, MailQueue(box), settings.url, now)
                    group.create_task(_keep("invoice mails", timedelta(seconds=5), telling.tell_due))
                    group.create_task(
                        _keep("invoices", timedelta(seconds=5), InvoiceGeneration(database, now).work_due)
                    )
                    setup = TriggerSetup(
                        database,
                        gateway.usage_triggers,
                        accounts,
                        partial(USAGE_TRIGGER.url, settings.provider_callback_url),
                        now,
                    )
                    group.create_task(_keep("usage triggers", timedelta(seconds=30), setup.set_due))
                    syncs = UsageSync(database, gateway.usage_records, accounts, now)
                    for place in range(_SYNCS_AT_ONCE):
                        group.create_task(_keep(f"usage sync {place}", timedelta(seconds=2), syncs.work_due))
                    erasures = ContactErasures(database, gateway.erasure, accounts, signer, now)
                    group.create_task(_keep("erasures", timedelta(seconds=5), erasures.work_due))
                    templates = TemplatePublishing(database, gateway.contents, accounts, now)
                    group.create_task(_keep("templates", timedelta(seconds=1), templates.work_due))
                    reconciliation = Reconciliation(database, MailQueue(box), settings.url, now)
                    group.create_task(_keep("reconciliation", timedelta(seconds=30), reconciliation.work_due))
                    files = settings.file_store()
                    imports = ContactImporting(database, files, now)
                    for place in range(_IMPORTS_AT_ONCE):
                        group.create_task(_keep(f"imports {place}", timedelta(seconds=1), imports.work_due))
                    for name, every, work in _jobs(database, signer, SigningKeys(database, now, box), files, now):
                        group.create_task(_keep(name, every, work))
            finally:  # what is being handed over or delivered gets its outcome written down
                await asyncio.gather(dispatcher.finish(), webhooks.stop())
    finally:
        await database.close()


def appliers(gateway: TwilioGateway) -> dict[CallbackKind, Applier]:
    """What applies callbacks of each kind."""
    return {
        CallbackKind.DEBUGGER: problem_applier(gateway.debugger),
        CallbackKind.USAGE_TRIGGER: trigger_applier(gateway.trigger_reports),
        CallbackKind.MESSAGE_STATUS: status_applier(gateway.status_reports),
        CallbackKind.MESSAGE_RECEIVED: received_applier(gateway.inbound_messages),
        CallbackKind.CALL_STATUS: call_applier(gateway.call_reports),
        CallbackKind.TRUST_HUB: keep_events,
        CallbackKind.EVENT_STREAM: keep_events,
    }


async def _repeat(name: str, work: Callable[[], Awaitable[int]]) -> None:
    while True:
        try:
            done = await work()
            pause = _BUSY_SECONDS if done else _IDLE_SECONDS
        except Exception as error:
            log.exception("work_failed", work=name, error=type(error).__name__)
            pause = _FAULT_SECONDS
        await asyncio.sleep(pause)


def _jobs(
    database: Database, signer: Signer, keys: SigningKeys, files: FileStore, clock: Clock
) -> list[tuple[str, timedelta, Callable[[], Awaitable[object]]]]:
    """What is done from time to time: its name in the log, how often, and the work."""
    return [
        ("partitions", timedelta(hours=6), lambda: create_partitions(database, clock.now())),
        ("audit seals", timedelta(seconds=5), lambda: seal_entries(database, signer, clock)),
        ("audit retention", timedelta(hours=6), lambda: drop_old_entries(database, signer, clock)),
        ("retention", timedelta(hours=1), lambda: delete_old(database, clock)),
        ("files", timedelta(minutes=5), lambda: delete_expired_files(database, files, clock)),
        ("nightly usage", timedelta(minutes=1), lambda: request_nightly(database, clock)),
        ("credits", timedelta(minutes=10), lambda: expire_credits(database, clock)),
        ("sign-in", timedelta(minutes=10), lambda: delete_what_ended(database, clock.now())),
        ("oauth", timedelta(minutes=10), lambda: delete_expired(database, clock.now())),
        ("signing keys", timedelta(hours=1), lambda: keys.rotate(unless_younger_than=ROTATE_EVERY)),
    ]


async def _keep(name: str, every: timedelta, work: Callable[[], Awaitable[object]]) -> None:
    while True:
        try:
            await work()
            pause = every.total_seconds()
        except Exception as error:
            log.exception("work_failed", work=name, error=type(error).__name__)
            pause = _FAULT_SECONDS
        await asyncio.sleep(pause)
