"""The conventions of the schema, held by every part of it."""

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from enum import StrEnum
from inspect import iscoroutinefunction
from types import FunctionType
from typing import Any

import pytest
import strawberry
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLObjectType,
    build_schema,
    get_named_type,
    is_enum_type,
    is_input_object_type,
    is_interface_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
    is_scalar_type,
    specified_directives,
)

from auth.permissions import Permission
from portal.contacts.contacts import ContactProblem
from portal.messages.refusals import RefusalCode, SendProblem
from portal.problems import Problem
from portal_schema.guards import UndeclaredError, check, install_guards, refuse_without, requires
from portal_schema.guards import object_types as typed_objects
from portal_schema.schema import schema, sdl
from tests.schema.surface import NOTHING, ROOTS, SCHEMA, SDL, Step, declared, object_types
from tests.schema.use_cases import USE_CASES

FIELDS = {f"{owner.name}.{name}": (owner, field) for owner in object_types() for name, field in owner.fields.items()}
MUTATIONS = SCHEMA.mutation_type.fields if SCHEMA.mutation_type else {}
# What is drafted, published and tried out is the same thing: a plan.
OF_A_PLAN = {"planDraft", "planPublish", "planBacktest"}
# An answer has one recipient: why that one is refused is why the answer is.
INSTEAD: dict[str, tuple[set[Any], set[Any]]] = {
    "contactImport": ({ContactProblem.INVALID_NUMBER}, set()),  # that is a row's problem
    "suppressionImport": ({ContactProblem.INVALID_NUMBER}, set()),
    "conversationReply": (
        {
            *(SendProblem.RECIPIENTS_REFUSED, SendProblem.TOO_MANY_RECIPIENTS, SendProblem.SENDER_NOT_READY),
            SendProblem.INVALID_TIME,
        },
        set(RefusalCode)
        - {RefusalCode.DUPLICATE, RefusalCode.INVALID_NUMBER, RefusalCode.QUIET_HOURS, RefusalCode.COUNTRY_WITHOUT_MMS},
    ),
}


def _described() -> Iterator[tuple[str, Any]]:
    """Every part of the schema that owes a description."""
    for found in SCHEMA.type_map.values():
        if found.name.startswith("__") or found.name in {"String", "Int", "Float", "Boolean", "ID"}:
            continue
        yield found.name, found
        if is_enum_type(found):
            yield from ((f"{found.name}.{name}", value) for name, value in found.values.items())
        elif is_object_type(found) or is_interface_type(found) or is_input_object_type(found):
            for name, field in found.fields.items():
                yield f"{found.name}.{name}", field
                arguments = getattr(field, "args", {})
                yield from ((f"{found.name}.{name}({given})", one) for given, one in arguments.items())
    for directive in SCHEMA.directives:
        if directive not in specified_directives:
            yield f"@{directive.name}", directive


def test_the_committed_schema_is_the_code_s_own() -> None:
    assert SDL.read_text(encoding="utf-8") == sdl()


def test_every_part_has_a_description_that_is_a_sentence() -> None:
    parts = dict(_described())
    assert len(parts) > 350
    assert [name for name, part in parts.items() if not re.fullmatch(r"(?s)\S.*[.?:})]", part.description or "")] == []


def test_az_01_every_object_type_and_root_field_says_who_may_see_it() -> None:
    unsaid = [one.name for one in object_types() if one.name not in ROOTS and declared(one) is None]
    unsaid += [name for name, (owner, field) in FIELDS.items() if owner.name in ROOTS and declared(field) is None]
    assert unsaid == []


def test_az_01_a_schema_with_an_undeclared_type_is_not_built() -> None:
    @strawberry.type
    class Secret:
        text: str

    @strawberry.type
    class Query:
        secret: Secret | None = strawberry.field(directives=requires(Permission.LOGS_READ))

    with pytest.raises(UndeclaredError, match="type Secret"):
        install_guards(strawberry.Schema(query=Query))


