"""Bars as SVG, to be put into a page: a name for who does not see them, colours of the page that they are in. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from html import escape

_ROW, _BAR, _LABEL, _ROOM, _VALUE = 28, 16, 190, 350, 110


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its name, its length, and the same as people read it."""

    label: str
    value: Decimal
    shown: str


def bars(title: str, rows: Sequence[Bar]) -> str:
    """Bars below each other, as long as their values; a negative one is hollow. The title says all of them in words."""
    most = max((abs(row.value) for row in rows), default=Decimal(0)) or Decimal(1)
    said = "; ".join(f"{row.label} {row.shown}" for row in rows)
    size = f"0 0 {_LABEL + _ROOM + _VALUE} {max(1, len(rows)) * _ROW}"
    parts = [f'<svg class="bars" role="img" viewBox="{size}" aria-label="{escape(f"{title}: {said}")}">']
    for place, row in enumerate(rows):
        top, long = place * _ROW, max(1, int(_ROOM * abs(row.value) / most)) if row.value else 0
        kind = "less" if row.value < 0 else "more"
        baseline = top + _BAR + 2
        parts += [
            f'<text x="{_LABEL - 8}" y="{baseline}" text-anchor="end">{escape(_short(row.label))}</text>',
            f'<rect class="{kind}" x="{_LABEL}" y="{top + 6}" width="{long}" height="{_BAR}" rx="2"/>',
            f'<text x="{_LABEL + long + 8}" y="{baseline}">{escape(row.shown)}</text>',
        ]
    return "".join([*parts, "</svg>"])


def _short(label: str) -> str:
    return label if len(label) <= 24 else f"{label[:23]}…"  # noqa: PLR2004  as many as there is room for
