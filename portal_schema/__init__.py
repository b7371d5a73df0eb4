"""The GraphQL face: one file per noun, and the committed schema.graphql."""
