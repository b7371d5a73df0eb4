"""Policy in the schema: what rules say of a send, and the exceptions that the ISV's operator makes."""

from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import Annotated
from uuid import UUID

import strawberry

from auth.permissions import Permission
from portal.audit.entries import AuditEvent, write_entry
from portal.policy.overrides import (
    OverrideRow,
    OverrideWish,
    end_override,
    find_override,
    override,
    read_overrides,
)
from portal.policy.rules import PolicyRule
from portal.policy.rules import PolicyVerdict as Verdict
from portal_schema.context import Info
from portal_schema.enums import describe
from portal_schema.guards import APART, requires
from portal_schema.nodes import Node, key_of, to_global
from portal_schema.payloads import UserError

READ = requires(Permission.SETTINGS_READ)
SEND = requires(Permission.MESSAGES_SEND)
OPERATOR = requires(Permission.POLICY_OVERRIDE)

describe(
    PolicyRule,
    "What a send is judged by. More rules may come.",
    OPT_OUT_TEXT="The first message to somebody says how to get no more of them, by the word STOP.",
    SHARED_SHORTENER="No links of shorteners that everybody shares.",
    SEX="No sexual content.",
    HATE="No hate, and no calls for violence.",
    ALCOHOL="No advertisements of alcohol.",
    FIREARMS="No advertisements of firearms or ammunition.",
    TOBACCO="No advertisements of tobacco, vapes or cannabis.",
    GAMBLING="No gambling.",
    HIGH_RISK_FINANCIAL="No payday loans, debt relief or promised returns.",
    PHISHING="Nothing that asks for passwords or card numbers.",
)


@strawberry.type(description="What a rule says of a send.", directives=SEND)
class PolicyVerdict:
    """A verdict of `portal.policy` becomes it by `of`."""

    rule: PolicyRule = strawberry.field(description="The rule.")
    passed: bool = strawberry.field(description="Whether everybody's text passes; a send is refused where not.")
    message: str = strawberry.field(description="What to change; or, where it passes, why.")

    @classmethod
    def of(cls, verdict: Verdict) -> "PolicyVerdict":
        """This verdict."""
        return cls(rule=verdict.rule, passed=verdict.passed, message=verdict.message)


@strawberry.type(
    description="An exception: the tenant's sends may fail a rule for a time, since the ISV's operator says so.",
    directives=READ,
)
class PolicyOverride(Node):
    """An exception; rows of `portal.policy` become it by `of`."""

    rule: PolicyRule = strawberry.field(description="The rule that may be failed.")
    reason: str = strawberry.field(description="Why, in the operator's words.")
    since: datetime = strawberry.field(description="From when on.")
    until: datetime = strawberry.field(description="Until when.")
    made_by: str = strawberry.field(description="Who made it, by name.")
    ended_at: datetime | None = strawberry.field(description="When it was ended before its time, if it was.")
    ended_by: str | None = strawberry.field(description="Who ended it, by name.")

    @classmethod
    def of(cls, row: OverrideRow) -> "PolicyOverride":
        """The exception in this row."""
        return cls(
            id=to_global("PolicyOverride", row.id),
            rule=row.rule,
            reason=row.reason,
            since=row.since,
            until=row.until,
            made_by=row.made_by,
            ended_at=row.ended_at,
            ended_by=row.ended_by,
        )


async def find_overrides(info: Info, tenant_id: UUID) -> list[PolicyOverride]:
    """This tenant's exceptions: one read for all tenants that are asked for side by side."""

    async def load(tenant_ids: Sequence[UUID]) -> list[list[PolicyOverride]]:
        async with info.context.reading_tenants() as tx:
            found = await read_overrides(tx, tenant_ids)
        return [[PolicyOverride.of(row) for row in found[tenant_id]] for tenant_id in tenant_ids]

    overrides: list[PolicyOverride] = await info.context.loader("policy overrides", load).load(tenant_id)
    return overrides


async def find_own_override(info: Info, given: str) -> PolicyOverride | None:
    """The tenant's exception of this global id, or None."""
    async with info.context.reading() as tx:
        row = await find_override(tx, key_of("PolicyOverride", given))
    return None if row is None else PolicyOverride.of(row)


