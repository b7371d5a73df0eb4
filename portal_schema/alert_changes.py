"""What is done about alerts, in the schema: acknowledged, muted, and sent elsewhere."""

from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from auth.permissions import Permission
from portal.alerts.acknowledging import acknowledge
from portal.alerts.catalogue import AlertKind
from portal.alerts.routing import AlertChannel, mute, set_rule
from portal_schema.alerts import Alert, AlertRule, load_alert
from portal_schema.context import Info
from portal_schema.guards import requires
from portal_schema.nodes import key_of
from portal_schema.payloads import UserError

WRITE = requires(Permission.ALERTS_WRITE)
AlertId = Annotated[strawberry.ID, strawberry.argument(description="The alert's id.")]


@strawberry.enum(description="Why an alert was not acknowledged.")
class AlertAcknowledgeErrorCode(Enum):
    """The problems that `alertAcknowledge` can have."""

    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="There is no such alert.")


@strawberry.enum(description="Why an alert was not muted.")
class AlertMuteErrorCode(Enum):
    """The problems that `alertMute` can have."""

    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="There is no such alert.")
    INVALID = strawberry.enum_value("INVALID", description="The instant is more than 90 days away.")


@strawberry.enum(description="Why a rule was not set.")
class AlertRuleSetErrorCode(Enum):
    """The problems that `alertRuleSet` can have."""

    INVALID = strawberry.enum_value(
        "INVALID", description="A channel or a percentage is named twice, or is none that can be watched."
    )


@strawberry.type(description="Why an alert could not be acknowledged.", directives=WRITE)
class AlertAcknowledgeUserError(UserError):
    """One problem."""

    code: AlertAcknowledgeErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="Why an alert could not be muted.", directives=WRITE)
class AlertMuteUserError(UserError):
    """One problem."""

    code: AlertMuteErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="What is wrong with a rule to be set.", directives=WRITE)
class AlertRuleSetUserError(UserError):
    """One problem."""

    code: AlertRuleSetErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="The outcome of `alertAcknowledge`.", directives=WRITE)
class AlertAcknowledgePayload:
    """The alert, or errors."""

    errors: list[AlertAcknowledgeUserError] = strawberry.field(description="What is wrong; empty on success.")
    alert: Alert | None = strawberry.field(default=None, description="The alert, acknowledged.")


@strawberry.type(description="The outcome of `alertMute`.", directives=WRITE)
class AlertMutePayload:
    """The alert, or errors."""

    errors: list[AlertMuteUserError] = strawberry.field(description="What is wrong; empty on success.")
    alert: Alert | None = strawberry.field(default=None, description="The alert as it is now.")


@strawberry.type(description="The outcome of `alertRuleSet`.", directives=WRITE)
class AlertRuleSetPayload:
    """The rule, or errors."""

    errors: list[AlertRuleSetUserError] = strawberry.field(description="What is wrong; empty on success.")
    alert_rule: AlertRule | None = strawberry.field(default=None, description="The rule as it is now.")


@strawberry.input(description="Where new alerts of a kind are to go.")
class AlertRuleSetInput:
    """A kind and its channels."""

    kind: AlertKind = strawberry.field(description="Which alerts.")
    channels: list[AlertChannel] = strawberry.field(description="How a new one is told, each channel once; none: not.")
    thresholds: list[int] | None = strawberry.field(
        default=None,
        description="Of USAGE_THRESHOLD: at most 10 percentages of the allowance, from 1 to 1000, to be told of "
        "besides 50, 80 and 100. Those that are set stay unless given.",
    )


@strawberry.type
class AlertMutations:
    """The root fields that do something about alerts."""

    @strawberry.mutation(
        description="Take notice of an alert: what happens from now on is a new one. Once acknowledged it stays so.",
        directives=WRITE,
    )
    async def alert_acknowledge(self, info: Info, id: AlertId) -> AlertAcknowledgePayload | None:
        context, key = info.context, key_of("Alert", id)
        await acknowledge(context.tx, key, context.principal.actor, now=context.now)
        return AlertAcknowledgePayload(alert=await load_alert(info, key), errors=[])

    @strawberry.mutation(
        description="Count alerts of this one's kind and code without telling of them, for a time.", directives=WRITE
    )
    async def alert_mute(
        self,
        info: Info,
        id: AlertId,
        until: Annotated[
            datetime,
            strawberry.argument(description="Until when, at most 90 days from now; what is past tells of them again."),
        ],
    ) -> AlertMutePayload | None:
        context, key = info.context, key_of("Alert", id)
        await mute(context.tx, key, until, now=context.now)
        return AlertMutePayload(alert=await load_alert(info, key), errors=[])

    @strawberry.mutation(description="Set where new alerts of a kind go.", directives=WRITE)
    async def alert_rule_set(
        self,
        info: Info,
        input: Annotated[AlertRuleSetInput, strawberry.argument(description="The rule.")],
    ) -> AlertRuleSetPayload | None:
        rule = await set_rule(info.context.tx, input.kind, input.channels, input.thresholds, now=info.context.now)
        return AlertRuleSetPayload(alert_rule=AlertRule.of(rule), errors=[])
