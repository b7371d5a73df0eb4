"""Where the Tortoise models are: each in the room of its capability. Tables, keys and policies are the migrations'."""

MODEL_MODULES = [
    "portal.contacts.models",
    "portal.messages.models",
    "portal.templates.models",
]
