"""The GraphQL face: one file per noun, and the committed schema.graphql."""

from portal_schema import enums

# Before any type: Strawberry keeps an enum as it first meets it, and would meet it without descriptions.
__all__ = ["enums"]
