"""Reads what an invoice's files are made of: for its tenant, and with what it cost for the ISV's operator."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from portal.database import Transaction
from portal.invoices.bill import bill_of
from portal.invoices.documents import Document
from portal.invoices.invoices import InvoiceRow, find_invoice, read_credit_notes


@dataclass(frozen=True, slots=True)
class InvoiceFiles:
    """An invoice with all that its files say."""

    document: Document
    snapshot: dict[str, Any]
    operator_lines: list[dict[str, Any]] | None

    def bill(self) -> bytes:
        """The bill as JSON."""
        return bill_of(self.document.invoice, self.snapshot, self.operator_lines)


async def read_files(tx: Transaction, invoice_id: UUID, seller: str, *, with_cost: bool) -> InvoiceFiles | None:
    """The invoice, if the transaction reaches it; `with_cost` is for the operator's role alone."""
    invoice = await find_invoice(tx, invoice_id)
    if invoice is None:
        return None
    notes = (await read_credit_notes(tx, [invoice.tenant_id], [invoice.id]))[invoice.id]
    buyer = await tx.value("SELECT name FROM tenant WHERE id = $1", invoice.tenant_id)
    snapshot, lines = await _sides(tx, invoice, with_cost=with_cost)
    return InvoiceFiles(Document(invoice, notes, seller, buyer), snapshot, lines)


async def _sides(
    tx: Transaction, invoice: InvoiceRow, *, with_cost: bool
) -> tuple[dict[str, Any], list[dict[str, Any]] | None]:
    key = (invoice.tenant_id, invoice.id)
    if with_cost:
        sql = "SELECT snapshot, lines FROM invoice_cost WHERE tenant_id = $1 AND id = $2"
        (row,) = await tx.rows(sql, *key)
        return orjson.loads(row["snapshot"]), orjson.loads(row["lines"])
    return orjson.loads(await tx.value("SELECT snapshot FROM invoice WHERE tenant_id = $1 AND id = $2", *key)), None
