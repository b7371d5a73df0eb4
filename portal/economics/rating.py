"""What each tenant brought in and cost in a range of days, by plan: fees, the price of usage, credits. Pure.

Revenue is recognised when it is earned: a fee day by day, usage on the day of its hand-over, a credit when it is used
or expires, at its lot's price for a unit. Nothing is rounded here.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from portal.economics.figures import Conversion, Days, Figures
from portal.money.money import EXACT
from portal.plans.plans import TenantPlanRow
from portal.plans.proration import prorated_fee, segments
from portal.pricing.strategies import BandUsage, at_ratio, other_ratio, strategy_of
from portal.pricing.terms import MarginKind, PlanTerms
from portal.usage.costing import Part, final_costs, is_final

TOTAL = "totalprice"  # the provider's sum of a day: its other categories nest and overlap
MESSAGE_CATEGORIES = ("sms-outbound", "mms-outbound")


@dataclass(frozen=True, slots=True)
class Charge:
    """Messages that settled on a day, in a band of a plan; `cost` is the rate card's, in its currency."""

    tenant_id: UUID
    day: date
    holding_id: UUID  # which of the tenant's plans
    category: str
    band: int
    count: int
    units: int
    cost: Decimal


@dataclass(frozen=True, slots=True)
class ProviderPrice:
    """What the provider asks for a category on a day."""

    tenant_id: UUID
    day: date
    category: str
    price: Decimal
    currency: str
    as_of: datetime


@dataclass(frozen=True, slots=True)
class CreditUse:
    """Units of a lot that were used, or that expired, on a day."""

    tenant_id: UUID
    day: date
    plan_id: UUID
    units: int
    lot_units: int
    price: Decimal  # of the whole lot
    currency: str


@dataclass(frozen=True, slots=True)
class Records:
    """All that a range is rated from."""

    holdings: Sequence[TenantPlanRow]
    charges: Sequence[Charge]
    prices: Sequence[ProviderPrice]
    credits: Sequence[CreditUse]


Rated = dict[tuple[UUID, UUID | None], Figures]
"""Figures by tenant and plan; a cost on a day without a plan has none."""


def rate(records: Records, days: Days, conversion: Conversion) -> Rated:
    """Every tenant's figures of these days, by plan, in the currency of the rate card."""
    of_days = Records(
        records.holdings,
        [one for one in records.charges if days.first <= one.day < days.until],
        [one for one in records.prices if days.first <= one.day < days.until],
        [one for one in records.credits if days.first <= one.day < days.until],
    )
    return _Rating(of_days, days, conversion).figures()


class _Rating:
    def __init__(self, records: Records, days: Days, conversion: Conversion) -> None:
        self._records = records
        self._days = days
        self._conversion = conversion
        self._found: Rated = defaultdict(Figures)
        self._holdings = {(one.tenant_id, one.id): one for one in records.holdings}
        self._of_tenant: dict[UUID, list[TenantPlanRow]] = defaultdict(list)
        for one in records.holdings:
            self._of_tenant[one.tenant_id].append(one)

    def figures(self) -> Rated:
        self._add_fees()
        message_costs = self._add_messages()
        self._add_other_usage(message_costs)
        for use in self._records.credits:
            each = EXACT.divide(EXACT.multiply(use.price, Decimal(use.units)), Decimal(use.lot_units))
            self._add(use.tenant_id, use.plan_id, Figures(self._conversion.into_card(each, use.currency)))
        return dict(self._found)

    def _add(self, tenant_id: UUID, plan_id: UUID | None, figures: Figures) -> None:
        self._found[tenant_id, plan_id] += figures

    def _add_fees(self) -> None:
        for tenant_id, held in self._of_tenant.items():
            for month, part in self._days.parts():
                for segment in segments(held, part.first, part.until):
                    plan = self._holdings[tenant_id, segment.tenant_plan_id].plan
                    fee = prorated_fee(plan.terms, month, segment.days)
                    self._add(tenant_id, plan.id, Figures(self._conversion.into_card(fee, plan.terms.currency)))

    def _add_messages(self) -> Mapping[tuple[UUID, date], Decimal]:
        """The price and the cost of messages; what they cost, by tenant and day."""
        final = {
            (one.tenant_id, one.day, one.category): self._conversion.into_card(one.price, one.currency)
            for one in self._records.prices
            if is_final(one.day, one.as_of)
        }
        whole = {
            (one.tenant_id, one.day)
            for one in self._records.prices
            if one.category == TOTAL and is_final(one.day, one.as_of)
        }
        together: dict[tuple[UUID, date, str], list[Charge]] = defaultdict(list)
        for charge in self._records.charges:
            together[charge.tenant_id, charge.day, charge.category].append(charge)
        spent: dict[tuple[UUID, date], Decimal] = defaultdict(Decimal)
        for key, charges in together.items():
            # A category that the provider leaves out of a day that it counted whole has nothing there.
            price = final.get(key, Decimal(0) if key[:2] in whole else None)
            costs = final_costs([Part(charge.units, charge.cost) for charge in charges], price)
            for charge, cost in zip(charges, costs, strict=True):
                plan = self._holdings[charge.tenant_id, charge.holding_id].plan
                self._add(charge.tenant_id, plan.id, Figures(self._price_of(plan.terms, charge, cost), cost))
                spent[charge.tenant_id, charge.day] += cost
        return spent

    def _price_of(self, terms: PlanTerms, charge: Charge, cost: Decimal) -> Decimal:
        usage = BandUsage(charge.band, charge.count, charge.units, self._conversion.from_card(cost, terms.currency))
        return self._conversion.into_card(strategy_of(terms).price(usage).amount, terms.currency)

    def _add_other_usage(self, message_costs: Mapping[tuple[UUID, date], Decimal]) -> None:
        """What the provider asks for a day beside its messages, at the plan that is held at the day's end."""
        asked: dict[tuple[UUID, date], dict[str, ProviderPrice]] = defaultdict(dict)
        for one in self._records.prices:
            asked[one.tenant_id, one.day][one.category] = one
        for (tenant_id, day), by_category in asked.items():
            if TOTAL not in by_category:
                continue
            prices = {name: self._conversion.into_card(one.price, one.currency) for name, one in by_category.items()}
            messages = sum((prices.get(category, Decimal(0)) for category in MESSAGE_CATEGORIES), Decimal(0))
            other = cost = EXACT.subtract(prices[TOTAL], messages)
            if is_final(day, by_category[TOTAL].as_of):  # so that the day costs the total, whoever sent the messages
                cost = EXACT.subtract(prices[TOTAL], message_costs.get((tenant_id, day), Decimal(0)))
            held = segments(self._of_tenant[tenant_id], day, day + timedelta(days=1))
            plan = self._holdings[tenant_id, held[0].tenant_plan_id].plan if held else None
            revenue = Decimal(0) if plan is None else self._price_of_other(plan.terms, other)
            self._add(tenant_id, None if plan is None else plan.id, Figures(revenue, cost))

    def _price_of_other(self, terms: PlanTerms, cost: Decimal) -> Decimal:
        asked = other_ratio(terms)
        if asked is None:
            return Decimal(0)
        price = at_ratio(
            self._conversion.from_card(cost, terms.currency), asked, terms.margin_kind or MarginKind.MARGIN
        )
        return self._conversion.into_card(price, terms.currency)