def test_az_01_a_schema_with_an_undeclared_root_field_is_not_built() -> None:
    @strawberry.type
    class Query:
        anybody: str = strawberry.field(directives=requires())
        forgotten: str

    with pytest.raises(UndeclaredError, match=r"field Query\.forgotten"):
        install_guards(strawberry.Schema(query=Query))


def test_az_16_only_the_guards_decide_and_none_of_them_is_awaited() -> None:
    definitions = [
        field.extensions["strawberry-definition"] for one in typed_objects(schema) for field in one.fields.values()
    ]
    assert len(definitions) > 200
    assert [one.python_name for one in definitions if one.permission_classes or one.extensions] == []
    assert [one for one in (check, refuse_without) if iscoroutinefunction(one)] == []


def test_az_05_a_field_that_asks_for_more_than_its_type_can_be_null() -> None:
    voiding = [
        name
        for name, (owner, field) in FIELDS.items()
        if Step(owner, name.partition(".")[2]).needed - (declared(owner) or NOTHING) and is_non_null_type(field.type)
    ]
    assert voiding == []


def _error_type(field: GraphQLField) -> GraphQLObjectType:
    payload = get_named_type(field.type)
    assert is_object_type(payload)
    errors = payload.fields["errors"].type
    error = get_named_type(errors)
    assert is_object_type(error)
    assert str(errors) == f"[{error.name}!]!"
    return error


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_mutation_takes_an_input_or_a_few_values_and_answers_with_its_own_payload_and_errors(name: str) -> None:
    field, title = MUTATIONS[name], name[0].upper() + name[1:]
    arguments = {given: str(argument.type) for given, argument in field.args.items()}
    change = {"input": "PlanInput!" if name in OF_A_PLAN else f"{title}Input!"}
    few_values = len(arguments) <= 3 and all(is_leaf_type(get_named_type(one.type)) for one in field.args.values())
    allowed = (change, {"id": "ID!"} | change, change | {"months": "Int!"})
    assert arguments in allowed or few_values
    assert str(field.type) == f"{title}Payload"
    error = _error_type(field)
    assert error.name == f"{title}UserError"
    assert [one.name for one in error.interfaces] == ["UserError"]
    assert str(error.fields["code"].type) == f"{title}ErrorCode!"


def test_no_two_mutations_share_an_error_type_or_its_codes() -> None:
    errors = [_error_type(field) for field in MUTATIONS.values()]
    assert len({one.name for one in errors}) == len(MUTATIONS)
    assert len({get_named_type(one.fields["code"].type).name for one in errors}) == len(MUTATIONS)


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_mutation_s_codes_are_those_that_its_use_case_refuses_with(name: str) -> None:
    codes = get_named_type(_error_type(MUTATIONS[name]).fields["code"].type)
    assert isinstance(codes, GraphQLEnumType)
    never, rather = INSTEAD.get(name, (set(), set()))
    refused = set().union(*(_refusals(use_case, set()) for use_case in USE_CASES[name]))
    assert never <= refused
    assert set(codes.values) == refused - never | rather


def _refusals(function: Any, seen: set[Any]) -> set[str]:
    """The problem codes that a function of the business names, itself or through what it calls."""
    if function in seen:
        return set()
    seen.add(function)
    found: set[str] = set()
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    scope = inspect.unwrap(function).__globals__
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            owner = scope.get(node.value.id)
            if isinstance(owner, type) and issubclass(owner, StrEnum) and owner.__name__.endswith("Problem"):
                found.add(str(owner[node.attr]))
        elif isinstance(node, ast.Name):
            used = scope.get(node.id)
            if isinstance(used, Problem):
                found.add(str(used.code))
            elif isinstance(used, FunctionType) and used.__module__.startswith(("portal.", "auth.")):
                found |= _refusals(used, seen)
    return found


