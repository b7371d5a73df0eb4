"""Lines of invoices: what each is for, what it comes to and why. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from portal.invoices.canonical import plain
from portal.pricing.strategies import Step
from portal.usage.costing import PriceBasis


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One line; its amount is rounded, once. `key` tells it apart inside its invoice."""

    key: str
    description: str
    quantity: Decimal
    unit: str
    amount: Decimal
    basis: PriceBasis
    steps: tuple[Step, ...]

    def written(self) -> dict[str, Any]:
        """The line as JSON values."""
        return {
            "key": self.key,
            "description": self.description,
            "quantity": plain(self.quantity),
            "unit": self.unit,
            "amount": plain(self.amount),
            "basis": self.basis.value,
            "steps": [[step.label, step.value] for step in self.steps],
        }

    @classmethod
    def read(cls, written: Mapping[str, Any]) -> "InvoiceLine":
        """The line that was written so."""
        return cls(
            written["key"],
            written["description"],
            Decimal(written["quantity"]),
            written["unit"],
            Decimal(written["amount"]),
            PriceBasis(written["basis"]),
            steps_of(written["steps"]),
        )


def steps_of(written: Sequence[Sequence[str]]) -> tuple[Step, ...]:
    """The explanation that was written so."""
    return tuple(Step(label, value) for label, value in written)
