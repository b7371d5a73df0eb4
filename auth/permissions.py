"""Permissions and roles, read from `permissions.toml`; `python -m auth.permissions` prints docs/ROLES.md."""

import sys
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any


class Permission(StrEnum):
    """What one may do; an OAuth scope is the same name in lower case with a colon."""

    CONTACTS_READ = "CONTACTS_READ"
    CONTACTS_WRITE = "CONTACTS_WRITE"
    TEMPLATES_READ = "TEMPLATES_READ"
    TEMPLATES_WRITE = "TEMPLATES_WRITE"
    LOGS_READ = "LOGS_READ"
    MESSAGES_READ = "MESSAGES_READ"
    MESSAGES_SEND = "MESSAGES_SEND"
    USAGE_READ = "USAGE_READ"
    PLAN_READ = "PLAN_READ"
    PLAN_WRITE = "PLAN_WRITE"
    BILLING_READ = "BILLING_READ"
    BILLING_WRITE = "BILLING_WRITE"
    NUMBERS_READ = "NUMBERS_READ"
    NUMBERS_WRITE = "NUMBERS_WRITE"
    ONBOARDING_READ = "ONBOARDING_READ"
    ONBOARDING_WRITE = "ONBOARDING_WRITE"
    MEMBERS_READ = "MEMBERS_READ"
    MEMBERS_WRITE = "MEMBERS_WRITE"
    API_CLIENTS_READ = "API_CLIENTS_READ"
    API_CLIENTS_WRITE = "API_CLIENTS_WRITE"
    WEBHOOKS_READ = "WEBHOOKS_READ"
    WEBHOOKS_WRITE = "WEBHOOKS_WRITE"
    ALERTS_READ = "ALERTS_READ"
    ALERTS_WRITE = "ALERTS_WRITE"
    SETTINGS_READ = "SETTINGS_READ"
    SETTINGS_WRITE = "SETTINGS_WRITE"
    AUDIT_READ = "AUDIT_READ"
    SUPPORT_GRANT = "SUPPORT_GRANT"
    OWNERSHIP_TRANSFER = "OWNERSHIP_TRANSFER"
    ACCOUNT_CLOSE = "ACCOUNT_CLOSE"
    SUPPORT_SESSION = "SUPPORT_SESSION"
    TENANTS_READ = "TENANTS_READ"
    TENANTS_WRITE = "TENANTS_WRITE"
    CATALOGUE_WRITE = "CATALOGUE_WRITE"
    POLICY_OVERRIDE = "POLICY_OVERRIDE"
    ECONOMICS_READ = "ECONOMICS_READ"

    @property
    def scope(self) -> str:
        """The OAuth scope: `MESSAGES_SEND` is `messages:send`."""
        noun, _, verb = self.value.lower().rpartition("_")
        return f"{noun}:{verb}"

    @property
    def description(self) -> str:
        """One sentence on what it lets one do."""
        return _RULES[self].description

    @property
    def is_of_tenant(self) -> bool:
        """Whether it is about one tenant's things; the others are the ISV's own."""
        return _RULES[self].tenant


class TenantRole(StrEnum):
    """What a person is in a tenant; Twilio's Console has the same."""

    OWNER = "OWNER"
    ADMINISTRATOR = "ADMINISTRATOR"
    DEVELOPER = "DEVELOPER"
    BILLING_MANAGER = "BILLING_MANAGER"
    SUPPORT = "SUPPORT"


class StaffRole(StrEnum):
    """What a person is for the ISV, over all tenants."""

    ISV_SUPPORT = "ISV_SUPPORT"
    ISV_OPERATOR = "ISV_OPERATOR"


class SupportAccess(StrEnum):
    """How much of a permission ISV support holds."""

    NO = "no"
    YES = "yes"
    WHILE_GRANTED = "while granted"
    STATES = "states"
    NAMES_AND_STATES = "names and states"


@dataclass(frozen=True, slots=True)
class _Rule:
    """One permission's entry in the file."""

    description: str
    roles: frozenset[TenantRole]
    machine: bool
    support: SupportAccess
    operator: bool
    tenant: bool


