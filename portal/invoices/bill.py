"""A bill as a file: an invoice with the snapshot that it was rated from, to be rated again by whoever has it. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from portal.clock import written as written_instant
from portal.invoices.canonical import digest_of, plain
from portal.invoices.invoices import InvoiceRow
from portal.invoices.rating import Rated, RatedLine, rate
from portal.invoices.snapshot import Snapshot, SnapshotError

FORMAT = "bill/1"


class BillError(ValueError):
    """This is no bill; the text says why."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a bill says of itself, and where it differs from what its snapshot comes to."""

    number: str
    month: str
    total: str
    lines: int
    differences: tuple[str, ...]


def bill_of(
    invoice: InvoiceRow, snapshot: Mapping[str, Any], operator_lines: Sequence[Mapping[str, Any]] | None = None
) -> bytes:
    """The file of an invoice; with `operator_lines` the operator's, whose lines have cost and explanation from it."""
    costs = {line["key"]: line for line in operator_lines or ()}
    lines = [line.written() for line in invoice.lines]
    if operator_lines is not None:
        lines = [line | {"operator": costs[line["key"]]} for line in lines]
    bill = {
        "format": FORMAT,
        "invoice": {
            "number": invoice.number,
            "month": f"{invoice.month:%Y-%m}",
            "currency": invoice.total.currency,
            "total": plain(invoice.total.amount),
            "issuedAt": None if invoice.issued_at is None else written_instant(invoice.issued_at),
            "dueOn": None if invoice.due_on is None else invoice.due_on.isoformat(),
        },
        "lines": lines,
        "snapshot": snapshot,
        "snapshotDigest": digest_of(snapshot).hex(),
    }
    sealed = bill | {"digest": digest_of(bill).hex()}
    return orjson.dumps(sealed, option=orjson.OPT_INDENT_2) + b"\n"


def verify(content: bytes) -> Verdict:
    """Rate a bill again.

    Raises:
        BillError: it cannot be read.
    """
    bill = _read(content)
    try:
        invoice, lines, written = bill["invoice"], bill["lines"], bill["snapshot"]
        rated = rate(Snapshot.read(written))
        differences = [*_of_snapshot(bill), *_of_invoice(invoice, rated), *_of_lines(lines, rated)]
        without = {name: value for name, value in bill.items() if name != "digest"}
        if digest_of(without).hex() != bill["digest"]:
            differences.append("digest: the file is not as it was written, in this place or another")
        about = (
            str(invoice["number"]),
            str(invoice["month"]),
            f"{rated.total.currency} {rated.total.rounded().amount}",
        )
    except SnapshotError as error:
        raise BillError(f"the snapshot cannot be read: {error}") from error
    except KeyError as error:
        raise BillError(f"{error.args[0]} is missing") from error
    except (TypeError, ValueError, AttributeError, IndexError, ArithmeticError) as error:
        raise BillError(f"it cannot be rated: {error}") from error
    return Verdict(*about, len(rated.lines), tuple(differences))


def _read(content: bytes) -> dict[str, Any]:
    try:
        bill = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise BillError(f"this is no JSON: {error}") from error
    if not isinstance(bill, dict) or bill.get("format") != FORMAT:
        raise BillError(f"this is no bill: its format is not {FORMAT}")
    return bill


def _of_snapshot(bill: Mapping[str, Any]) -> Iterator[str]:
    found = digest_of(bill["snapshot"]).hex()
    if bill["snapshotDigest"] != found:
        yield f"snapshotDigest: it says {bill['snapshotDigest']}, and the snapshot's is {found}"


def _of_invoice(invoice: Mapping[str, Any], rated: Rated) -> Iterator[str]:
    total = rated.total
    if invoice["currency"] != total.currency or _number(invoice["total"]) != total.amount:
        yield (
            f"invoice.total: it says {invoice['currency']} {invoice['total']}, and the lines add up to "
            f"{total.currency} {plain(total.amount)}"
        )


def _of_lines(lines: Sequence[Mapping[str, Any]], rated: Rated) -> Iterator[str]:
    for place in range(max(len(lines), len(rated.lines))):
        if place >= len(rated.lines):
            yield f"lines[{place}]: the snapshot has no such line"
        elif place >= len(lines):
            yield f"lines[{place}]: it is missing: {rated.lines[place].line.description}"
        else:
            yield from (f"lines[{place}].{text}" for text in _of_line(lines[place], rated.lines[place]))


def _of_line(said: Mapping[str, Any], rated: RatedLine) -> Iterator[str]:
    written: dict[str, Any] = rated.line.written()
    if "operator" in said:
        written["operator"] = rated.operator_written()
    for name, value in written.items():
        if said.get(name) != value:
            yield f"{name}: it says {_short(said.get(name))}, and it comes to {_short(value)}"


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _short(value: Any) -> str:
    return orjson.dumps(value).decode()
