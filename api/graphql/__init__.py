"""The portal's own GraphQL-over-HTTP endpoint: thin, bounded, and silent about what went wrong inside."""

from api.graphql.endpoint import GraphQLEndpoint
from api.graphql.ide import ide_page
from api.graphql.limits import Limits
from api.graphql.operations import Operations

__all__ = ["GraphQLEndpoint", "Limits", "Operations", "ide_page"]
