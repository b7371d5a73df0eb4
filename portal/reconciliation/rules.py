"""What a difference between the provider's records of a day and ours means, and what of it nothing explains. Pure."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from enum import StrEnum

from portal.money.money import EXACT
from portal.plans.proration import first_instant
from portal.usage.categories import MESSAGES_OUT
from portal.usage.usage import CALLS_INBOUND, CALLS_OUTBOUND, MMS_INBOUND, SMS_INBOUND

CALLS = frozenset({CALLS_INBOUND, CALLS_OUTBOUND})
COMPARED = MESSAGES_OUT | CALLS | {SMS_INBOUND, MMS_INBOUND}
"""What the portal has a count of its own of."""
FAILED_FEE = "failed-message-processing-fee"

SETTLING = timedelta(hours=24)  # past a day's end: what the provider hears late it writes within a day
TOLERATED = Decimal("0.01")  # of a day and category: a line of an invoice does not show it
ROUNDED_BY = Decimal("0.00005")  # of a segment: prices have four decimals, one that was rounded is off by half
PRICED_WITHIN = Decimal("0.25")  # of our cost: networks of a country differ by less, and price lists change by less
FEW = 10  # messages; more than these and a tenth of a day are taken off by nobody but a person: a count that
TAKEN_OFF = Decimal("0.1")  # lacks so many is rather one that was not read whole
_GRAIN = Decimal("1E-12")


class DiscrepancyReason(StrEnum):
    """Why the provider's records and ours differ."""

    LATE = "LATE"
    ROUNDING = "ROUNDING"
    COUNTED_OTHERWISE = "COUNTED_OTHERWISE"
    PROCESSING_FEE = "PROCESSING_FEE"
    PRICED_OTHERWISE = "PRICED_OTHERWISE"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Ours:
    """What the portal counted: messages and segments, or calls and minutes; `cost` is None where it keeps none."""

    count: int = 0
    usage: int = 0
    cost: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Theirs:
    """What the provider counted of the same, and what it asks for, as of an instant."""

    as_of: datetime
    count: Decimal = Decimal(0)
    usage: Decimal = Decimal(0)
    price: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Compared:
    """One category of one day on both sides; `failed` are the provider's fees for messages that failed on it."""

    day: date
    category: str
    ours: Ours
    theirs: Theirs
    failed: Decimal = Decimal(0)

    @property
    def more(self) -> Decimal:
        """What the provider counted more; negative: less."""
        return self.theirs.count - self.ours.count

    @property
    def is_settled(self) -> bool:
        """Whether the provider's count of the day moves no more."""
        return self.theirs.as_of >= first_instant(self.day + timedelta(days=1)) + SETTLING


@dataclass(frozen=True, slots=True)
class Unexplained:
    """Messages and segments that the provider counted and we did not, at its cost; negative: that only we counted."""

    count: int
    segments: int
    cost: Decimal


def judge(one: Compared, *beside: Compared) -> DiscrepancyReason | None:
    """Why both sides differ; None where they agree. `beside` are the same category on the day before and after."""
    if not one.more and _agrees_in_money(one):
        return None
    if not one.is_settled:
        return DiscrepancyReason.LATE
    return _of_count(one, beside) if one.more else _of_money(one)


def unexplained(one: Compared) -> Unexplained | None:
    """What has to be added to our count of messages sent, or taken off, so that nothing is unknown any more.

    None where there is nothing, or where so much would be taken off that a person has to decide.
    """
    if one.category not in MESSAGES_OUT:
        return None
    count = int(one.more if one.more > 0 else min(Decimal(0), one.more + one.failed))
    ours, theirs = one.ours, one.theirs
    if count > 0:  # each has one segment at least
        segments = max(count, int(theirs.usage) - ours.usage)
        cost = _share(theirs.price, segments, max(theirs.usage, Decimal(segments)))
        return Unexplained(count, segments, cost)
    # Nothing at all is rather what was not read.
    if count < 0 < theirs.count and -count <= max(Decimal(FEW), TAKEN_OFF * ours.count):
        segments = -_rounded(EXACT.divide(Decimal(-count * ours.usage), Decimal(ours.count)))
        return Unexplained(count, segments, -_share(ours.cost or Decimal(0), -segments, Decimal(max(ours.usage, 1))))
    return None


def _of_count(one: Compared, beside: tuple[Compared, ...]) -> DiscrepancyReason:
    ours, theirs = one.ours, one.theirs
    if one.category in MESSAGES_OUT and 0 < -one.more <= one.failed:
        return DiscrepancyReason.PROCESSING_FEE
    in_segments = one.category not in CALLS and theirs.count == theirs.usage == ours.usage
    # What is under way at midnight is on one day here, and on the next one there.
    at_midnight = one.category not in MESSAGES_OUT and any(one.more == -other.more for other in beside)
    # The provider counts each leg of a call.
    in_legs = one.category in CALLS and (one.more > 0 or theirs.usage == ours.usage)
    if in_segments or at_midnight or in_legs:
        return DiscrepancyReason.COUNTED_OTHERWISE
    return DiscrepancyReason.UNKNOWN


def _of_money(one: Compared) -> DiscrepancyReason:
    ours, theirs = one.ours, one.theirs
    if _off(one) <= ROUNDED_BY * ours.usage:
        return DiscrepancyReason.ROUNDING
    as_theirs = EXACT.divide(EXACT.multiply(ours.cost or Decimal(0), theirs.usage), Decimal(max(ours.usage, 1)))
    if abs(theirs.price - as_theirs) > EXACT.multiply(PRICED_WITHIN, as_theirs):
        return DiscrepancyReason.UNKNOWN
    in_segments = theirs.usage != ours.usage
    return DiscrepancyReason.COUNTED_OTHERWISE if in_segments else DiscrepancyReason.PRICED_OTHERWISE


def _agrees_in_money(one: Compared) -> bool:
    return one.ours.cost is None or _off(one) <= TOLERATED


def _off(one: Compared) -> Decimal:
    return abs(EXACT.subtract(one.theirs.price, one.ours.cost or Decimal(0)))


def _share(amount: Decimal, part: int, whole: Decimal) -> Decimal:
    share = EXACT.divide(EXACT.multiply(amount, Decimal(part)), whole)
    return share.quantize(_GRAIN, rounding=ROUND_DOWN, context=EXACT)


def _rounded(number: Decimal) -> int:
    return int(number.to_integral_value(ROUND_HALF_UP))
