"""What a tenant sets for itself, in the schema."""

import strawberry

from auth.permissions import Permission
from portal.tenants.settings import TenantSettings as Settings
from portal.tenants.settings import read_settings
from portal_schema.context import Info
from portal_schema.guards import requires

READ = requires(Permission.SETTINGS_READ)


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

    @classmethod
    def of(cls, settings: Settings) -> "TenantSettings":
        """The settings in the schema."""
        return cls(
            help_text=settings.help_text,
            stop_text=settings.stop_text,
            start_text=settings.start_text,
            callback_retention_days=settings.callback_days,
            topics=list(settings.topics),
        )


@strawberry.type
class SettingsQueries:
    """The root field that reads settings."""

    @strawberry.field(description="The tenant's settings.", directives=READ)
    async def settings(self, info: Info) -> TenantSettings | None:
        return TenantSettings.of(await read_settings(info.context.tx))
