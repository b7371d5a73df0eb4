"""How the server takes WebSockets."""

from typing import Any

LARGEST_MESSAGE = 256 * 1024  # bytes; at more the server closes the socket with 1009
SOCKETS: dict[str, Any] = {
    "ws": "websockets-sansio",
    "ws_max_size": LARGEST_MESSAGE,
    "ws_per_message_deflate": False,  # its memory for each socket is many times the messages'
    "ws_ping_interval": 20.0,  # seconds: a client that is gone without a word is found out
    "ws_ping_timeout": 20.0,
}
