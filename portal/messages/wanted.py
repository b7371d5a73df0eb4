"""Whether somebody wants what is sent to them, as far as they said, and can get it. Pure."""

from portal.contacts.consent import ConsentStatus
from portal.contacts.consumers import Consumer
from portal.contacts.preferences import ContactChannel, LineType
from portal.contacts.suppressions import SuppressionSource
from portal.messages.refusals import RefusalCode

_LEFT = (RefusalCode.OPTED_OUT, "This person has asked not to receive messages from you.")
_NOTHING = (RefusalCode.PREFERENCE, "This person chose to hear nothing from you.")
_OTHERWISE = {
    ContactChannel.SMS: (RefusalCode.PREFERENCE, "This person wants to be called, not written to."),
    ContactChannel.VOICE: (RefusalCode.PREFERENCE, "This person wants to be written to, not called."),
}


def refusal_of(
    consumer: Consumer, topic: str | None = None, channel: ContactChannel = ContactChannel.SMS
) -> tuple[RefusalCode, str] | None:
    """Why somebody does not get it, or None where nothing they said is against it.

    Args:
        consumer: who has the number.
        topic: what it is about, if the tenant says so.
        channel: by what it comes: SMS, or VOICE for a call.
    """
    if consumer.suppressed_by is SuppressionSource.PREFERENCE or consumer.channel is ContactChannel.NONE:
        return _NOTHING
    if consumer.suppressed_by is not None or consumer.consent is ConsentStatus.WITHDRAWN:
        return _LEFT
    if consumer.channel is not None and consumer.channel is not channel:
        return _OTHERWISE[channel]
    if topic is not None and topic in consumer.declined_topics:
        return RefusalCode.PREFERENCE, f"This person wants to hear nothing about {topic}."
    return _line_refusal(consumer, channel)


def _line_refusal(consumer: Consumer, channel: ContactChannel) -> tuple[RefusalCode, str] | None:
    if not consumer.line_valid:
        return RefusalCode.INVALID_NUMBER, "Nobody can have this number, as its look-up told."
    if channel is ContactChannel.SMS and consumer.line is LineType.LANDLINE:
        return RefusalCode.LANDLINE, "This number is a landline, which takes no messages."
    return None
