"""When a period's allowance counts as nearly used, and as used up. Pure."""

from portal.alerts.catalogue import UsageThreshold

CODES = {80: UsageThreshold.ALLOWANCE_80, 100: UsageThreshold.ALLOWANCE_100}  # by their percentage


def newly_reached(limit: int | None, committed: int, told: int) -> list[int]:
    """The percentages above `told` that so many units, used and reserved, have reached."""
    if not limit:
        return []
    return [percent for percent in CODES if told < percent and committed * 100 >= percent * limit]
