"""The permissions and roles, held to a second, independent writing of the matrix."""

from pathlib import Path

import pytest
from graphql import EnumTypeDefinitionNode, parse

from auth.permissions import (
    Permission,
    StaffRole,
    TenantRole,
    machine_permissions,
    permissions_named,
    permissions_of,
    roles_page,
    staff_permissions,
)

ROOT = Path(__file__).parents[2]
# O Owner, A Administrator, D Developer, B Billing Manager, S Support, M an API client.
MATRIX = """
USAGE_READ OADBSM          LOGS_READ OADBSM           MESSAGES_READ OADM         MESSAGES_SEND OADM
CONTACTS_READ OADM         CONTACTS_WRITE OADM        TEMPLATES_READ OADM        TEMPLATES_WRITE OADM
NUMBERS_READ OADM          NUMBERS_WRITE OAD          PLAN_READ OADBM            PLAN_WRITE OAB
BILLING_READ OABM          BILLING_WRITE OAB          ALERTS_READ OADBSM         ALERTS_WRITE OAD
WEBHOOKS_READ OAD          WEBHOOKS_WRITE OAD         API_CLIENTS_READ OAD       API_CLIENTS_WRITE OAD
ONBOARDING_READ OA         ONBOARDING_WRITE OA        SETTINGS_READ OADBSM       SETTINGS_WRITE OA
MEMBERS_READ OA            MEMBERS_WRITE OA           AUDIT_READ OA              SUPPORT_GRANT OA
OWNERSHIP_TRANSFER O       ACCOUNT_CLOSE O
SUPPORT_SESSION -          TENANTS_READ -             TENANTS_WRITE -            CATALOGUE_WRITE -
POLICY_OVERRIDE -          ECONOMICS_READ -
"""
WORDS = MATRIX.split()
HOLDERS = {Permission(name): holders for name, holders in zip(WORDS[::2], WORDS[1::2], strict=True)}
LETTERS = dict(zip("OADBS", TenantRole, strict=True))


def test_the_matrix_names_every_permission_once() -> None:
    assert sorted(HOLDERS) == sorted(Permission)
    assert len(WORDS) == 2 * len(Permission)


@pytest.mark.parametrize("letter", LETTERS)
def test_a_role_holds_what_the_matrix_says(letter: str) -> None:
    assert permissions_of(LETTERS[letter]) == {one for one, holders in HOLDERS.items() if letter in holders}


def test_a_machine_holds_what_the_matrix_says() -> None:
    assert machine_permissions() == {one for one, holders in HOLDERS.items() if "M" in holders}


def test_support_holds_a_tenants_permissions_in_a_session_and_content_while_it_is_granted() -> None:
    own = {Permission.SUPPORT_SESSION, Permission.TENANTS_READ}
    in_session = own | {
        Permission.ALERTS_READ,
        Permission.LOGS_READ,
        Permission.NUMBERS_READ,
        Permission.ONBOARDING_READ,
        Permission.SETTINGS_READ,
        Permission.USAGE_READ,
    }
    assert staff_permissions(StaffRole.ISV_SUPPORT) == own
    assert staff_permissions(StaffRole.ISV_SUPPORT, in_session=True) == in_session
    granted = staff_permissions(StaffRole.ISV_SUPPORT, in_session=True, with_content=True)
    assert granted == in_session | {Permission.MESSAGES_READ}


def test_the_operator_reads_usage_and_money_and_no_logs() -> None:
    assert staff_permissions(StaffRole.ISV_OPERATOR) == {
        Permission.USAGE_READ,
        Permission.NUMBERS_READ,
        Permission.PLAN_READ,
        Permission.PLAN_WRITE,
        Permission.BILLING_READ,
        Permission.BILLING_WRITE,
        Permission.ALERTS_READ,
        Permission.ONBOARDING_READ,
        Permission.ONBOARDING_WRITE,
        Permission.SETTINGS_READ,
        Permission.TENANTS_READ,
        Permission.TENANTS_WRITE,
        Permission.CATALOGUE_WRITE,
        Permission.POLICY_OVERRIDE,
        Permission.ECONOMICS_READ,
    }


@pytest.mark.parametrize("permission", Permission)
def test_a_scope_names_one_permission(permission: Permission) -> None:
    noun, verb = permission.scope.split(":")
    assert f"{noun}_{verb}".upper() == permission == permission.value
    assert permissions_named([permission.scope]) == {permission}
    assert permission.description.endswith(".")


@pytest.mark.parametrize("scope", ["", "messages", "messages:", "MESSAGES:SEND", "messages_send", "messages:send "])
def test_another_spelling_names_none(scope: str) -> None:
    assert permissions_named([scope]) == frozenset()


def test_the_schema_lists_the_permissions_in_the_same_order() -> None:
    document = parse((ROOT / "portal_schema" / "schema.graphql").read_text(encoding="utf-8"))
    enums = {
        each.name.value: [value.name.value for value in each.values or ()]
        for each in document.definitions
        if isinstance(each, EnumTypeDefinitionNode)
    }
    assert enums["Permission"] == list(Permission)
    assert enums["TenantRole"] == list(TenantRole)


def test_the_committed_page_of_roles_is_the_datas() -> None:
    assert (ROOT / "docs" / "ROLES.md").read_text(encoding="utf-8") == roles_page()
