"""How a consumer wants to be reached: by what, about what, and when not. Pure."""

from datetime import time
from enum import StrEnum
from typing import NamedTuple


class ContactChannel(StrEnum):
    """By what a consumer wants to be reached."""

    SMS = "SMS"
    VOICE = "VOICE"
    NONE = "NONE"


class LineType(StrEnum):
    """What kind of line a number is."""

    MOBILE = "MOBILE"
    LANDLINE = "LANDLINE"
    VOIP = "VOIP"
    TOLL_FREE = "TOLL_FREE"
    UNKNOWN = "UNKNOWN"


class QuietHours(NamedTuple):
    """When a consumer wants to hear nothing, in the time zone of the number; it may span midnight."""

    begin: time
    end: time
