"""Mutation payloads: what every one has, and how a refusal becomes one."""

from collections.abc import Callable
from typing import Any, get_args

import strawberry
from graphql import GraphQLField, get_named_type

from portal.problems import RefusedError


@strawberry.interface(description="Something wrong with the input of a mutation, which people can mend.")
class UserError:
    """What every mutation's error type is."""

    message: str = strawberry.field(description="For people: what is wrong and how to mend it. The text may change.")
    path: list[str] | None = strawberry.field(
        description='Where it is wrong, from the mutation\'s arguments down: ["input", "number"]. Null means the whole.'
    )


def refused_payload(field: GraphQLField) -> Callable[[RefusedError], object]:
    """What this mutation answers when its use case refuses: its own payload type with errors of its own type.

    A problem becomes the value of the same name in the mutation's own error enum.
    """
    definition = get_named_type(field.type).extensions["strawberry-definition"]
    payload_class: Any = definition.origin
    (errors_field,) = (own for own in definition.fields if own.python_name == "errors")
    error_class: Any = errors_field.type.of_type
    code_enum: Any = error_class.__annotations__["code"]
    codes = get_args(code_enum) or (code_enum,)

    def payload(refusal: RefusedError) -> object:
        return payload_class(
            errors=[
                error_class(message=problem.message, path=_path(problem.path, field), code=codes[0][problem.code.name])
                for problem in refusal.problems
            ]
        )

    return payload


def _path(path: tuple[str, ...], field: GraphQLField) -> list[str] | None:
    if not path:
        return None
    return list(path) if path[0] in field.args else ["input", *path]
