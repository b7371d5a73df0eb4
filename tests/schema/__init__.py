"""The GraphQL surface, tried over HTTP: conventions, roles, isolation, lists, changes, and the statements it takes."""
