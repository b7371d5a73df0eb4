"""Every field and who may use it: `python -m portal_schema.permissions_table` prints docs/PERMISSIONS.csv."""

import csv
import io
import sys
from collections.abc import Iterator

from auth.permissions import (
    Permission,
    StaffRole,
    TenantRole,
    machine_permissions,
    permissions_of,
    staff_permissions,
)
from portal_schema.guards import object_types, required_permissions
from portal_schema.schema import schema

HOLDERS: dict[str, frozenset[Permission]] = {
    **{role.value: permissions_of(role) for role in TenantRole},
    "API_CLIENT": machine_permissions(),
    "ISV_SUPPORT": staff_permissions(StaffRole.ISV_SUPPORT),
    "ISV_SUPPORT_IN_SESSION": staff_permissions(StaffRole.ISV_SUPPORT, in_session=True),
    "ISV_SUPPORT_WITH_CONTENT": staff_permissions(StaffRole.ISV_SUPPORT, in_session=True, with_content=True),
    "ISV_OPERATOR": staff_permissions(StaffRole.ISV_OPERATOR),
}


def _rows() -> Iterator[list[str]]:
    for owner in sorted(object_types(schema), key=lambda one: one.name):
        for name, field in owner.fields.items():
            needed = required_permissions(owner, field)
            marks = [_mark(owner.name, needed, who) for who in HOLDERS]
            yield [f"{owner.name}.{name}", " ".join(sorted(needed)), *marks]


def _mark(owner: str, needed: frozenset[Permission], who: str) -> str:
    refused = owner == "Subscription" and who.startswith("ISV_")  # whatever it holds
    return "x" if needed <= HOLDERS[who] and not refused else ""


def permissions_table() -> str:
    """The text of docs/PERMISSIONS.csv."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["field", "needs", *HOLDERS])
    table.writerows(_rows())
    return text.getvalue()


if __name__ == "__main__":
    sys.stdout.write(permissions_table())
