"""Who did something, in the schema."""

import strawberry

from portal.actor import ActorKind
from portal_schema.guards import requires


@strawberry.type(description="Who did something.", directives=requires())
class Actor:
    """A principal as it was written down."""

    kind: ActorKind = strawberry.field(description="What kind of principal.")
    name: str = strawberry.field(description="Its name at that time.")
    through: str | None = strawberry.field(
        default=None,
        description="The application that acted for a person, by its name, where one did and that was written down.",
    )
