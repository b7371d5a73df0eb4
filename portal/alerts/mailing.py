"""The mails that tell of new alerts: written soon after, so that what is raised together is one mail."""

from collections.abc import Sequence

from portal.alerts.catalogue import AlertGroup, AlertKind, text_of
from portal.clock import Clock
from portal.database import Database, DatabaseRole, TenantTransaction
from portal.database.connection import Row
from portal.mail.queue import Mail, MailQueue

_PATH = "/alerts"
_TENANTS = 100


class AlertMails:
    """Queues the mails of alerts that are due, each in the transaction that takes note of it."""

    def __init__(self, database: Database, queue: MailQueue, public_url: str, clock: Clock) -> None:
        self._database = database
        self._queue = queue
        self._public_url = public_url
        self._clock = clock

    async def queue_due(self) -> int:
        """Queue a mail to each member who is to know of a tenant's new alerts; how many mails that were."""
        async with self._database.as_role(DatabaseRole.WORKER, read_only=True) as tx:
            sql = "SELECT DISTINCT tenant_id FROM alert WHERE mail_due_at <= $1 LIMIT $2"
            due = [row["tenant_id"] for row in await tx.rows(sql, self._clock.now(), _TENANTS)]
        queued = 0
        for tenant_id in due:
            async with self._database.for_tenant(tenant_id) as tenant:
                queued += await self._queue_of(tenant)
        return queued

    async def _queue_of(self, tx: TenantTransaction) -> int:
        alerts = await tx.rows(
            "WITH due AS (SELECT id FROM alert WHERE tenant_id = $1 AND mail_due_at IS NOT NULL "
            "ORDER BY id FOR UPDATE SKIP LOCKED) "
            "UPDATE alert SET mail_due_at = NULL FROM due WHERE alert.tenant_id = $1 AND alert.id = due.id "
            "RETURNING alert.id, kind, code, count, acknowledged_at",
            tx.tenant_id,
        )
        alerts = sorted((alert for alert in alerts if alert["acknowledged_at"] is None), key=lambda alert: alert["id"])
        if not alerts:
            return 0
        people = await tx.rows(
            "SELECT email, tenant.name AS tenant FROM membership JOIN person ON person.id = person_id "
            "JOIN tenant ON tenant.id = membership.tenant_id "
            "WHERE membership.tenant_id = $1 AND role IN ('OWNER', 'ADMINISTRATOR') ORDER BY email",
            tx.tenant_id,
        )
        for person in people:
            mail = _mail(person["email"], person["tenant"], alerts, self._public_url)
            await self._queue.put(tx, mail, at=self._clock.now())
        return len(people)


def _mail(to: str, tenant: str, alerts: Sequence[Row], public_url: str) -> Mail:
    texts = [(text_of(AlertGroup(AlertKind(alert["kind"]), alert["code"])), alert["count"]) for alert in alerts]
    title = texts[0][0].title if len(texts) == 1 else f"{len(texts)} things need attention."
    told = "\n".join(f"{text.title} {_times(count)}\n{text.advice}\n" for text, count in texts)
    text = (
        f"{told}\nSee what it is about, and take note of it, in the portal of {tenant}:\n\n{public_url}{_PATH}\n\n"
        "You get this mail as its Owner or an Administrator. The page sets what is mailed.\n"
    )
    return Mail(to, " ".join(f"{tenant}: {title.rstrip('.')}".split()), text)  # a header has one line


def _times(count: int) -> str:
    return "It happened once." if count == 1 else f"It happened {count:,} times."
