"""Inviting people, and accepting, in the schema."""

from enum import Enum
from typing import Annotated
from uuid import UUID

import strawberry

from auth.invitations import InvitationMails, invite, read_invitations_by_id, resend_invitation, revoke_invitation
from auth.invited import accept_invitation
from auth.people import memberships_of
from auth.permissions import Permission, TenantRole
from portal_schema.context import Info, RequestContext
from portal_schema.guards import APART, requires
from portal_schema.invitations import Invitation
from portal_schema.nodes import key_of
from portal_schema.payloads import UserError
from portal_schema.scalars import EmailAddress
from portal_schema.tenants import Tenant
from portal_schema.viewer import Membership

WRITE = requires(Permission.MEMBERS_WRITE)
ANYBODY = requires()
InvitationId = Annotated[strawberry.ID, strawberry.argument(description="The invitation's id.")]


@strawberry.enum(description="Why nobody was invited.")
class MemberInviteErrorCode(Enum):
    """The problems that `memberInvite` can have."""

    INVALID = strawberry.enum_value("INVALID", description="This is no e-mail address.")
    ALREADY_MEMBER = strawberry.enum_value("ALREADY_MEMBER", description="The address is a member's.")
    ALREADY_INVITED = strawberry.enum_value(
        "ALREADY_INVITED", description="An invitation of this address is open: send it again, or revoke it."
    )
    TOO_MANY_INVITATIONS = strawberry.enum_value(
        "TOO_MANY_INVITATIONS", description="As many invitations are open as may be: revoke some."
    )
    TOO_MANY_MAILS = strawberry.enum_value(
        "TOO_MANY_MAILS", description="Enough mails went to the address, or out of the tenant, for a day."
    )
    ONLY_THE_OWNER = strawberry.enum_value("ONLY_THE_OWNER", description="Only the Owner makes Administrators.")
    OWNER_BY_TRANSFER_ONLY = strawberry.enum_value(
        "OWNER_BY_TRANSFER_ONLY", description="Nobody is invited as Owner: ownership is transferred."
    )


@strawberry.enum(description="Why an invitation was not sent again.")
class InvitationResendErrorCode(Enum):
    """The problems that `invitationResend` can have."""

    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="There is no such open invitation.")
    TOO_MANY_MAILS = strawberry.enum_value(
        "TOO_MANY_MAILS", description="Enough mails went to the address, or out of the tenant, for a day."
    )
    ONLY_THE_OWNER = strawberry.enum_value("ONLY_THE_OWNER", description="Only the Owner makes Administrators.")
    OWNER_BY_TRANSFER_ONLY = strawberry.enum_value(
        "OWNER_BY_TRANSFER_ONLY", description="Nobody is invited as Owner: ownership is transferred."
    )


@strawberry.enum(description="Why an invitation was not revoked.")
class InvitationRevokeErrorCode(Enum):
    """The problems that `invitationRevoke` can have."""

    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="There is no such open invitation.")
    ONLY_THE_OWNER = strawberry.enum_value(
        "ONLY_THE_OWNER", description="Only the Owner revokes the invitation of an Administrator."
    )
    OWNER_BY_TRANSFER_ONLY = strawberry.enum_value(
        "OWNER_BY_TRANSFER_ONLY", description="Nobody is invited as Owner: ownership is transferred."
    )


@strawberry.enum(description="Why an invitation was not accepted.")
class InvitationAcceptErrorCode(Enum):
    """The problem that `invitationAccept` can have."""

    INVALID_INVITATION = strawberry.enum_value(
        "INVALID_INVITATION",
        description="It is unknown, revoked, used or expired, or was sent to another address: which, nobody is told.",
    )


@strawberry.type(description="Why nobody could be invited.", directives=WRITE)
class MemberInviteUserError(UserError):
    """One problem."""

    code: MemberInviteErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="Why an invitation could not be sent again.", directives=WRITE)
class InvitationResendUserError(UserError):
    """One problem."""

    code: InvitationResendErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="Why an invitation could not be revoked.", directives=WRITE)
class InvitationRevokeUserError(UserError):
    """One problem."""

    code: InvitationRevokeErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="Why an invitation could not be accepted.", directives=ANYBODY)
class InvitationAcceptUserError(UserError):
    """One problem."""

    code: InvitationAcceptErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="The outcome of `memberInvite`.", directives=WRITE)
