"""Tells of issued invoices: by mail those who may see them, by webhook the tenant's own systems."""

from portal.clock import Clock
from portal.database import Database, DatabaseRole, TenantTransaction
from portal.global_ids import global_id
from portal.invoices.invoices import InvoiceRow, read_invoices_by_id
from portal.mail.queue import Mail, MailQueue
from portal.money.money import shown
from portal.webhooks.events import SEEN_BY, WebhookEvent, emit

_PATH = "/billing/invoices"
_TENANTS = 100
_UNTOLD = (
    "WITH untold AS (SELECT id FROM invoice WHERE tenant_id = $1 AND issued_at IS NOT NULL AND told_at IS NULL "
    "ORDER BY id FOR UPDATE SKIP LOCKED) "
    "UPDATE invoice SET told_at = $2 FROM untold WHERE invoice.tenant_id = $1 AND invoice.id = untold.id "
    "RETURNING invoice.id"
)


class InvoiceTelling:
    """Queues mails and events of invoices, each in the transaction that takes note of it: once, by whoever is first."""

    def __init__(self, database: Database, queue: MailQueue, public_url: str, clock: Clock) -> None:
        self._database = database
        self._queue = queue
        self._public_url = public_url
        self._clock = clock

    async def tell_due(self) -> int:
        """Tell of all that were issued and not told yet; of how many."""
        async with self._database.as_role(DatabaseRole.WORKER, read_only=True) as tx:
            sql = "SELECT DISTINCT tenant_id FROM invoice WHERE issued_at IS NOT NULL AND told_at IS NULL LIMIT $1"
            due = [row["tenant_id"] for row in await tx.rows(sql, _TENANTS)]
        told = 0
        for tenant_id in due:
            async with self._database.for_tenant(tenant_id) as tenant:
                told += await self._tell(tenant)
        return told

    async def _tell(self, tx: TenantTransaction) -> int:
        now = self._clock.now()
        ids = [row["id"] for row in await tx.rows(_UNTOLD, tx.tenant_id, now)]
        if not ids:
            return 0
        found = await read_invoices_by_id(tx, [tx.tenant_id], ids)
        invoices = [found[one] for one in sorted(found)]
        await emit(tx, WebhookEvent.INVOICE_ISSUED, [_data(one) for one in invoices], now=now)
        people = await tx.rows(
            "SELECT email, tenant.name AS tenant FROM membership JOIN person ON person.id = person_id "
            "JOIN tenant ON tenant.id = membership.tenant_id "
            "WHERE membership.tenant_id = $1 AND role = ANY($2::text[]) ORDER BY email",
            *(tx.tenant_id, list(SEEN_BY[WebhookEvent.INVOICE_ISSUED])),
        )
        for person in people:
            for invoice in invoices:
                mail = _mail(person["email"], person["tenant"], invoice, self._public_url)
                await self._queue.put(tx, mail, at=now)
        return len(ids)


def _data(invoice: InvoiceRow) -> dict[str, object]:
    return {
        "invoiceId": global_id("Invoice", invoice.id),
        "number": invoice.number,
        "month": f"{invoice.month:%Y-%m}",
        "total": {"amount": f"{invoice.total.amount:f}", "currency": invoice.total.currency},
        "dueOn": invoice.due_on.isoformat() if invoice.due_on else None,
    }


def _mail(to: str, tenant: str, invoice: InvoiceRow, public_url: str) -> Mail:
    due = f" It is to be paid until {invoice.due_on:%d %B %Y}." if invoice.due_on and invoice.due.amount > 0 else ""
    text = (
        f"The invoice {invoice.number} of {tenant} for {invoice.month:%B %Y} comes to {shown(invoice.total)}.{due}\n\n"
        f"See it line by line, and get it as PDF, in the portal:\n\n{public_url}{_PATH}\n\n"
        "You get this mail as somebody who may see invoices.\n"
    )
    return Mail(to, " ".join(f"{tenant}: invoice {invoice.number}".split()), text)  # a header has one line
