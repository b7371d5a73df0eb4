"""How a consumer wants to be reached: by what, about what, and when not. Pure."""

from datetime import datetime, time
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


class LookupState(StrEnum):
    """How far the last look-up of a number is."""

    WAITING = "WAITING"
    DONE = "DONE"
    FAILED = "FAILED"


class Line(NamedTuple):
    """What a look-up told of a number."""

    type: LineType
    valid: bool  # whether anybody can have it
    country: str | None  # by ISO 3166-1 alpha-2
    looked_up_at: datetime


class QuietHours(NamedTuple):
    """When a consumer wants to hear nothing, in the time zone of the number; it may span midnight."""

    begin: time
    end: time
