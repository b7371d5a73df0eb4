"""What an API client may be given, for every role and every choice of scopes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth.api_client_changes import permissions_allowed
from auth.effective import client_permissions
from auth.permissions import Permission, TenantRole, machine_permissions, permissions_of
from portal.problems import RefusedError

roles = st.sampled_from(TenantRole)
permissions = st.frozensets(st.sampled_from(Permission), min_size=1, max_size=6)


@given(role=roles, narrowed=st.frozensets(st.sampled_from(Permission)), wanted=permissions)
def test_a_client_is_given_what_its_maker_holds_and_machines_may_or_nothing_at_all(
    role: TenantRole, narrowed: frozenset[Permission], wanted: frozenset[Permission]
) -> None:
    held = permissions_of(role) & narrowed  # a token may hold less than the role
    scopes = [permission.scope for permission in wanted]
    if wanted <= held & machine_permissions():
        assert permissions_allowed(scopes, held) == wanted
    else:
        with pytest.raises(RefusedError) as refused:
            permissions_allowed(scopes, held)
        (problem,) = refused.value.problems
        first = next(n for n, scope in enumerate(scopes) if not _may(scope, held))
        assert (problem.code, problem.path) == ("SCOPE_NOT_ALLOWED", ("scopes", str(first)))


def _may(scope: str, held: frozenset[Permission]) -> bool:
    return any(permission.scope == scope for permission in held & machine_permissions())


@given(made_by=roles, now=st.none() | roles)
def test_whatever_becomes_of_the_maker_a_client_holds_no_more_than_both_then_and_now(
    made_by: TenantRole, now: TenantRole | None
) -> None:
    scopes = [permission.scope for permission in permissions_of(made_by) & machine_permissions()]
    held = client_permissions(scopes, now, capped=True)
    assert held <= permissions_of(made_by) & machine_permissions()
    assert held <= (permissions_of(now) if now else frozenset())
