"""Which plan comes cheapest for what a tenant really used, and why. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from portal.money.money import EXACT, Money, shown, total
from portal.plans.plans import PlanRow
from portal.pricing.comparing import MonthlyUse, break_even, monthly_fee
from portal.pricing.terms import PlanTerms
from portal.rates.cards import RateCard
from portal.rerating.months import UsedMonth
from portal.rerating.rerating import rerate


class PlanAdviceVerdict(StrEnum):
    """What comes of a comparison."""

    CHANGE = "CHANGE"
    KEEP = "KEEP"
    NO_USE = "NO_USE"


@dataclass(frozen=True, slots=True)
class PlanComparison:
    """A plan at what a tenant used: its exact price in a month, and the messages of all that it would refuse."""

    plan: PlanRow
    price: Decimal
    refused: int

    @property
    def monthly_price(self) -> Money:
        """As it is told."""
        return Money(self.price, self.plan.terms.currency).rounded()


@dataclass(frozen=True, slots=True)
class PlanAdvice:
    """What a tenant is advised; without use there is nothing to recommend and nothing to compare."""

    verdict: PlanAdviceVerdict
    months: tuple[date, ...]
    recommended: PlanRow | None
    monthly_saving: Money | None
    reason: str
    basis: tuple[PlanComparison, ...]


def advise(current: PlanRow, offered: Sequence[PlanRow], months: Sequence[UsedMonth], card: RateCard) -> PlanAdvice:
    """The cheapest of the present plan and those that are offered in its currency, at the use of these months.

    A plan that would refuse more messages than the present one, or that does not reach all of its countries, is
    compared and not recommended. Of plans that come to the same the present one is.
    """
    of = tuple(month.month for month in months)
    used = [month for month in months if month.days]
    if not any(month.messages for month in used):
        reason = f"No message was sent with a plan{_when(of)}: there is nothing to compare plans by."
        return PlanAdvice(PlanAdviceVerdict.NO_USE, of, None, None, reason, ())
    comparable = [one for one in offered if one.terms.currency == current.terms.currency and one.id != current.id]
    ours, *others = [_compared(plan, used, card) for plan in (current, *comparable)]
    basis = sorted(
        [ours, *others], key=lambda one: (one.monthly_price.amount, one is not ours, one.plan.name, one.plan.version)
    )
    best = next(one for one in basis if one is ours or _serves(one, ours))
    use = _use(used, current.terms, card)
    saving = EXACT.subtract(ours.monthly_price.amount, best.monthly_price.amount)
    verdict = PlanAdviceVerdict.KEEP if best is ours else PlanAdviceVerdict.CHANGE
    sentences = [_compare(ours, best, basis, use), _warn(best, basis, of)]
    return PlanAdvice(
        verdict,
        of,
        best.plan,
        Money(saving, current.terms.currency),
        " ".join(sentence for sentence in sentences if sentence),
        tuple(basis),
    )


def _compared(plan: PlanRow, months: Sequence[UsedMonth], card: RateCard) -> PlanComparison:
    rerated = rerate(months, plan.terms, card)
    price = total(plan.terms.currency, (one.total.amount for one in rerated)).amount
    return PlanComparison(plan, EXACT.divide(price, _parts(months)), sum(one.refused for one in rerated))


def _parts(months: Sequence[UsedMonth]) -> Decimal:
    return sum((month.part for month in months), Decimal(0))


def _serves(one: PlanComparison, ours: PlanComparison) -> bool:
    """Whether all that leaves with the present plan leaves with this one."""
    here, there = ours.plan.countries, one.plan.countries
    return one.refused <= ours.refused and (not there or (bool(here) and set(here) <= set(there)))


def _use(months: Sequence[UsedMonth], terms: PlanTerms, card: RateCard) -> MonthlyUse:
    """What was used in a usual month."""
    sent = [one for month in months for one in month.summed.sent]
    messages = Decimal(sum(one.messages for one in sent))
    cost = card.converted(total(card.currency, (one.cost for one in sent)).amount, terms.currency)
    return MonthlyUse(
        messages=EXACT.divide(messages, _parts(months)),
        segments_per_message=EXACT.divide(Decimal(sum(one.segments for one in sent)), messages),
        cost_per_message=EXACT.divide(cost, messages),
    )


def _compare(ours: PlanComparison, best: PlanComparison, basis: Sequence[PlanComparison], use: MonthlyUse) -> str:
    name, price = ours.plan.name, shown(ours.monthly_price)
    at = f"At {round(use.messages):,} messages a month"
    if best is not ours:
        saved = shown(ours.monthly_price - best.monthly_price)
        text = f"{at} {best.plan.name} comes to {shown(best.monthly_price)} and {name}, which you have, to {price}"
        return f"{text}: {saved} less.{_meeting(ours.plan, best.plan, use)}"
    text = f"{at} {name}, which you have, is the cheapest: it comes to {price}."
    follows = next((one for one in basis if one is not ours and _serves(one, ours)), None)
    if follows is None:
        return text
    next_best = f"{follows.plan.name} comes to {shown(follows.monthly_price)}."
    return f"{text} {next_best}{_meeting(ours.plan, follows.plan, use)}"


def _meeting(one: PlanRow, other: PlanRow, use: MonthlyUse) -> str:
    """From where on the plan with the higher fee is no dearer."""
    found = break_even(one.terms, other.terms, use)
    if found is None or monthly_fee(one.terms) == monthly_fee(other.terms):
        return ""
    low, high = sorted((one, other), key=lambda plan: monthly_fee(plan.terms))
    return f" From {found:,} messages a month on {high.name} costs no more than {low.name}."


def _warn(best: PlanComparison, basis: Sequence[PlanComparison], months: Sequence[date]) -> str:
    """What would be cheaper, and is not recommended for what it would refuse."""
    cheaper = next((one for one in basis[: basis.index(best)] if one.refused), None)
    if cheaper is None:
        return ""
    refused = f"{cheaper.refused:,} message{'' if cheaper.refused == 1 else 's'}"
    return f"{cheaper.plan.name} would be cheaper, but it would have refused {refused}{_when(months)}."


def _when(months: Sequence[date]) -> str:
    first, last = months[0], months[-1]
    if first == last:
        return f" in {first:%B %Y}"
    return f" from {first:%B} to {last:%B %Y}" if first.year == last.year else f" from {first:%B %Y} to {last:%B %Y}"
