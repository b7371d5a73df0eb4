"""What an account costs by kind: the provider's nested categories cut into kinds that add up to its total. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from statistics import median

from portal.margin_report.provider import MonthlyUsage, Subaccount

TOTAL = "totalprice"
SENT = ("sms-outbound", "mms-outbound")
_SPIKE = 3  # times the median of the other months
_WORTH_TELLING = Decimal(1)


class CostKind(StrEnum):
    """What money was spent on."""

    MESSAGES_SENT = "Messages sent"
    MESSAGES_RECEIVED = "Messages received"
    CARRIER_FEES = "Carrier fees"
    FAILED_MESSAGES = "Failed messages"
    CALLS = "Calls"
    NUMBERS = "Numbers"
    LOOKUPS = "Lookups"
    REST = "Everything else"


# Categories of the provider that do not overlap; what its total has beside them is the rest.
_CATEGORIES = {
    CostKind.MESSAGES_SENT: SENT,
    CostKind.MESSAGES_RECEIVED: ("sms-inbound", "mms-inbound"),
    CostKind.CARRIER_FEES: ("sms-messages-carrierfees", "mms-messages-carrierfees"),
    CostKind.FAILED_MESSAGES: ("failed-message-processing-fee",),
    CostKind.CALLS: ("calls",),
    CostKind.NUMBERS: ("phonenumbers",),
    CostKind.LOOKUPS: ("lookups",),
}


@dataclass(frozen=True, slots=True)
class Month:
    """An account in a month."""

    month: date
    messages: int
    segments: int
    costs: Mapping[CostKind, Decimal]

    @property
    def cost(self) -> Decimal:
        """The provider's total."""
        return sum(self.costs.values(), Decimal(0))

    @property
    def other_cost(self) -> Decimal:
        """What is not for messages that were sent."""
        return self.cost - self.costs[CostKind.MESSAGES_SENT]


@dataclass(frozen=True, slots=True)
class AccountCosts:
    """An account in all months of the report, without gaps."""

    account: Subaccount
    months: Sequence[Month]

    @property
    def cost(self) -> Decimal:
        """Of all months."""
        return sum((month.cost for month in self.months), Decimal(0))

    @property
    def messages(self) -> int:
        """That were sent in all months."""
        return sum(month.messages for month in self.months)

    def cost_of(self, kind: CostKind) -> Decimal:
        """Of all months."""
        return sum((month.costs[kind] for month in self.months), Decimal(0))

    @property
    def is_unused(self) -> bool:
        """Whether nothing was sent, received or called; numbers may cost all the same."""
        used = (CostKind.MESSAGES_SENT, CostKind.MESSAGES_RECEIVED, CostKind.CALLS)
        return not self.messages and not any(self.cost_of(kind) for kind in used)

    @property
    def spikes(self) -> list[Month]:
        """Months that cost more than three times the median of the others."""
        found = []
        for one in self.months:
            others = [month.cost for month in self.months if month is not one]
            if others and one.cost > _WORTH_TELLING and one.cost > _SPIKE * median(others):
                found.append(one)
        return found


def account_costs(account: Subaccount, usage: Iterable[MonthlyUsage], months: Sequence[date]) -> AccountCosts:
    """An account's costs of these months by kind; what it has no record of is nothing."""
    by_month: dict[date, dict[str, MonthlyUsage]] = {month: {} for month in months}
    for one in usage:
        by_month[one.month][one.category] = one
    return AccountCosts(account, [_month(month, found) for month, found in by_month.items()])


def _month(month: date, found: Mapping[str, MonthlyUsage]) -> Month:
    costs = {
        kind: sum((found[name].price for name in names if name in found), Decimal(0))
        for kind, names in _CATEGORIES.items()
    }
    named = sum(costs.values(), Decimal(0))
    costs[CostKind.REST] = found[TOTAL].price - named if TOTAL in found else Decimal(0)
    sent = [found[name] for name in SENT if name in found]
    return Month(month, int(sum(one.count for one in sent)), int(sum(one.usage for one in sent)), costs)