@strawberry.enum(description="Why no exception was made.")
class PolicyOverrideErrorCode(Enum):
    """The problems that `policyOverride` can have."""

    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="There is no such tenant.")
    INVALID = strawberry.enum_value("INVALID", description="The reason is empty or too long, or the time is not ahead.")


@strawberry.enum(description="Why an exception was not ended.")
class PolicyOverrideEndErrorCode(Enum):
    """The problems that `policyOverrideEnd` can have."""

    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="There is no such exception.")
    ENDED = strawberry.enum_value("ENDED", description="It holds no more.")


@strawberry.type(description="What is wrong with an exception to be made.", directives=OPERATOR)
class PolicyOverrideUserError(UserError):
    """One problem."""

    code: PolicyOverrideErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="Why an exception was not ended.", directives=OPERATOR)
class PolicyOverrideEndUserError(UserError):
    """One problem."""

    code: PolicyOverrideEndErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="The outcome of `policyOverride`.", directives=OPERATOR)
class PolicyOverridePayload:
    """The exception, or errors."""

    errors: list[PolicyOverrideUserError] = strawberry.field(description="What is wrong; empty on success.")
    policy_override: PolicyOverride | None = strawberry.field(default=None, description="The exception, in force.")


@strawberry.type(description="The outcome of `policyOverrideEnd`.", directives=OPERATOR)
class PolicyOverrideEndPayload:
    """The exception, or errors."""

    errors: list[PolicyOverrideEndUserError] = strawberry.field(description="What is wrong; empty on success.")
    policy_override: PolicyOverride | None = strawberry.field(default=None, description="The exception, ended.")


@strawberry.input(description="An exception to be made.")
class PolicyOverrideInput:
    """For whom, of what, why and for how long."""

    tenant_id: strawberry.ID = strawberry.field(description="The tenant whose sends may fail the rule.")
    rule: PolicyRule = strawberry.field(description="The rule; an exception of it that holds ends by this one.")
    reason: str = strawberry.field(description="Why: 1 to 500 characters, in one line. The tenant reads it.")
    until: datetime = strawberry.field(description="Until when: at most 366 days ahead.")


@strawberry.type
class PolicyQueries:
    """The root field that reads exceptions."""

    @strawberry.field(
        description="The exceptions from policy that the ISV's operator made for the tenant, the newest first; "
        "100 at most.",
        directives=READ,
    )
    async def policy_overrides(self, info: Info) -> list[PolicyOverride] | None:
        return await find_overrides(info, info.context.tx.tenant_id)


@strawberry.type
class PolicyMutations:
    """The root fields that make and end exceptions."""

    @strawberry.mutation(
        description="Let a tenant's sends fail a rule, for a reason and a time. It stands in the tenant's audit log.",
        directives=OPERATOR,
        metadata={APART: True},
    )
    async def policy_override(
        self,
        info: Info,
        input: Annotated[PolicyOverrideInput, strawberry.argument(description="The exception.")],
    ) -> PolicyOverridePayload | None:
        context, tenant_id = info.context, key_of("Tenant", input.tenant_id)
        wish = OverrideWish(input.rule, input.reason, input.until)
        async with context.operating(tenant_id) as tx:
            row = await override(tx, tenant_id, wish, context.principal.actor.name, now=context.now)
            made = PolicyOverride.of(row)
            changes = {"rule": row.rule.value, "reason": row.reason, "until": row.until.isoformat()}
            await write_entry(
                tx, tenant_id, context.origin, AuditEvent("policyOverride", made.id, changes), at=context.now
            )
        return PolicyOverridePayload(policy_override=made, errors=[])

    @strawberry.mutation(
        description="End an exception before its time. It stands in the tenant's audit log.",
        directives=OPERATOR,
        metadata={APART: True},
    )
    async def policy_override_end(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The exception's id.")],
    ) -> PolicyOverrideEndPayload | None:
        context = info.context
        async with context.operating() as tx:
            row = await end_override(tx, key_of("PolicyOverride", id), context.principal.actor.name, now=context.now)
            ended, changes = PolicyOverride.of(row), {"rule": row.rule.value}
            event = AuditEvent("policyOverrideEnd", ended.id, changes)
            await write_entry(tx, row.tenant_id, context.origin, event, at=context.now)
        return PolicyOverrideEndPayload(policy_override=ended, errors=[])
