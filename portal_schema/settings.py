"""What a tenant sets for itself, in the schema."""

import strawberry

from auth.permissions import Permission
from portal.tenants.settings import TenantSettings as Settings
from portal.tenants.settings import read_settings
from portal_schema.context import Info
from portal_schema.guards import requires

READ = requires(Permission.SETTINGS_READ)


@strawberry.type(
    description="When no message is to come; over midnight where it ends before it begins.", directives=READ
)
class TenantQuietHours:
    """Hours by the clock where the recipient's number is."""

    from_: str = strawberry.field(name="from", description="The first minute of silence, such as 21:00.")
    until: str = strawberry.field(description="The first minute after it, such as 08:00.")


@strawberry.type(description="What the tenant sets for itself.", directives=READ)
class TenantSettings:
    """Settings; those of `portal.tenants` become it by `of`."""

    help_text: str = strawberry.field(description="What answers HELP and INFO.")
    stop_text: str = strawberry.field(description="What confirms STOP and the words that mean it.")
    start_text: str = strawberry.field(description="What confirms START and the words that mean it.")
    callback_retention_days: int = strawberry.field(
        description="For how many days the raw reports of carriers and the events told to webhooks are kept."
    )
    topics: list[str] = strawberry.field(
        description="What people can choose among on their page of preferences, such as offers."
    )

    quiet_hours: TenantQuietHours | None = strawberry.field(
        description="When no message is to come, by the clocks of all zones that the recipient's number may be in; "
        "by that of the company's zone where the number tells none. Null: at any time."
    )

    @classmethod
    def of(cls, settings: Settings) -> "TenantSettings":
        """The settings in the schema."""
        return cls(
            help_text=settings.help_text,
            stop_text=settings.stop_text,
            start_text=settings.start_text,
            callback_retention_days=settings.callback_days,
            topics=list(settings.topics),
            quiet_hours=None
            if settings.quiet_from is None or settings.quiet_until is None
            else TenantQuietHours(from_=f"{settings.quiet_from:%H:%M}", until=f"{settings.quiet_until:%H:%M}"),
        )


@strawberry.type
class SettingsQueries:
    """The root field that reads settings."""

    @strawberry.field(description="The tenant's settings.", directives=READ)
    async def settings(self, info: Info) -> TenantSettings | None:
        return TenantSettings.of(await read_settings(info.context.tx))
