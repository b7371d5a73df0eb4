"""What carries a message, and what it is counted as."""

from collections.abc import Mapping
from enum import StrEnum

from portal.usage.usage import MMS_OUTBOUND, SMS_OUTBOUND


class MessageChannel(StrEnum):
    """Text, or text with media."""

    SMS = "SMS"
    MMS = "MMS"


CATEGORIES: Mapping[MessageChannel, str] = {
    MessageChannel.SMS: SMS_OUTBOUND,
    MessageChannel.MMS: MMS_OUTBOUND,
}
"""The category of usage that a message which is sent counts in, and is priced by."""
