"""The report: all accounts, what was found in them, and which plan each could have. Pure."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from portal.economics.figures import Figures
from portal.margin_report.costs import AccountCosts, CostKind
from portal.margin_report.offers import Offer, Played, suggest, unbilled
from portal.money.money import round_to_minor

_FIRST = ("account", "name", "active", "currency", "messages", "segments")
_LAST = ("cost", "suggested plan", "revenue", "gross margin", "gross margin ratio", "unused", "spikes")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class AccountLine:
    """An account with the plan that is suggested; None where no plan holds its usage."""

    costs: AccountCosts
    suggested: Played | None


@dataclass(frozen=True, slots=True)
class PlanLine:
    """A plan: what it leaves unbilled if every account has it, and who is suggested to have it."""

    offer: Offer
    unbilled: Decimal
    suggested_to: int


@dataclass(frozen=True, slots=True)
class MarginReport:
    """All that is told; amounts in `currency`, not rounded."""

    months: Sequence[date]
    currency: str
    lines: Sequence[AccountLine]  # what costs most first
    plans: Sequence[PlanLine]
    left_out: Sequence[str]  # plans in other currencies
    account_total: Decimal  # what the provider says of all together

    @property
    def cost(self) -> Decimal:
        """The sum of the accounts."""
        return sum((line.costs.cost for line in self.lines), Decimal(0))

    @property
    def difference(self) -> Decimal:
        """What the provider's total has beside the accounts: the parent's own use, and what was closed meanwhile."""
        return self.account_total - self.cost

    @property
    def suggested(self) -> Figures:
        """What the suggested plans would have made."""
        return sum((line.suggested.figures for line in self.lines if line.suggested is not None), Figures())

    @property
    def unused(self) -> list[AccountLine]:
        """Accounts that nobody used."""
        return [line for line in self.lines if line.costs.is_unused]

    @property
    def spiking(self) -> list[AccountLine]:
        """Accounts with a month that stands out."""
        return [line for line in self.lines if line.costs.spikes]

    def cost_of(self, kind: CostKind) -> Decimal:
        """Of all accounts."""
        return sum((line.costs.cost_of(kind) for line in self.lines), Decimal(0))

    def cost_in(self, month: date) -> Decimal:
        """Of all accounts."""
        return sum((one.cost for line in self.lines for one in line.costs.months if one.month == month), Decimal(0))


def make_report(
    months: Sequence[date], currency: str, accounts: Sequence[AccountCosts], offers: Sequence[Offer], total: Decimal
) -> MarginReport:
    """Suggest a plan to each account, of those that are in the currency of its costs."""
    usable = [offer for offer in offers if offer.terms.currency == currency]
    lines = [AccountLine(one, suggest(one, usable)) for one in accounts]
    lines.sort(key=lambda line: (-line.costs.cost, line.costs.account.name, line.costs.account.sid))
    plans = [
        PlanLine(
            offer,
            sum((unbilled(offer.terms, one) for one in accounts), Decimal(0)),
            sum(line.suggested is not None and line.suggested.offer is offer for line in lines),
        )
        for offer in usable
    ]
    left_out = [offer.name for offer in offers if offer.terms.currency != currency]
    return MarginReport(months, currency, lines, plans, left_out, total)


def as_csv(report: MarginReport) -> str:
    """One line an account (RFC 4180), with a header; amounts rounded to the minor unit."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([*_FIRST, *(kind.value for kind in CostKind), *_LAST])
    for line in report.lines:
        costs, figures = line.costs, None if line.suggested is None else line.suggested.figures.rounded(report.currency)
        writer.writerow(
            [
                costs.account.sid,
                _cell(costs.account.name),
                "yes" if costs.account.is_active else "no",
                report.currency,
                costs.messages,
                sum(month.segments for month in costs.months),
                *(round_to_minor(costs.cost_of(kind), report.currency) for kind in CostKind),
                round_to_minor(costs.cost, report.currency),
                "" if line.suggested is None else _cell(line.suggested.offer.name),
                *(("", "", "") if figures is None else (figures.revenue, figures.gross_margin, _ratio(figures))),
                "yes" if costs.is_unused else "no",
                " ".join(f"{month.month:%Y-%m}" for month in costs.spikes),
            ]
        )
    return text.getvalue()


def _ratio(figures: Figures) -> Decimal | str:
    return "" if figures.gross_margin_ratio is None else figures.gross_margin_ratio


def _cell(text: str) -> str:
    """Not to be taken for a formula by a spreadsheet."""
    return f"'{text}" if text.startswith(_FORMULA) else text
