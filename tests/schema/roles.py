"""Everybody that may ask something, and the permissions that they hold."""

from auth.permissions import (
    StaffRole,
    TenantRole,
    machine_permissions,
    permissions_of,
    staff_permissions,
)
from tests.schema.surface import Permissions

OUTSIDE, IN_SESSION, WITH_CONTENT = "ISV_SUPPORT", "ISV_SUPPORT in a session", "ISV_SUPPORT while content is granted"
HELD: dict[str, Permissions] = {
    **{role.value: permissions_of(role) for role in TenantRole},
    OUTSIDE: staff_permissions(StaffRole.ISV_SUPPORT),
    IN_SESSION: staff_permissions(StaffRole.ISV_SUPPORT, in_session=True),
    WITH_CONTENT: staff_permissions(StaffRole.ISV_SUPPORT, in_session=True, with_content=True),
    "ISV_OPERATOR": staff_permissions(StaffRole.ISV_OPERATOR),
    **{permission.scope: frozenset({permission}) for permission in sorted(machine_permissions())},
}
STAFF = {name for name in HELD if name.startswith("ISV_")}


def _without_tenants(who: str) -> Permissions:
    return frozenset(one for one in HELD[who] if not one.is_of_tenant)


# The operator holds some of the tenants' permissions, for the tenants that it names; no root field names one.
HELD_AT_ROOT = HELD | {who: _without_tenants(who) for who in (OUTSIDE, "ISV_OPERATOR")}
HELD_TO_CHANGE = HELD | {who: _without_tenants(who) for who in STAFF}
AT_ROOT = {"Query": HELD_AT_ROOT, "Mutation": HELD_TO_CHANGE}
