"""What an invoice is rated from: plans, usage, credits, and the month before; as JSON of one spelling. Pure.

There are two of each invoice. The operator's holds what usage cost the ISV. The tenant's holds no cost and no margin:
where a price goes by the cost it holds the exact price. Both rate to the same lines.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from portal.clock import written as written_instant
from portal.invoices.canonical import digest_of, number_or_none, plain, plain_or_none
from portal.plans.periods import AllowancePeriod
from portal.pricing.terms import (
    AtLimit,
    MarginBracket,
    MarginKind,
    PlanPeriod,
    PlanTerms,
    PricingStrategy,
    UsageUnit,
)
from portal.usage.costing import PriceBasis

FORMAT = 1


class SnapshotError(ValueError):
    """This is no snapshot; the text says where it is not."""


@dataclass(frozen=True, slots=True)
class HeldPlan:
    """A plan that a tenant held, and the days, half-open, that it pays for; none where `first` is `until`."""

    id: UUID  # of the holding, not of the plan
    name: str
    version: int
    terms: PlanTerms
    first: date
    until: date

    @property
    def days(self) -> int:
        """How many it pays for."""
        return (self.until - self.first).days


@dataclass(frozen=True, slots=True)
class UsageRow:
    """Usage of one category under one plan. `band` None: what is no message sent, priced by the plan's other ratio.

    `cost` is what it cost the ISV, None in a tenant's snapshot; `price` is there where it is known without the cost.
    """

    plan: UUID
    category: str
    band: int | None
    count: int
    units: int  # of the allowance, or of the category's own usage
    above: int  # the band's ordinals lie behind this one,
    up_to: int | None  # up to this one
    basis: PriceBasis
    cost: Decimal | None
    price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class CreditPurchase:
    """Credits that were bought."""

    lot: UUID
    credits: int
    units: int
    unit: UsageUnit
    price: Decimal
    bought_at: datetime


@dataclass(frozen=True, slots=True)
class Billed:
    """A line on usage in the invoice of the month before; `cost` is None in a tenant's snapshot."""

    key: str
    description: str
    quantity: Decimal
    unit: str
    amount: Decimal
    cost: Decimal | None


