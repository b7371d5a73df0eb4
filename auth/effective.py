"""What a principal may do now: its token, its role in the database and its client's allowance, all three."""

from collections.abc import Iterable

from auth.permissions import (
    Permission,
    StaffRole,
    TenantRole,
    machine_permissions,
    permissions_named,
    permissions_of,
    staff_permissions,
)
from auth.principal import Principal, PrincipalKind
from portal.database import TenantTransaction

_NOTHING: frozenset[Permission] = frozenset()
_MEMBER = "SELECT role FROM membership WHERE tenant_id = $1 AND person_id = $2"
_API_CLIENT = (
    "SELECT api_client.scopes, api_client.created_by, membership.role FROM api_client "
    "LEFT JOIN membership ON membership.person_id = api_client.created_by "
    "AND membership.tenant_id = api_client.tenant_id "
    "WHERE api_client.tenant_id = $1 AND api_client.id = $2 AND api_client.disabled_at IS NULL"
)


async def effective_permissions(tx: TenantTransaction, principal: Principal) -> frozenset[Permission]:
    """What the principal may do in the tenant of this transaction; one statement, never cached.

    The ISV's staff has no role in a tenant, so it may do nothing here.
    """
    if principal.tenant_id != tx.tenant_id:
        return _NOTHING
    if principal.kind is PrincipalKind.MEMBER:
        role = await tx.value(_MEMBER, tx.tenant_id, principal.id)
        held = permissions_of(TenantRole(role)) if role else _NOTHING
    elif principal.kind is PrincipalKind.API_CLIENT:
        row = await tx.row(_API_CLIENT, tx.tenant_id, principal.id)
        held = client_permissions(row["scopes"], row["role"], capped=bool(row["created_by"])) if row else _NOTHING
    else:
        return _NOTHING
    return _narrowed(held, principal)


def permissions_of_staff(
    principal: Principal, *, in_session: bool = False, with_content: bool = False
) -> frozenset[Permission]:
    """What one of the ISV's people may do; support holds a tenant's permissions only inside a support session."""
    if not principal.is_staff:
        return _NOTHING
    role = StaffRole(principal.kind.value)
    return _narrowed(staff_permissions(role, in_session=in_session, with_content=with_content), principal)


def client_permissions(scopes: Iterable[str], creators_role: str | None, *, capped: bool) -> frozenset[Permission]:
    """What an API client's scopes allow, under the role that who made it has now; not `capped`: nobody's role."""
    held = permissions_named(scopes) & machine_permissions()
    if not capped:
        return held
    return held & permissions_of(TenantRole(creators_role)) if creators_role else _NOTHING


def _narrowed(held: frozenset[Permission], principal: Principal) -> frozenset[Permission]:
    return held if principal.token_permissions is None else held & principal.token_permissions
