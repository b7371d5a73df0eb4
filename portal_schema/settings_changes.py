"""Changes of a tenant's settings in the schema."""

import re
from datetime import time
from enum import Enum
from typing import Annotated

import strawberry

from auth.permissions import Permission
from portal.problems import refuse
from portal.tenants.settings import SettingsProblem, Value, update_settings
from portal_schema.context import Info
from portal_schema.guards import requires
from portal_schema.payloads import UserError
from portal_schema.settings import TenantSettings

WRITE = requires(Permission.SETTINGS_WRITE)
_DEFAULT = "null sets the portal's own again."


@strawberry.enum(description="Why settings were not changed.")
class SettingsUpdateErrorCode(Enum):
    """The problems that `settingsUpdate` can have."""

    INVALID = strawberry.enum_value(
        "INVALID", description="A text or a number is too short, too long or too large, or an hour is none."
    )


@strawberry.type(description="What is wrong with a change of settings.", directives=WRITE)
class SettingsUpdateUserError(UserError):
    """One problem."""

    code: SettingsUpdateErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="The outcome of `settingsUpdate`.", directives=WRITE)
class SettingsUpdatePayload:
    """The settings, or errors."""

    errors: list[SettingsUpdateUserError] = strawberry.field(description="What is wrong; empty on success.")
    settings: TenantSettings | None = strawberry.field(default=None, description="The settings as they are now.")


@strawberry.input(description="When no message is to come; over midnight where it ends before it begins.")
class QuietHoursInput:
    """Hours by the clock where the recipient's number is."""

    from_: str = strawberry.field(name="from", description="The first minute of silence, such as 21:00.")
    until: str = strawberry.field(description="The first minute after it, such as 08:00.")


@strawberry.input(description="A change of settings: what is left out stays as it is.")
class SettingsUpdateInput:
    """What to change."""

    help_text: str | None = strawberry.field(
        default=strawberry.UNSET, description=f"What answers HELP: 1 to 320 characters; {_DEFAULT}"
    )
    stop_text: str | None = strawberry.field(
        default=strawberry.UNSET, description=f"What confirms STOP: 1 to 320 characters; {_DEFAULT}"
    )
    start_text: str | None = strawberry.field(
        default=strawberry.UNSET, description=f"What confirms START: 1 to 320 characters; {_DEFAULT}"
    )
    callback_retention_days: int | None = strawberry.field(
        default=strawberry.UNSET, description=f"For how many days raw reports and events are kept: 1 to 400; {_DEFAULT}"
    )
    topics: list[str] | None = strawberry.field(
        default=strawberry.UNSET, description="The topics, at most 12 of 1 to 40 characters: all of them; null: none."
    )
    quiet_hours: QuietHoursInput | None = strawberry.field(
        default=strawberry.UNSET, description="When no message is to come; null: at any time."
    )


@strawberry.type
class SettingsMutations:
    """The root field that writes settings."""

    @strawberry.mutation(description="Change the tenant's settings.", directives=WRITE)
    async def settings_update(
        self,
        info: Info,
        input: Annotated[SettingsUpdateInput, strawberry.argument(description="What to change.")],
    ) -> SettingsUpdatePayload | None:
        given: dict[str, Value | None] = {
            "help_text": input.help_text,
            "stop_text": input.stop_text,
            "start_text": input.start_text,
            "callback_days": input.callback_retention_days,
            "topics": input.topics,
        }
        if input.quiet_hours is not strawberry.UNSET:
            given |= _quiet_hours(input.quiet_hours)
        values = {name: value for name, value in given.items() if value is not strawberry.UNSET}
        settings = await update_settings(info.context.tx, values, now=info.context.now)
        return SettingsUpdatePayload(settings=TenantSettings.of(settings), errors=[])


def _quiet_hours(given: QuietHoursInput | None) -> dict[str, time | None]:
    if given is None:
        return {"quiet_from": None, "quiet_until": None}
    return {"quiet_from": _clock(given.from_, "from"), "quiet_until": _clock(given.until, "until")}


def _clock(text: str, place: str) -> time:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text, re.ASCII):
        raise refuse(SettingsProblem.INVALID, "An hour reads like 21:00, from 00:00 to 23:59.", "quietHours", place)
    return time.fromisoformat(text)
