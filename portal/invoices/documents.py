"""Documents of an invoice: a PDF by typst, and its lines as CSV. The same invoice gives the same bytes. Pure."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import orjson
import typst

from portal.invoices.canonical import plain
from portal.invoices.invoices import CreditNoteRow, InvoiceRow, InvoiceState
from portal.money.money import Money, round_to_minor, shown

_TEMPLATE = Path(__file__).with_name("invoice.typ")
_STAMPS = {
    InvoiceState.DRAFT: ("DRAFT", "#8a5a00"),
    InvoiceState.PAID: ("PAID", "#1c7a3f"),
    InvoiceState.VOID: ("VOID", "#a02020"),
}
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would work out a text that begins so


@dataclass(frozen=True, slots=True)
class Document:
    """An invoice with the names that stand on it."""

    invoice: InvoiceRow
    credit_notes: Sequence[CreditNoteRow]
    seller: str
    buyer: str

    @property
    def title(self) -> str:
        """What it is called, for people and as a file."""
        invoice = self.invoice
        return f"Invoice {invoice.number}" if invoice.number else f"Draft invoice {invoice.month:%Y-%m}"


def pdf(document: Document) -> bytes:
    """The invoice on A4, tagged for screen readers by PDF/UA-1; it takes the processor a while."""
    try:
        return _compiled(document, "ua-1")
    except typst.TypstError:  # no font has a sign of a name: PDF/UA allows no such gap, and the rest reads as well
        return _compiled(document, None)


def png(document: Document) -> bytes:
    """The first page as a picture, for people who write about it."""
    pages: Any = typst.compile(_TEMPLATE, sys_inputs=_inputs(document), format="png", ppi=110.0)
    return bytes(pages[0] if isinstance(pages, list) else pages)


def _compiled(document: Document, standard: Literal["ua-1"] | None) -> bytes:
    made: bytes = typst.compile(
        _TEMPLATE,
        sys_inputs=_inputs(document),
        format="pdf",
        pdf_standards=standard,
        timestamp=_instant(document),
    )
    return made


def csv_of(document: Document) -> str:
    """The lines, one a row, then the total; by RFC 4180, amounts without signs of currency."""
    out, invoice, currency = io.StringIO(), document.invoice, document.invoice.total.currency
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["invoice", "month", "description", "quantity", "unit", "amount", "currency", "explanation"])
    about = [invoice.number or "", f"{invoice.month:%Y-%m}"]
    for line in invoice.lines:
        why = "; ".join(f"{step.label}: {step.value}" for step in line.steps)
        amount = [f"{round_to_minor(line.amount, currency):f}", currency]
        writer.writerow([*about, _text(line.description), plain(line.quantity), line.unit, *amount, _text(why)])
    writer.writerow([*about, "Total", "", "", f"{invoice.total.rounded().amount:f}", currency, ""])
    return out.getvalue()


def _inputs(document: Document) -> dict[str, str]:
    return {"invoice": orjson.dumps(_data(document)).decode()}


def _data(document: Document) -> dict[str, Any]:
    invoice, currency = document.invoice, document.invoice.total.currency
    stamp = _STAMPS.get(invoice.state)
    return {
        "title": document.title,
        "kind": "Invoice",
        "seller": document.seller,
        "buyer": document.buyer,
        "facts": _facts(invoice),
        "stamp": stamp and {"text": stamp[0], "color": stamp[1]},
        "lines": [
            {
                "description": line.description,
                "steps": [[step.label, step.value] for step in line.steps],
                "quantity": f"{line.quantity:,f} {line.unit.removesuffix('s') if line.quantity == 1 else line.unit}",
                "amount": shown(Money(line.amount, currency)),
            }
            for line in invoice.lines
        ],
        "sums": _sums(document),
        "due": ["Amount due", shown(invoice.due)],
        "notes": _notes(document),
    }


def _facts(invoice: InvoiceRow) -> list[list[str]]:
    told = [("Number", invoice.number or "none yet"), ("Month, in UTC", f"{invoice.month:%B %Y}")]
    for label, day in (("Issued", invoice.issued_at), ("Due", invoice.due_on), ("Paid", invoice.paid_at)):
        if day is not None:
            told.append((label, f"{day.day} {day:%B %Y}"))
    return [list(one) for one in told]


def _sums(document: Document) -> list[list[str]]:
    invoice, currency = document.invoice, document.invoice.total.currency
    sums = [["Total, without taxes", shown(invoice.total)]]
    if invoice.prepaid:
        sums.append(["Credits that were paid for", shown(Money(-invoice.prepaid, currency))])
    sums += [[f"Credit note {note.number}", shown(-note.amount)] for note in document.credit_notes]
    if invoice.state is InvoiceState.PAID:
        sums.append(["Paid", shown(Money(-(invoice.total.amount - invoice.credited - invoice.prepaid), currency))])
    return sums


def _notes(document: Document) -> list[str]:
    invoice = document.invoice
    notes = [f"Credit note {note.number}: {note.reason}" for note in document.credit_notes]
    if invoice.void_reason:
        notes.append(f"This invoice is void: {invoice.void_reason}")
    if invoice.payment_reference:
        notes.append(f"Paid with thanks; reference: {invoice.payment_reference}")
    notes.append(f"Rated from the usage snapshot with SHA-256 {invoice.digest.hex()}.")
    return notes


def _instant(document: Document) -> int:
    """When the file says that it was made: when the invoice was issued."""
    issued_at = document.invoice.issued_at
    return 0 if issued_at is None else int(issued_at.timestamp())


def _text(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULAS) else text
