"""The categories that usage is shown in, and how amounts of nested categories add up. Pure.

The provider's categories lie in each other: messages sent lie in all messages, and all of them in the total price. So
a sum takes each amount once: of those that have an amount the innermost, and what the total has beyond them as `other`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal

from portal.money.money import EXACT

TOTAL = "totalprice"
OTHER = "other"


@dataclass(frozen=True, slots=True)
class Category:
    """What is counted: its name for people, the units of its count and of its usage, and the category that holds it."""

    label: str
    count_unit: str
    usage_unit: str
    parent: str = TOTAL


CATEGORIES = {
    "sms": Category("Text messages", "messages", "segments"),
    "sms-outbound": Category("Text messages sent", "messages", "segments", "sms"),
    "sms-inbound": Category("Text messages received", "messages", "segments", "sms"),
    "mms": Category("Media messages", "messages", "segments"),
    "mms-outbound": Category("Media messages sent", "messages", "segments", "mms"),
    "mms-inbound": Category("Media messages received", "messages", "segments", "mms"),
    "sms-messages-carrierfees": Category("Carrier fees, text messages", "messages", "segments"),
    "mms-messages-carrierfees": Category("Carrier fees, media messages", "messages", "messages"),
    "failed-message-processing-fee": Category("Fees for messages that failed", "messages", "messages"),
    "calls": Category("Calls", "calls", "minutes"),
    "calls-inbound": Category("Calls received", "calls", "minutes", "calls"),
    "calls-outbound": Category("Calls made", "calls", "minutes", "calls"),
    "calls-client": Category("Calls from apps and browsers", "calls", "minutes", "calls"),
    "calls-sip": Category("Calls over SIP", "calls", "minutes", "calls"),
    "calls-recordings": Category("Recordings of calls", "recordings", "minutes"),
    "phonenumbers": Category("Phone numbers", "numbers", "numbers"),
    "phonenumbers-local": Category("Local numbers", "numbers", "numbers", "phonenumbers"),
    "phonenumbers-mobile": Category("Mobile numbers", "numbers", "numbers", "phonenumbers"),
    "phonenumbers-tollfree": Category("Toll-free numbers", "numbers", "numbers", "phonenumbers"),
    "shortcodes": Category("Short codes", "short codes", "short codes"),
    "a2p-registration-fees": Category("Registration fees", "registrations", "registrations"),
    "lookups": Category("Look-ups of numbers", "look-ups", "look-ups"),
    "calleridlookups": Category("Look-ups of callers' names", "look-ups", "look-ups", "lookups"),
    "carrier-lookups": Category("Look-ups of carriers", "look-ups", "look-ups", "lookups"),
    OTHER: Category("Everything else", "pieces", "pieces"),
}
MESSAGES_OUT = frozenset({"sms-outbound", "mms-outbound"})
"""What a plan's strategy prices; all else is priced by the plan's ratio for other usage."""
COUNTED_HERE = MESSAGES_OUT | {"sms-inbound", "mms-inbound"}
"""What the portal itself counts as it settles, so that its count is shown and not the provider's."""
READ = sorted({*CATEGORIES, TOTAL} - {OTHER})
"""The provider's categories that reports are made of."""


def innermost(categories: Collection[str]) -> set[str]:
    """Those of these categories that hold none of the others, so that none overlaps with another."""
    holding = {above for category in categories for above in _holders(category)}
    return {category for category in categories if category in CATEGORIES and category not in holding}


def cover(prices: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Amounts that add up to the total, without any overlap.

    `prices` holds records of the provider by category, the total among them or not; what the total has beyond the
    innermost known categories is `other`, which is left out where it is nothing or no total is known.
    """
    found = {category: prices[category] for category in sorted(innermost(prices.keys()))}
    if TOTAL in prices:
        rest = prices[TOTAL]
        for amount in found.values():
            rest = EXACT.subtract(rest, amount)
        if rest:
            found[OTHER] = rest
    return found


def _holders(category: str) -> list[str]:
    known = CATEGORIES.get(category)
    return [] if known is None or known.parent == TOTAL else [known.parent, *_holders(known.parent)]