def test_the_language_is_the_tenant_s_and_never_the_provider_s() -> None:
    assert re.findall(r"(?i)[^\n]*(?:twilio|subaccount)[^\n]*|\b\w*(?:Sid|SID)\b|\bsid\b", sdl()) == []


def test_tn_04_nobody_passes_a_tenant_as_an_argument_but_the_isv_s_staff() -> None:
    named = [name for name, part in _described() if "tenant" in name.partition("(")[2].lower()]
    named += [
        f"{one.name}.{name}"
        for one in SCHEMA.type_map.values()
        if is_input_object_type(one)
        for name in one.fields
        if "tenant" in name.lower()
    ]
    assert set(named) == {
        "SupportSessionStartInput.tenantId",
        "AcquisitionCostSetInput.tenantId",
        "CreditLimitSetInput.tenantId",
        "PolicyOverrideInput.tenantId",
        "DiscrepancyFilter.tenantId",
        "MarginAlertFilter.tenantId",
    }


def test_a_list_holds_no_nulls_and_is_null_only_where_it_may_be_refused() -> None:
    lists = {name: (owner, field) for name, (owner, field) in FIELDS.items() if "[" in str(field.type)}
    assert len(lists) > 20
    for name, (owner, field) in lists.items():
        inner = field.type.of_type if is_non_null_type(field.type) else field.type
        assert is_list_type(inner), name
        assert is_non_null_type(inner.of_type), name
        if not is_non_null_type(field.type):
            asks_for_more = Step(owner, name.partition(".")[2]).needed - (declared(owner) or NOTHING)
            assert asks_for_more or name.endswith(".path"), name


def test_connections_have_edges_nodes_and_page_info_and_none_is_null() -> None:
    connections = [one for one in object_types() if one.name.endswith("Connection")]
    assert len(connections) >= 4
    for one in connections:
        kind = one.name.removesuffix("Connection")
        assert {name: str(field.type) for name, field in one.fields.items()} == {
            "edges": f"[{kind}Edge!]!",
            "nodes": f"[{kind}!]!",
            "pageInfo": "PageInfo!",
        }
        edge = SCHEMA.type_map[f"{kind}Edge"]
        assert is_object_type(edge)
        assert {name: str(field.type) for name, field in edge.fields.items()} == {
            "cursor": "String!",
            "node": f"{kind}!",
        }


def test_every_connection_field_takes_the_four_page_arguments() -> None:
    for name, (_, field) in FIELDS.items():
        if get_named_type(field.type).name.endswith("Connection"):
            pages = {given: str(field.args[given].type) for given in ("first", "after", "last", "before")}
            assert pages == {"first": "Int", "after": "String", "last": "Int", "before": "String"}, name


def test_the_permissions_of_the_schema_are_those_of_the_portal() -> None:
    enum = SCHEMA.type_map["Permission"]
    assert isinstance(enum, GraphQLEnumType)
    assert list(enum.values) == [one.name for one in Permission]


def test_a_scalar_of_ours_is_described_by_an_example_or_a_standard() -> None:
    ours = [one for one in SCHEMA.type_map.values() if is_scalar_type(one) and one.ast_node is not None]
    assert {one.name for one in ours} == {
        "CalendarMonth",
        "CountryCode",
        "CurrencyCode",
        "Date",
        "DateTime",
        "Decimal",
        "EmailAddress",
        "JSON",
        "Locale",
        "PhoneNumber",
        "TimeZone",
    }


def test_the_committed_text_stands_on_its_own() -> None:
    assert set(build_schema(sdl()).type_map) == set(SCHEMA.type_map)


def test_every_enum_of_the_schema_reads_like_a_constant() -> None:
    names = [
        f"{one.name}.{name}"
        for one in SCHEMA.type_map.values()
        if is_enum_type(one) and not one.name.startswith("__")
        for name in one.values
    ]
    assert [name for name in names if not re.fullmatch(r"\w+\.[A-Z][A-Z0-9_]*", name)] == []
