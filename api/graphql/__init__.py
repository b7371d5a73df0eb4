"""The portal's own GraphQL-over-HTTP endpoint: thin, bounded, and silent about what went wrong inside."""

from api.graphql.endpoint import GraphQLEndpoint
from api.graphql.ide import ide_page
from api.graphql.limits import Limits

__all__ = ["GraphQLEndpoint", "Limits", "ide_page"]
