"""Which usage triggers a tenant's subaccount should have: one for each percentage of its plan's allowance. Pure."""

from collections.abc import Iterable, Mapping

from portal.plans.provider import SetTrigger, Watch
from portal.plans.thresholds import watched
from portal.pricing.terms import PlanTerms, included
from portal.usage.usage import SMS_OUTBOUND


def watches(terms: PlanTerms, own: Iterable[int] = ()) -> dict[int, Watch]:
    """What is to be watched, by percentage, rising: 3 to 13 triggers, of the 1,000 that an account may have.

    None where there is no limit, or nothing in the allowance. A percentage is reached with the first whole unit that
    reaches it, as in `thresholds.newly_reached`.
    """
    limit = included(terms)
    if not limit:
        return {}
    return {
        percent: Watch(SMS_OUTBOUND, terms.unit, terms.per, -(-percent * limit // 100))  # rounded up
        for percent in watched(own)
    }


def reached(wanted: Mapping[int, Watch], watch: Watch | None) -> int | None:
    """The highest percentage that a trigger of this watch tells of; small allowances have several of one value."""
    return max((percent for percent, one in wanted.items() if one == watch), default=None)


def superfluous(found: Iterable[SetTrigger], wanted: Mapping[int, Watch], callback_url: str) -> list[SetTrigger]:
    """Those that are not wanted as they are, and of two that are the same the second."""
    kept: set[int] = set()
    surplus = []
    for one in found:
        is_right = one.watch is not None and (one.watch, one.callback_url) == (wanted.get(one.percent), callback_url)
        if is_right and one.percent not in kept:
            kept.add(one.percent)
        else:
            surplus.append(one)
    return surplus