class MemberInvitePayload:
    """The invitation, or errors."""

    errors: list[MemberInviteUserError] = strawberry.field(description="What is wrong; empty on success.")
    invitation: Invitation | None = strawberry.field(default=None, description="The new invitation.")


@strawberry.type(description="The outcome of `invitationResend`.", directives=WRITE)
class InvitationResendPayload:
    """The invitation, or errors."""

    errors: list[InvitationResendUserError] = strawberry.field(description="What is wrong; empty on success.")
    invitation: Invitation | None = strawberry.field(default=None, description="The invitation with its new time.")


@strawberry.type(description="The outcome of `invitationRevoke`.", directives=WRITE)
class InvitationRevokePayload:
    """What is gone, or errors."""

    errors: list[InvitationRevokeUserError] = strawberry.field(description="What is wrong; empty on success.")
    revoked_id: strawberry.ID | None = strawberry.field(default=None, description="The id of the invitation that was.")


@strawberry.type(description="The outcome of `invitationAccept`.", directives=ANYBODY)
class InvitationAcceptPayload:
    """What one is now, or errors."""

    errors: list[InvitationAcceptUserError] = strawberry.field(description="What is wrong; empty on success.")
    membership: Membership | None = strawberry.field(
        default=None, description="Your place in the tenant. The session goes on in its own: switch to this one."
    )


@strawberry.input(description="Who is to be invited.")
class MemberInviteInput:
    """An address and a role."""

    email: EmailAddress = strawberry.field(description="Where the invitation goes; only this address can accept it.")
    role: TenantRole = strawberry.field(description="What the person will be, any but OWNER.")


@strawberry.type
class InvitationMutations:
    """The root fields that invite and accept."""

    @strawberry.mutation(
        description="Invite somebody by e-mail, for seven days. Only the Owner invites Administrators. "
        "Nobody learns whether the address has an account elsewhere.",
        directives=WRITE,
    )
    async def member_invite(
        self,
        info: Info,
        input: Annotated[MemberInviteInput, strawberry.argument(description="Who, and in which role.")],
    ) -> MemberInvitePayload | None:
        context = info.context
        key = await invite(
            context.tx, input.email, input.role, inviter=context.principal, mails=_mails(context), now=context.now
        )
        return MemberInvitePayload(invitation=await _read(context, key), errors=[])

    @strawberry.mutation(
        description="Send an invitation again, with a new link and for seven more days; the old link dies.",
        directives=WRITE,
    )
    async def invitation_resend(self, info: Info, id: InvitationId) -> InvitationResendPayload | None:
        context, key = info.context, key_of("Invitation", id)
        await resend_invitation(context.tx, key, inviter=context.principal, mails=_mails(context), now=context.now)
        return InvitationResendPayload(invitation=await _read(context, key), errors=[])

    @strawberry.mutation(description="Take an invitation back: its link dies.", directives=WRITE)
    async def invitation_revoke(self, info: Info, id: InvitationId) -> InvitationRevokePayload | None:
        context, key = info.context, key_of("Invitation", id)
        await revoke_invitation(context.tx, key, actor_id=context.principal.id, now=context.now)
        return InvitationRevokePayload(revoked_id=id, errors=[])

    @strawberry.mutation(
        description="Become a member of the tenant that the invitation is of. It works once, for who is signed in "
        "with the address that it was sent to. No application may do it for you.",
        directives=ANYBODY,
        metadata={APART: True},
    )
    async def invitation_accept(
        self,
        info: Info,
        token: Annotated[str, strawberry.argument(description="What stands in the mailed address after `token=`.")],
    ) -> InvitationAcceptPayload | None:
        context = info.context
        context.require_in_person()
        who = context.principal
        tenant_id = await accept_invitation(context.database, token, who, context.origin, now=context.now)
        (joined,) = [row for row in await memberships_of(context.database, who.id) if row.tenant_id == tenant_id]
        membership = Membership(
            tenant=Tenant.of_membership(joined), role=joined.role, current=tenant_id == who.tenant_id
        )
        return InvitationAcceptPayload(membership=membership, errors=[])


def _mails(context: RequestContext) -> InvitationMails:
    return InvitationMails(context.mail, context.public_url)


async def _read(context: RequestContext, key: UUID) -> Invitation:
    return Invitation.of((await read_invitations_by_id(context.tx, [key]))[key])
