"""Who may see what: declared on every type and field, installed on every resolver, denied unless declared.

A permission depends on the principal and on the type or field alone, never on the row, so the check comes before any
look-up and says nothing about what exists.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from inspect import isawaitable
from typing import Any
from uuid import UUID

import strawberry
from graphql import (
    GraphQLField,
    GraphQLFieldResolver,
    GraphQLObjectType,
    GraphQLResolveInfo,
    default_field_resolver,
    get_named_type,
    is_object_type,
)

from auth.permissions import Permission, StaffRole, staff_permissions
from auth.principal import Principal, PrincipalKind
from portal.audit.entries import AuditEvent
from portal.problems import RefusedButNotedError, RefusedError
from portal_schema.audit_changes import changes_of, masked_arguments, target_of
from portal_schema.context import RequestContext
from portal_schema.directives import Cost, Requires
from portal_schema.errors import ErrorCode, RequestError
from portal_schema.payloads import refused_payload

# Metadata of a mutation: what it asks of the world outside, before its transaction and once it is allowed.
BEFORE = "before"
APART = "apart"  # metadata of a mutation that happens outside of the principal's tenant


class OfTenant:
    """An object that stands for a tenant, perhaps another one than the request's: its guarded fields read in it."""

    key: UUID


class UndeclaredError(TypeError):
    """A type or a root field says nothing about who may see it."""


def requires(*permissions: Permission, cost: int | None = None) -> list[object]:
    """The directives of a type or field: the permissions it asks for, all of them; none asks for any principal."""
    declared: list[object] = [Requires(permissions=list(permissions))]
    if cost is not None:
        declared.append(Cost(weight=cost))
    return declared


def declared_permissions(element: object) -> frozenset[Permission] | None:
    """What a graphql-core type or field declares for itself, or None where it declares nothing."""
    definition = getattr(element, "extensions", {}).get("strawberry-definition")
    for directive in getattr(definition, "directives", ()):
        if isinstance(directive, Requires):
            return frozenset(directive.permissions)
    return None


def object_types(schema: strawberry.Schema) -> list[GraphQLObjectType]:
    """All object types of the schema but those of introspection."""
    types: Iterable[Any] = core_schema(schema).type_map.values()
    return [found for found in types if is_object_type(found) and not found.name.startswith("__")]


def core_schema(schema: strawberry.Schema) -> Any:
    """The graphql-core schema that Strawberry built."""
    return schema._schema  # noqa: SLF001  Strawberry offers no public way to it


def required_permissions(owner: GraphQLObjectType, field: GraphQLField) -> frozenset[Permission]:
    """What a field asks for: its own permissions, those of the type it is on, and those of the type it leads to."""
    target = declared_permissions(get_named_type(field.type)) or frozenset()
    return (declared_permissions(owner) or frozenset()) | (declared_permissions(field) or frozenset()) | target


def install_guards(schema: strawberry.Schema) -> None:
    """Wrap every resolver.

    Raises:
        UndeclaredError: something declares no permission, not even an empty list.
    """
    core = core_schema(schema)
    roots = (core.query_type, core.mutation_type, core.subscription_type)
    for owner in object_types(schema):
        is_root = owner in roots
        if not is_root and declared_permissions(owner) is None:
            raise UndeclaredError(f"type {owner.name}: declare who may see it with directives=requires(...)")
        for name, field in owner.fields.items():
            if is_root and declared_permissions(field) is None:
                raise UndeclaredError(
                    f"field {owner.name}.{name}: declare who may use it with directives=requires(...)"
                )
            needed = required_permissions(owner, field)
            resolve = field.resolve or default_field_resolver
            definition = field.extensions["strawberry-definition"]
            if owner is core.mutation_type:
                if definition.metadata.get(APART):
                    field.resolve = _guard_mutation_apart(resolve, needed, field)
                else:
                    field.resolve = _guard_mutation(resolve, needed, field, name, definition.metadata.get(BEFORE))
            elif is_root:
                field.resolve = _guard_root(resolve, needed, field, f"{owner.name}.{name}")
            elif getattr(resolve, "_is_default", False):  # Strawberry's mark of what only reads an attribute
                field.resolve = _guard_attribute(definition.python_name, needed, f"{owner.name}.{name}")
            elif needed:
                field.resolve = _guard(resolve, needed, field, f"{owner.name}.{name}")


def check(context: RequestContext, needed: frozenset[Permission]) -> None:
    """Raise FORBIDDEN where a permission is missing."""
    refuse_without(needed - context.permissions, context.principal)