def permissions_of(role: TenantRole) -> frozenset[Permission]:
    """What a member of this role may do in the tenant."""
    return _OF_ROLE[role]


def permissions_named(scopes: Iterable[str]) -> frozenset[Permission]:
    """The permissions that these OAuth scopes name; a scope that is spelt otherwise names none."""
    return frozenset(_BY_SCOPE[scope] for scope in scopes if scope in _BY_SCOPE)


def machine_permissions() -> frozenset[Permission]:
    """The most that an API client may ever hold."""
    return _OF_MACHINES


def staff_permissions(
    role: StaffRole, *, in_session: bool = False, with_content: bool = False
) -> frozenset[Permission]:
    """What the ISV's staff may do: support reads a tenant in its session, and content while the tenant lets it."""
    if role is StaffRole.ISV_OPERATOR:
        return _OF_OPERATOR
    return _OF_SUPPORT | (_IN_SESSION if in_session else _NONE) | (_WITH_CONTENT if with_content else _NONE)


def roles_page() -> str:
    """The text of docs/ROLES.md."""
    columns = [role.value.replace("_", " ").title() for role in TenantRole]
    head = ["Permission", "Scope", *columns, "API client", "ISV support", "ISV operator", "Lets one"]
    lines = [_PAGE_HEAD, _line(head), _line(["---"] * len(head))]
    for permission, rule in _RULES.items():
        held = ["x" if role in rule.roles else "" for role in TenantRole]
        others = ["x" if rule.machine else "", _SUPPORT_MARKS[rule.support], "x" if rule.operator else ""]
        lines.append(_line([f"`{permission}`", f"`{permission.scope}`", *held, *others, rule.description]))
    return "\n".join(lines) + "\n"


_PAGE_HEAD = """# Roles and permissions

Made from `auth/permissions.toml` by `python -m auth.permissions`; a test holds it to that file.

x = granted. An API client holds what its scopes name, never more than the member who made it holds now. ISV support
holds a tenant's permissions only inside a support session in that tenant. A role is read from the database with each
request, so a change of it holds on the next one.
"""
_SUPPORT_MARKS = {access: access.value for access in SupportAccess} | {SupportAccess.NO: "", SupportAccess.YES: "x"}


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _rule(entry: dict[str, Any]) -> _Rule:
    return _Rule(
        description=entry["description"],
        roles=frozenset(TenantRole(role) for role in entry["roles"]),
        machine=entry.get("machine", False),
        support=SupportAccess(entry.get("support", "no")),
        operator=entry.get("operator", False),
        tenant=entry.get("tenant", True),
    )


def _load() -> dict[Permission, _Rule]:
    data = tomllib.loads(Path(__file__).with_name("permissions.toml").read_text(encoding="utf-8"))
    if list(data) != [permission.value for permission in Permission]:
        raise ValueError("permissions.toml and the Permission enum have to name the same permissions in the same order")
    return {Permission(name): _rule(entry) for name, entry in data.items()}


def _held(holds: Callable[[_Rule], bool]) -> frozenset[Permission]:
    return frozenset(permission for permission, rule in _RULES.items() if holds(rule))


_RULES = _load()
_BY_SCOPE = {permission.scope: permission for permission in Permission}
_NONE: frozenset[Permission] = frozenset()
_OF_MACHINES = _held(lambda rule: rule.machine)
_OF_ROLE = {role: frozenset(p for p, rule in _RULES.items() if role in rule.roles) for role in TenantRole}
_OF_OPERATOR = _held(lambda rule: rule.operator)
_OF_SUPPORT = _held(lambda rule: rule.support is not SupportAccess.NO and not rule.tenant)
_IN_SESSION = _held(lambda rule: rule.support not in {SupportAccess.NO, SupportAccess.WHILE_GRANTED})
_WITH_CONTENT = _held(lambda rule: rule.support is SupportAccess.WHILE_GRANTED)

if __name__ == "__main__":
    sys.stdout.write(roles_page())
