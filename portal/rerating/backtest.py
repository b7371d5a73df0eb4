"""All tenants' past months beside the same months under a draft: what comes in, what it costs, who pays more. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from heapq import nlargest
from uuid import UUID

from portal.economics.figures import Conversion, Figures
from portal.money.money import EXACT, Money
from portal.pricing.terms import PlanTerms
from portal.rerating.months import Records, UsedMonth, months_of
from portal.rerating.rerating import Rerated, rerate
from portal.usage.periods import Days

MOST_CHANGES = 100


@dataclass(frozen=True, slots=True)
class MonthCompared:
    """A month as it was and as it would have been, in the draft's currency."""

    month: date
    before: Figures = field(default_factory=Figures)
    after: Figures = field(default_factory=Figures)
    refused: int = 0

    def __add__(self, other: "MonthCompared") -> "MonthCompared":
        refused = self.refused + other.refused
        return MonthCompared(self.month, self.before + other.before, self.after + other.after, refused)


@dataclass(frozen=True, slots=True)
class TenantCompared:
    """What a tenant paid in all months, and what it would have paid, in the draft's currency."""

    tenant_id: UUID
    before: Money
    after: Money
    refused: int

    @property
    def difference(self) -> Money:
        """By how much it would have paid more."""
        return self.after - self.before


@dataclass(slots=True)
class Backtest:
    """A draft's back-test, tenant by tenant; it keeps the tenants whose price changes most, and of the others sums."""

    terms: PlanTerms
    months: dict[date, MonthCompared]
    tenants: int = 0
    paying_more: int = 0
    paying_less: int = 0
    refused_tenants: int = 0
    changes: list[TenantCompared] = field(default_factory=list)
    unconverted: set[str] = field(default_factory=set)

    @property
    def whole(self) -> MonthCompared:
        """All months."""
        first, *others = self.months.values()
        return sum(others, first)

    def add(self, all_records: Iterable[Records], span: Days, conversion: Conversion) -> None:
        """Add tenants; those with a plan in a currency that cannot be converted are left out, and it is kept."""
        card, found = conversion.card, []
        for records in all_records:
            missing = records.currencies(span) - {card.currency, *card.exchange_rates}
            self.unconverted |= missing
            used = [] if missing else [one for one in months_of(records, span, card) if one.is_of_customer]
            if used:
                again = rerate(used, self.terms, card, credits_as_bought=True)
                compared = [self._compared(*both, conversion) for both in zip(used, again, strict=True)]
                for one in compared:
                    self.months[one.month] += one
                found.append(self._count(records.tenant_id, compared))
        # Many tenants are few changes here: memory does not grow with them.
        self.changes = nlargest(MOST_CHANGES, [*self.changes, *found], key=_by_how_much)

    def _compared(self, month: UsedMonth, again: Rerated, conversion: Conversion) -> MonthCompared:
        before = Figures()
        for currency, rated in month.billed().items():
            revenue, cost = (self._own(amount, currency, conversion) for amount in (rated.total.amount, rated.cost))
            before += Figures(revenue, cost)
        return MonthCompared(month.month, before, Figures(again.total.amount, again.cost), again.refused)

    def _own(self, amount: Decimal, currency: str, conversion: Conversion) -> Decimal:
        if currency == self.terms.currency:
            return amount
        return conversion.from_card(conversion.into_card(amount, currency), self.terms.currency)

    def _count(self, tenant_id: UUID, compared: Sequence[MonthCompared]) -> TenantCompared:
        first, *others = compared
        whole = sum(others, first)
        before, after = (
            Money(figures.revenue, self.terms.currency).rounded() for figures in (whole.before, whole.after)
        )
        found = TenantCompared(tenant_id, before, after, whole.refused)
        self.tenants += 1
        self.paying_more += found.difference.amount > 0
        self.paying_less += found.difference.amount < 0
        self.refused_tenants += found.refused > 0
        return found


def _by_how_much(one: TenantCompared) -> tuple[Decimal, UUID]:
    return EXACT.abs(one.difference.amount), one.tenant_id
