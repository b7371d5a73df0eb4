"""`portal margin-report`: what an account's subaccounts cost and which plan each could have; it only reads."""

import asyncio
import os
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from api.announcement import complain, say, tell
from api.failures import PortalError
from portal.clock import SystemClock
from portal.margin_report.charts import Bar, bars
from portal.margin_report.costs import TOTAL, AccountCosts, CostKind, account_costs
from portal.margin_report.offers import Offer
from portal.margin_report.provider import (
    AccountCredentials,
    AccountUnavailableError,
    AccountUsage,
    MonthlyUsage,
    Subaccount,
)
from portal.margin_report.report import MarginReport, as_csv, make_report
from portal.money.money import Money, shown
from portal.plans.ready_made import PlansError, read_plans, ready_made
from twilio_gateway.gateway import TwilioGateway

_TEMPLATES = Path(__file__).parent / "templates"
_AT_ONCE = 8  # accounts that are read side by side
_TOLD_EVERY = 25
_MOST_BARS = 20


def margin_report(
    out: Annotated[Path, typer.Option(help="The page to write.", dir_okay=False)] = Path("margin-report.html"),
    csv: Annotated[Path | None, typer.Option(help="A CSV file to write too.", dir_okay=False)] = None,
    months: Annotated[int, typer.Option(min=1, max=12, help="How many full months, up to the last one.")] = 3,
    plans: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Plans in TOML; the ready-made ones unless given.")
    ] = None,
    simulator: Annotated[str | None, typer.Option(help="The simulator's address, in place of Twilio.")] = None,
) -> None:
    """Report on an existing account before adoption: costs, what would stay unbilled, a plan for each subaccount.

    It asks Twilio by GET alone and writes nothing but the report. The account is read from TWILIO_ACCOUNT_SID, its
    secret from TWILIO_AUTH_TOKEN, or from TWILIO_API_KEY and TWILIO_API_SECRET; what is not set is asked for. An API
    key does not reach subaccounts: with one, the report is of the account as a whole.
    """
    try:
        offers = read_offers(plans)
        report = asyncio.run(_report(_credentials(), months, offers, simulator))
    except (PortalError, AccountUnavailableError) as error:
        complain(str(error))
        raise typer.Exit(1) from None
    _write(out, as_html(report))
    say("Page", str(out))
    if csv is not None:
        _write(csv, as_csv(report))
        say("CSV", str(csv))


def read_offers(file: Path | None) -> list[Offer]:
    """The plans of a file, or those that are ready to use, as offers.

    Raises:
        PortalError: the file is none, or a plan in it could not be published; the message says which and where.
    """
    try:
        plans = ready_made() if file is None else read_plans(file.read_bytes(), file.name)
    except PlansError as error:
        raise PortalError(str(error)) from None
    return [Offer(plan.name, plan.terms) for plan in plans]


def as_html(report: MarginReport) -> str:
    """The report as one page that needs nothing else."""
    page = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True)

    def money(amount: Decimal) -> str:
        return shown(Money(amount, report.currency).rounded())

    kinds = [Bar(kind.value, report.cost_of(kind), money(report.cost_of(kind))) for kind in CostKind]
    by_month = [Bar(f"{one:%B %Y}", report.cost_in(one), money(report.cost_in(one))) for one in report.months]
    margins = [
        Bar(line.costs.account.name, margin, money(margin))
        for line in report.lines[:_MOST_BARS]
        if line.suggested is not None
        for margin in [line.suggested.figures.gross_margin]
    ]
    charts = {
        "kinds": Markup(bars("Cost by kind", kinds)),  # noqa: S704  it escapes what it is given
        "months": Markup(bars("Cost by month", by_month)),  # noqa: S704  the same
        "margins": Markup(bars("Gross margin under the suggested plan", margins)),  # noqa: S704  the same
    }
    return page.get_template("margin_report.html").render(
        report=report, money=money, kinds=list(CostKind), charts=charts, most_bars=_MOST_BARS
    )


def _credentials() -> AccountCredentials:
    sid = os.environ.get("TWILIO_ACCOUNT_SID") or typer.prompt("Account SID")
    key = os.environ.get("TWILIO_API_KEY")
    if key:
        secret = os.environ.get("TWILIO_API_SECRET") or typer.prompt("API secret", hide_input=True)
        return AccountCredentials(sid, key, secret)
    token = os.environ.get("TWILIO_AUTH_TOKEN") or typer.prompt("Auth token", hide_input=True)
    return AccountCredentials(sid, sid, token)


async def _report(
    credentials: AccountCredentials, count: int, offers: Sequence[Offer], simulator: str | None
) -> MarginReport:
    if not credentials.account_sid.startswith("AC"):
        raise PortalError("An account SID begins with AC.")
    until = SystemClock().now().date().replace(day=1)
    months = _months(until, count)
    async with TwilioGateway.open(simulator) as gateway:
        usage = gateway.account_usage
        is_key = credentials.username != credentials.account_sid
        whole = Subaccount(credentials.account_sid, "The account with all its subaccounts", is_active=True)
        accounts = [whole] if is_key else await usage.subaccounts(credentials)
        together = await usage.monthly(credentials, credentials.account_sid, months[0], until, with_subaccounts=True)
        if is_key:
            found = [account_costs(whole, together, months)]
        else:
            found = await _read_all(usage, credentials, accounts, months, until)
    total = sum((one.price for one in together if one.category == TOTAL), Decimal(0))
    currency = next((one.currency for one in together if one.category == TOTAL), "USD")
    return make_report(months, currency, found, offers, total)


async def _read_all(
    usage: AccountUsage,
    credentials: AccountCredentials,
    accounts: Sequence[Subaccount],
    months: Sequence[date],
    until: date,
) -> list[AccountCosts]:
    turns, done = asyncio.Semaphore(_AT_ONCE), 0

    async def read(account: Subaccount) -> AccountCosts:
        nonlocal done
        async with turns:
            records: Sequence[MonthlyUsage] = await usage.monthly(
                credentials, account.sid, months[0], until, with_subaccounts=False
            )
        done += 1
        if done % _TOLD_EVERY == 0 or done == len(accounts):
            tell(f"{done:,} of {len(accounts):,} accounts …")
        return account_costs(account, records, months)

    tasks = [asyncio.ensure_future(read(account)) for account in accounts]
    try:
        return list(await asyncio.gather(*tasks))
    except BaseException:
        for task in tasks:
            task.cancel()
        raise


def _months(until: date, count: int) -> list[date]:
    found = [until]
    while len(found) <= count:
        found.insert(0, (found[0] - timedelta(days=1)).replace(day=1))
    return found[:-1]


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        complain(f"{file} cannot be written: {error.strerror}.")
        raise typer.Exit(1) from None
