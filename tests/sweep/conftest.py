"""The product of these tests asks through the gate before the simulator, which counts the questions."""

from tests.messages.conftest import gate, gated, product, simulator

__all__ = ["gate", "gated", "product", "simulator"]