@dataclass(frozen=True, slots=True)
class MonthBefore:
    """The month before as it is known now, and what its invoice says of its usage."""

    month: date
    plans: tuple[HeldPlan, ...]
    usage: tuple[UsageRow, ...]
    billed: tuple[Billed, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that an invoice of a tenant, a month and a currency is rated from."""

    tenant_id: UUID
    month: date
    currency: str
    plans: tuple[HeldPlan, ...]
    usage: tuple[UsageRow, ...]
    credits: tuple[CreditPurchase, ...] = ()
    before: MonthBefore | None = None

    def written(self) -> dict[str, Any]:
        """The snapshot as JSON values; numbers that are no counts are texts."""
        before = self.before
        return {
            "format": FORMAT,
            "tenant": str(self.tenant_id),
            "month": f"{self.month:%Y-%m}",
            "currency": self.currency,
            **_usage_written(self.plans, self.usage),
            "credits": [_credit_written(one) for one in self.credits],
            "before": before
            and {
                "month": f"{before.month:%Y-%m}",
                **_usage_written(before.plans, before.usage),
                "billed": [_billed_written(one) for one in before.billed],
            },
        }

    @property
    def digest(self) -> bytes:
        """SHA-256 of the snapshot in canonical form."""
        return digest_of(self.written())

    @classmethod
    def read(cls, written: Any) -> "Snapshot":
        """The snapshot that was written so.

        Raises:
            SnapshotError: it was not.
        """
        try:
            if written["format"] != FORMAT:
                raise SnapshotError(f"the format is {written['format']}, and this version reads {FORMAT}")
            before = written["before"]
            return cls(
                UUID(written["tenant"]),
                _month(written["month"]),
                written["currency"],
                *_usage_read(written),
                tuple(_credit_read(one) for one in written["credits"]),
                before
                and MonthBefore(
                    _month(before["month"]),
                    *_usage_read(before),
                    tuple(_billed_read(one) for one in before["billed"]),
                ),
            )
        except KeyError as error:
            raise SnapshotError(f"{error.args[0]} is missing") from error
        except (TypeError, ValueError, AttributeError, InvalidOperation) as error:
            raise SnapshotError(str(error)) from error


def _usage_written(plans: Sequence[HeldPlan], usage: Sequence[UsageRow]) -> dict[str, Any]:
    return {"plans": [_plan_written(one) for one in plans], "usage": [_row_written(one) for one in usage]}


def _usage_read(written: Mapping[str, Any]) -> tuple[tuple[HeldPlan, ...], tuple[UsageRow, ...]]:
    return tuple(_plan_read(one) for one in written["plans"]), tuple(_row_read(one) for one in written["usage"])


def _plan_written(plan: HeldPlan) -> dict[str, Any]:
    terms = plan.terms
    return {
        "id": str(plan.id),
        "name": plan.name,
        "version": plan.version,
        "first": plan.first.isoformat(),
        "until": plan.until.isoformat(),
        "strategy": terms.strategy.value,
        "currency": terms.currency,
        "fee": plain(terms.fee),
        "period": terms.period.value,
        "allowance": terms.amount,
        "unit": terms.unit.value,
        "per": terms.per.value,
        "atLimit": terms.at_limit.value,
        "overage": plain_or_none(terms.overage),
        "marginKind": terms.margin_kind and terms.margin_kind.value,
        "brackets": [{"upTo": one.up_to, "ratio": plain(one.ratio)} for one in terms.brackets],
        "otherRatio": plain_or_none(terms.other_ratio),
    }


def _plan_read(written: Mapping[str, Any]) -> HeldPlan:
    terms = PlanTerms(
        strategy=PricingStrategy(written["strategy"]),
        currency=written["currency"],
        fee=Decimal(written["fee"]),
        period=PlanPeriod(written["period"]),
        amount=written["allowance"],
        unit=UsageUnit(written["unit"]),
        per=AllowancePeriod(written["per"]),
        at_limit=AtLimit(written["atLimit"]),
        overage=number_or_none(written["overage"]),
        margin_kind=written["marginKind"] and MarginKind(written["marginKind"]),
        brackets=tuple(MarginBracket(one["upTo"], Decimal(one["ratio"])) for one in written["brackets"]),
        other_ratio=number_or_none(written["otherRatio"]),
    )
    first, until = date.fromisoformat(written["first"]), date.fromisoformat(written["until"])
    return HeldPlan(UUID(written["id"]), written["name"], written["version"], terms, first, until)


def _row_written(row: UsageRow) -> dict[str, Any]:
    return {
        "plan": str(row.plan),
        "category": row.category,
        "band": row.band,
        "count": row.count,
        "units": row.units,
        "above": row.above,
        "upTo": row.up_to,
        "basis": row.basis.value,
        "cost": plain_or_none(row.cost),
        "price": plain_or_none(row.price),
    }


def _row_read(written: Mapping[str, Any]) -> UsageRow:
    return UsageRow(
        UUID(written["plan"]),
        written["category"],
        written["band"],
        written["count"],
        written["units"],
        written["above"],
        written["upTo"],
        PriceBasis(written["basis"]),
        number_or_none(written["cost"]),
        number_or_none(written["price"]),
    )


def _credit_written(bought: CreditPurchase) -> dict[str, Any]:
    return {
        "lot": str(bought.lot),
        "credits": bought.credits,
        "units": bought.units,
        "unit": bought.unit.value,
        "price": plain(bought.price),
        "boughtAt": written_instant(bought.bought_at),
    }


def _credit_read(written: Mapping[str, Any]) -> CreditPurchase:
    return CreditPurchase(
        UUID(written["lot"]),
        written["credits"],
        written["units"],
        UsageUnit(written["unit"]),
        Decimal(written["price"]),
        datetime.fromisoformat(written["boughtAt"]),
    )


def _billed_written(billed: Billed) -> dict[str, Any]:
    return {
        "key": billed.key,
        "description": billed.description,
        "quantity": plain(billed.quantity),
        "unit": billed.unit,
        "amount": plain(billed.amount),
        "cost": plain_or_none(billed.cost),
    }


def _billed_read(written: Mapping[str, Any]) -> Billed:
    return Billed(
        written["key"],
        written["description"],
        Decimal(written["quantity"]),
        written["unit"],
        Decimal(written["amount"]),
        number_or_none(written["cost"]),
    )


def _month(text: str) -> date:
    return date.fromisoformat(f"{text}-01")
