"""What a change of plan takes away, or what would be refused after it: said before it is made. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from portal.plans.allowance import Allowance
from portal.plans.periods import AllowancePeriod
from portal.plans.plans import PlanRow
from portal.pricing.terms import AtLimit, UsageUnit


class PlanChangeWarningCode(StrEnum):
    """What is worth to know before a plan is changed."""

    USED_ABOVE_LIMIT = "USED_ABOVE_LIMIT"
    USUAL_USE_ABOVE_LIMIT = "USUAL_USE_ABOVE_LIMIT"
    ALLOWANCE_COUNTED_ANEW = "ALLOWANCE_COUNTED_ANEW"
    COUNTRIES_DROPPED = "COUNTRIES_DROPPED"
    FEATURES_DROPPED = "FEATURES_DROPPED"
    THROUGHPUT_LOWER = "THROUGHPUT_LOWER"
    CURRENCY_CHANGES = "CURRENCY_CHANGES"
    SPEND_CAP_CURRENCY = "SPEND_CAP_CURRENCY"
    CREDITS_UNUSED = "CREDITS_UNUSED"
    CREDITS_UNPAID = "CREDITS_UNPAID"
    REPLACES_PENDING = "REPLACES_PENDING"


@dataclass(frozen=True, slots=True)
class PlanChangeWarning:
    """One of them."""

    code: PlanChangeWarningCode
    message: str


@dataclass(frozen=True, slots=True)
class Belongings:
    """What a tenant has beside its plan that a change of it may touch."""

    cap_currency: str | None  # of its spend cap
    credits_unused: UsageUnit | None  # what credits that are left are counted in
    credits_unpaid: bool
    most_used: dict[tuple[UsageUnit, AllowancePeriod], int]  # in one period of the time that is looked back on
    pending: str | None  # the plan that is to come


def cautions(
    current: PlanRow | None, target: PlanRow, after: Allowance, belongings: Belongings
) -> Iterator[PlanChangeWarning]:
    """All that is to be said; `after` is the allowance as the change leaves it."""
    yield from _of_allowance(target, after, belongings)
    if current is not None:
        yield from _of_terms(current, target)
    yield from _of_belongings(target, belongings)


def _of_allowance(target: PlanRow, after: Allowance, belongings: Belongings) -> Iterator[PlanChangeWarning]:
    terms = target.terms
    if terms.amount is None or terms.at_limit is not AtLimit.STOP:
        return
    unit, period = terms.unit.value.lower(), terms.per.value.lower()
    if after.remaining == 0 and after.position.committed:
        message = f"What was used already is all that this plan allows: sending stops until {after.period.end:%d %B}."
        yield PlanChangeWarning(PlanChangeWarningCode.USED_ABOVE_LIMIT, message)
    most = belongings.most_used.get((terms.unit, terms.per), 0)
    if most > terms.amount:
        message = f"You have used {most:,} {unit} in a {period}; this plan stops at {terms.amount:,}."
        yield PlanChangeWarning(PlanChangeWarningCode.USUAL_USE_ABOVE_LIMIT, message)


def _of_terms(current: PlanRow, target: PlanRow) -> Iterator[PlanChangeWarning]:
    before, after = current.terms, target.terms
    if (before.unit, before.per) != (after.unit, after.per):
        message = f"The allowance is counted in {after.unit.value.lower()} a {after.per.value.lower()} from then on."
        yield PlanChangeWarning(PlanChangeWarningCode.ALLOWANCE_COUNTED_ANEW, message)
    if dropped := _dropped_countries(current, target):
        yield PlanChangeWarning(PlanChangeWarningCode.COUNTRIES_DROPPED, dropped)
    if lost := sorted(set(current.features) - set(target.features)):
        message = f"This plan comes without {', '.join(lost)}."
        yield PlanChangeWarning(PlanChangeWarningCode.FEATURES_DROPPED, message)
    if target.throughput < current.throughput:
        message = f"Messages leave at {target.throughput:f} a second in place of {current.throughput:f}."
        yield PlanChangeWarning(PlanChangeWarningCode.THROUGHPUT_LOWER, message)
    if before.currency != after.currency:
        message = f"Invoices are in {after.currency} from then on, and no longer in {before.currency}."
        yield PlanChangeWarning(PlanChangeWarningCode.CURRENCY_CHANGES, message)


def _dropped_countries(current: PlanRow, target: PlanRow) -> str | None:
    if not target.countries:
        return None
    if not current.countries:
        return f"Messages go to {', '.join(sorted(target.countries))} alone, and no longer everywhere."
    lost = sorted(set(current.countries) - set(target.countries))
    return f"Messages to {', '.join(lost)} are refused." if lost else None


def _of_belongings(target: PlanRow, belongings: Belongings) -> Iterator[PlanChangeWarning]:
    terms = target.terms
    if belongings.cap_currency not in {None, terms.currency}:
        message = f"The spend cap is in {belongings.cap_currency} and holds no more: set one in {terms.currency}."
        yield PlanChangeWarning(PlanChangeWarningCode.SPEND_CAP_CURRENCY, message)
    unused = belongings.credits_unused
    if unused is not None and (terms.at_limit is not AtLimit.CREDITS or terms.unit is not unused):
        message = f"Credits that are left, counted in {unused.value.lower()}, lie unused with this plan."
        yield PlanChangeWarning(PlanChangeWarningCode.CREDITS_UNUSED, message)
    if belongings.credits_unpaid:
        message = "Credits that are not paid for yet are owed all the same."
        yield PlanChangeWarning(PlanChangeWarningCode.CREDITS_UNPAID, message)
    if belongings.pending is not None:
        message = f"The change to {belongings.pending} that is to come is taken back."
        yield PlanChangeWarning(PlanChangeWarningCode.REPLACES_PENDING, message)
