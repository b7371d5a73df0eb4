"""Whether a tenant's month brought in what its plans promise. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from portal.economics.figures import Conversion, Figures, ratio
from portal.economics.tiers import worst_case
from portal.money.money import EXACT
from portal.plans.plans import PlanRow
from portal.pricing.strategies import other_ratio
from portal.pricing.terms import MarginKind, PlanTerms
from portal.reconciliation.margin_alerts import MarginAlertReason

TOLERATED = Decimal("0.005")  # of the revenue: what a carrier's price that was put right after its day may come to
NO_REVENUE = Decimal(-1)


@dataclass(frozen=True, slots=True)
class WrongMargin:
    """What was promised and what came in, as grossMargin / revenue."""

    expected: Decimal
    actual: Decimal
    reason: MarginAlertReason


def promised(terms: PlanTerms) -> Decimal:
    """The least that a plan promises of its revenue: the lowest margin of one that prices by the cost, else nothing."""
    if not terms.brackets:
        return Decimal(0)
    ratios = [*(one.ratio for one in terms.brackets), other_ratio(terms) or Decimal(0)]
    if terms.margin_kind is MarginKind.MARKUP:
        ratios = [EXACT.divide(one, 1 + one) for one in ratios]
    return min(ratios)


def wrong_margin(held: Sequence[tuple[PlanRow | None, Figures]], conversion: Conversion) -> WrongMargin | None:
    """What is wrong with the margin of a month, by the plans that were held in it; None where nothing is.

    A month without revenue, as with a free plan, may cost what its plans cost at full use.
    """
    whole = sum((figures for _, figures in held), Figures())
    plans = [(plan, figures) for plan, figures in held if plan is not None]
    if whole.revenue <= 0:
        expected, actual = Decimal(0), NO_REVENUE
        is_wrong = whole.cost > sum((_at_full_use(plan, conversion) for plan, _ in plans), Decimal(0))
    else:
        parts = [EXACT.multiply(figures.revenue, promised(plan.terms)) for plan, figures in plans]
        expected = ratio(sum(parts, Decimal(0)), whole.revenue) or Decimal(0)
        actual = whole.gross_margin_ratio or Decimal(0)
        is_wrong = actual < expected - TOLERATED
    if not is_wrong:
        return None
    is_loss = whole.gross_margin < 0
    return WrongMargin(expected, actual, MarginAlertReason.NEGATIVE if is_loss else MarginAlertReason.BELOW_PLAN)


def _at_full_use(plan: PlanRow, conversion: Conversion) -> Decimal:
    worst = worst_case(plan, conversion)
    return Decimal(0) if worst is None else worst.cost
