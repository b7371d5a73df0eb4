"""The product's stories, through its public face: GraphQL over HTTP with gql, webhooks from the simulator."""