def refuse_without(missing: frozenset[Permission], principal: Principal) -> None:
    """Raise FORBIDDEN where permissions are missing, and tell this principal how to come by them."""
    if missing:
        names = sorted(missing)
        message = f"This needs the permission {' and '.join(names)}: {_advice(missing, principal)}."
        raise RequestError(ErrorCode.FORBIDDEN, message, requiredScopes=[permission.scope for permission in names])


def _advice(missing: frozenset[Permission], principal: Principal) -> str:
    if not principal.is_staff:
        return "ask an Administrator of your tenant for a role with it"
    if principal.kind is PrincipalKind.ISV_SUPPORT and principal.token_permissions is None:
        if missing <= staff_permissions(StaffRole.ISV_SUPPORT, in_session=True):
            return "open a support session in the tenant first"
        if missing <= staff_permissions(StaffRole.ISV_SUPPORT, in_session=True, with_content=True):
            return "the tenant has to let support see content"
    return "your role, or the token that you were given, does not have it"


def _guard_root(
    resolve: GraphQLFieldResolver, needed: frozenset[Permission], field: GraphQLField, coordinate: str
) -> GraphQLFieldResolver:
    of_tenant = _is_of_tenant(needed)

    def guarded(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        context = info.context
        if not needed <= context.root_permissions:
            refuse_without(needed - context.root_permissions, context.principal)
        if of_tenant and context.support_session is not None:
            context.note_read(coordinate, masked_arguments(field, arguments))
        return resolve(source, info, **arguments)

    return guarded


def _guard(
    resolve: GraphQLFieldResolver, needed: frozenset[Permission], field: GraphQLField, coordinate: str
) -> GraphQLFieldResolver:
    of_tenant = _is_of_tenant(needed)

    def guarded(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        context = info.context
        if not needed <= context.permissions:
            check(context, needed)
        if isinstance(source, OfTenant):
            context.check_reach(source.key)
        if of_tenant and context.support_session is not None:
            context.note_read(coordinate, masked_arguments(field, arguments))
        return resolve(source, info, **arguments)

    return guarded


def _guard_attribute(name: str, needed: frozenset[Permission], coordinate: str) -> GraphQLFieldResolver:
    of_tenant = _is_of_tenant(needed)

    # The check and the look-up in one call, in place of the four that Strawberry makes: a page has hundreds of them.
    def guarded(source: Any, info: GraphQLResolveInfo[Any]) -> Any:
        context = info.context
        if not needed <= context.permissions:
            check(context, needed)
        if of_tenant and context.support_session is not None:
            context.note_read(coordinate)
        return getattr(source, name)

    return guarded


def _guard_mutation(
    resolve: GraphQLFieldResolver,
    needed: frozenset[Permission],
    field: GraphQLField,
    name: str,
    before: Callable[[RequestContext, Mapping[str, Any], Callable[[], None]], Awaitable[None]] | None,
) -> Callable[..., Awaitable[Any]]:
    payload = refused_payload(field)

    async def guarded(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        context = info.context

        def check_allowed() -> None:
            refuse_without(needed - context.mutation_permissions, context.principal)

        try:
            if before is not None:
                await before(context, arguments, check_allowed)
            async with context.writing():
                check_allowed()
                try:
                    result = resolve(source, info, **arguments)
                    result = await result if isawaitable(result) else result
                except RefusedButNotedError as refusal:
                    return payload(refusal)
                if not result.errors:  # what is refused happened not
                    event = AuditEvent(name, target_of(result) or arguments.get("id"), changes_of(field, arguments))
                    await context.write_down(event)
                return result
        except RefusedError as refusal:  # outside the transaction, which has rolled back
            return payload(refusal)

    return guarded


def _guard_mutation_apart(
    resolve: GraphQLFieldResolver, needed: frozenset[Permission], field: GraphQLField
) -> Callable[..., Awaitable[Any]]:
    """For what happens in no tenant or in another one: its use case opens a transaction and writes down what it did."""
    payload = refused_payload(field)

    async def guarded(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        context = info.context
        refuse_without(needed - context.mutation_permissions, context.principal)
        await context.write_reads_down()  # by the fields before it: it may go on in another support session
        try:
            result = resolve(source, info, **arguments)
            return await result if isawaitable(result) else result
        except RefusedError as refusal:
            return payload(refusal)

    return guarded


def _is_of_tenant(needed: frozenset[Permission]) -> bool:
    return any(permission.is_of_tenant for permission in needed)
