"""Where the Tortoise models are: each in the room of its capability. Tables, keys and policies are the migrations'."""

MODEL_MODULES = [
    "auth.models",
    "portal.contacts.models",
    "portal.messages.models",
    "portal.plans.models",
    "portal.templates.models",
    "portal.tenants.models",
]
