"""What is known of who has a number, contact or not: whether they left, and how they want to be reached."""

from typing import NamedTuple

from portal.contacts.consent import ConsentStatus
from portal.contacts.preferences import ContactChannel, LineType, QuietHours
from portal.contacts.suppressions import SuppressionSource
from portal.database.connection import Row

# For statements that join `suppression` and `consumer` by number.
COLUMNS = (
    "suppression.source AS suppressed_by, consumer.consent, consumer.channel, consumer.declined_topics, "
    "consumer.quiet_from, consumer.quiet_until, consumer.line, consumer.line_valid"
)


class Consumer(NamedTuple):
    """Who has a number; of most nothing is known."""

    suppressed_by: SuppressionSource | None = None
    consent: ConsentStatus = ConsentStatus.UNKNOWN
    channel: ContactChannel | None = None  # None: they have not chosen
    declined_topics: frozenset[str] = frozenset()
    quiet: QuietHours | None = None
    line: LineType | None = None  # None: it was not looked up
    line_valid: bool = True  # False: it was, and nobody can have this number


UNKNOWN_CONSUMER = Consumer()


def consumer_row(row: Row) -> Consumer:
    """A record with COLUMNS as a consumer."""
    source, consent, channel, declined, begin, end, line, valid = (row[name] for name in _NAMES)
    if consent is None and source is None:
        return UNKNOWN_CONSUMER
    return Consumer(
        SuppressionSource(source) if source else None,
        ConsentStatus(consent or "UNKNOWN"),
        ContactChannel(channel) if channel else None,
        frozenset(declined or ()),
        QuietHours(begin, end) if begin else None,
        LineType(line) if line else None,
        valid is not False,
    )


_NAMES = ("suppressed_by", "consent", "channel", "declined_topics", "quiet_from", "quiet_until", "line", "line_valid")
