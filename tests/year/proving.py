"""Proves a month: every invoice against the second account, its explanations, its bill, and the ledgers behind it."""

import asyncio
import re
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from portal.database import DatabaseRole
from portal.invoices.bill import verify
from portal.invoices.files import read_files
from portal.money.money import round_to_minor
from tests.plans.books import read_books
from tests.year.living import Tenant
from tests.year.world import World

_GRAIN = Fraction(1, 10**9)  # quotients are cut at their sixtieth digit
_AMOUNT = re.compile(r"-?[$€][\d,]*\.?\d+")


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice that was issued."""

    tenant_id: UUID
    id: UUID
    number: str
    month: date
    currency: str
    total: Decimal
    lines: list[dict[str, Any]]
    issued_at: datetime
    state: str


async def read_invoices(world: World) -> list[Invoice]:
    """All that were issued, in the order of their numbers."""
    async with world.database.as_role(DatabaseRole.OPERATOR, read_only=True) as tx:
        rows = await tx.rows(
            "SELECT tenant_id, id, number, month, currency, total, lines, issued_at, state FROM invoice "
            "WHERE number IS NOT NULL ORDER BY number"
        )
    return [Invoice(**{**row, "lines": orjson.loads(row["lines"])}) for row in rows]


def owed(tenant: Tenant, month: date, currency: str, at: datetime, *, is_first: bool) -> int | None:
    """What the second account says, in cents; None where there is to be no invoice."""
    lines = tenant.ledger.invoice(month, currency, at, is_first=is_first)
    return sum(lines.values()) if any(lines.values()) else None


def explained(line: dict[str, Any], currency: str) -> Decimal:
    """What the last amount of a line's explanation comes to; what something else covers comes to nothing."""
    label, value = line["steps"][-1]
    if label == "Covered by":
        return Decimal(0)
    (found,) = _AMOUNT.findall(value)
    return round_to_minor(Decimal(re.sub("[$€,]", "", found)), currency)


def check_lines(invoice: Invoice) -> None:
    """The total is the sum of the lines, and each line is what its explanation comes to."""
    for line in invoice.lines:
        assert explained(line, invoice.currency) == Decimal(line["amount"]), (invoice.number, line)
    assert sum((Decimal(line["amount"]) for line in invoice.lines), Decimal(0)) == invoice.total, invoice.number


async def check_bill(world: World, invoice: Invoice) -> None:
    """Both bills, the tenant's and the operator's, agree when they are rated again."""
    for with_cost in (False, True):
        async with world.database.as_role(DatabaseRole.OPERATOR, read_only=True) as tx:
            files = await read_files(tx, invoice.id, "The ISV", with_cost=with_cost)
        assert files is not None
        assert verify(files.bill()).differences == (), invoice.number


async def check_by_command(world: World, invoices: Sequence[Invoice]) -> None:
    """`portal bill verify` agrees with the tenants' bills, without settings or database."""
    with tempfile.TemporaryDirectory() as folder:
        for invoice in invoices:
            async with world.database.as_role(DatabaseRole.OPERATOR, read_only=True) as tx:
                files = await read_files(tx, invoice.id, "The ISV", with_cost=False)
            assert files is not None
            written = Path(folder) / f"{invoice.number}.json"
            written.write_bytes(files.bill())
            line = ("-m", "api.command", "bill", "verify", str(written))
            process = await asyncio.create_subprocess_exec(
                sys.executable, *line, stdout=asyncio.subprocess.PIPE, env={}
            )
            said, _ = await process.communicate()
            assert process.returncode == 0, said
            assert said.startswith(f"{invoice.number} for {invoice.month:%Y-%m} agrees".encode())


async def check_ledgers(world: World, tenant: Tenant) -> None:
    """Balances, entries, holds, messages and charges say the same, and the second account says so too."""
    books, _ = await read_books(world.database, tenant.id)
    account, now = tenant.account, world.clock.now()
    periods = [account.periods[one] for one in sorted(account.periods, key=lambda one: one.start)]
    units = [(one.used, one.reserved, one.from_credits) for one in periods if one.used or one.reserved]
    assert sorted(books.units) == sorted(units)
    lapsed = [lot.units - lot.used - lot.reserved if lot.expires_at <= now else 0 for lot in account.lots]
    lots = [(lot.used, lot.reserved, gone) for lot, gone in zip(account.lots, lapsed, strict=True)]
    assert sorted(books.lots) == sorted(lots)
    spent = sorted(Fraction(spent) for spent, _ in books.money)
    expected = sorted(spent for spent, reserved in account.spent.values() if spent or reserved)
    assert len(spent) == len(expected)
    assert all(abs(one - other) < _GRAIN for one, other in zip(spent, expected, strict=True))
    assert all(reserved == 0 for _, reserved in books.money)


def check_numbers(invoices: Sequence[Invoice]) -> None:
    """Without gaps, in the order in which they were issued."""
    assert [one.number for one in invoices] == [f"INV-{place:06}" for place in range(1, len(invoices) + 1)]
    assert [one.issued_at for one in invoices] == sorted(one.issued_at for one in invoices)


async def check_credit_notes(world: World, given_back: Decimal) -> None:
    """What was given back is on credit notes, whose numbers have no gaps."""
    async with world.database.as_role(DatabaseRole.OPERATOR, read_only=True) as tx:
        rows = await tx.rows("SELECT number, amount FROM credit_note ORDER BY number")
    assert [row["number"] for row in rows] == [f"CN-{place:06}" for place in range(1, len(rows) + 1)]
    assert sum((row["amount"] for row in rows), Decimal(0)) == given_back
