"""What a difference between the provider's records and ours means. Pure."""

from enum import StrEnum


class DiscrepancyReason(StrEnum):
    """Why the provider's records and ours differ."""

    LATE = "LATE"
    ROUNDING = "ROUNDING"
    COUNTED_OTHERWISE = "COUNTED_OTHERWISE"
    PROCESSING_FEE = "PROCESSING_FEE"
    PRICED_OTHERWISE = "PRICED_OTHERWISE"
    UNKNOWN = "UNKNOWN"
