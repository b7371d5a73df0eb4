"""`portal bill`: rate a bill again offline, make the invoices of a month, write their files."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from api.announcement import complain, say, tell
from api.failures import PortalError
from api.logs import configure_logging
from api.on_database import on_database
from api.settings import Settings
from portal.clock import SystemClock
from portal.database import Database, DatabaseRole
from portal.invoices.bill import BillError
from portal.invoices.bill import verify as verify_bill
from portal.invoices.documents import csv_of, pdf
from portal.invoices.files import InvoiceFiles, read_files
from portal.invoices.generating import InvoiceGeneration
from portal.invoices.runs import InvoiceRun
from portal.problems import RefusedError

_TOLD_EVERY = 100
_DIFFERS, _UNREADABLE = 1, 2

bill = typer.Typer(no_args_is_help=True, help=__doc__)
_MONTH = typer.Option(help="The month, such as 2026-10; the one before this one unless given.")


@bill.command()
def verify(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A bill, as its address gives it.")],
) -> None:
    """Rate a bill again from its usage snapshot; ends with 1 where it differs, and with 2 where it is no bill."""
    try:
        verdict = verify_bill(file.read_bytes())
    except BillError as error:
        complain(f"{file.name} is no bill that can be rated: {error}.")
        raise typer.Exit(_UNREADABLE) from None
    if verdict.differences:
        complain(f"{verdict.number} differs from what its snapshot comes to:")
        for difference in verdict.differences:
            complain(f"  {difference}")
        raise typer.Exit(_DIFFERS)
    lines = "1 line adds" if verdict.lines == 1 else f"{verdict.lines} lines add"
    say(f"{verdict.number} for {verdict.month} agrees: {lines} up to {verdict.total}.")


@bill.command()
def generate(month: Annotated[str | None, _MONTH] = None) -> None:
    """Make the invoices of a month; those that are issued stay. A run that was left is gone on with."""

    async def make(database: Database, settings: Settings) -> None:
        configure_logging("bill", settings.log_format)

        def told(run: InvoiceRun) -> None:
            if (run.done + run.failed) % _TOLD_EVERY == 0:
                tell(f"{run.done + run.failed:,} of {run.tenants:,} tenants …")

        try:
            run = await InvoiceGeneration(database, SystemClock()).generate(_month(month), told)
        except RefusedError as refusal:
            raise PortalError(refusal.problems[0].message) from None
        say(f"{run.month:%Y-%m}: {run.done:,} of {run.tenants:,} tenants are done, {run.failed:,} failed.")
        if run.failed:
            raise PortalError("The log says why; the worker tries them again in an hour.")

    on_database(make)


@bill.command()
def export(
    folder: Annotated[Path, typer.Argument(file_okay=False, help="Where the files go; it is made where it is not.")],
    month: Annotated[str | None, _MONTH] = None,
) -> None:
    """Write PDF, CSV and bill of every issued invoice of a month into a folder."""

    async def write(database: Database, settings: Settings) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        written = 0
        async for found in _issued(database, _month(month), settings.product_name):
            name = found.document.invoice.number
            (folder / f"{name}.pdf").write_bytes(pdf(found.document))
            (folder / f"{name}.csv").write_text(csv_of(found.document), encoding="utf-8", newline="")
            (folder / f"{name}.json").write_bytes(found.bill())
            written += 1
            if written % _TOLD_EVERY == 0:
                tell(f"{written:,} invoices …")
        say(f"{written:,} invoices are in {folder}.")

    on_database(write)


async def _issued(database: Database, month: date, seller: str) -> AsyncIterator[InvoiceFiles]:
    """The issued invoices of a month, one at a time, so that any number takes the same memory."""
    last = UUID(int=0)
    while True:
        async with database.as_role(DatabaseRole.OPERATOR, read_only=True) as tx:
            sql = "SELECT id FROM invoice WHERE month = $1 AND number IS NOT NULL AND id > $2 ORDER BY id LIMIT 1"
            found = await tx.value(sql, month, last)
            files = None if found is None else await read_files(tx, found, seller, with_cost=True)
        if files is None:
            return
        last = found
        yield files


def _month(given: str | None) -> date:
    if given is None:
        return (SystemClock().now().date().replace(day=1) - timedelta(days=1)).replace(day=1)
    try:
        return date.fromisoformat(f"{given}-01")
    except ValueError:
        raise PortalError(f"{given} is no month: --month reads like 2026-10.") from None
