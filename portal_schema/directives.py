"""The directives that every type and field declares in the SDL: who may see it, and what it costs."""

import strawberry
from strawberry.schema_directive import Location

from auth.permissions import Permission


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION, Location.OBJECT],
    name="requires",
    description="The permissions that a principal needs, all of them; an empty list asks for any signed-in principal. "
    "On a type it holds on every path to it.",
)
class Requires:
    """What a principal needs to see a type or a field."""

    permissions: list[Permission] = strawberry.directive_field(name="permissions")


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="cost",
    description="What selecting this field adds to an operation's cost, in place of the usual 1 for an object, "
    "0 for a scalar and 10 for a mutation.",
)
class Cost:
    """A field's own weight in the operation's cost."""

    weight: int = strawberry.directive_field(name="weight")
