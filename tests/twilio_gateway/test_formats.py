"""The simulator's pure parts: pages and segments."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twilio_gateway.simulator.segments import count_segments
from twilio_gateway.simulator.wire import Page


@given(count=st.integers(0, 40), size=st.integers(1, 45))
def test_walking_the_tokens_gives_every_row_once(count: int, size: int) -> None:
    rows = [{"seq": seq} for seq in range(count, 0, -1)]
    fields, seen = {"PageSize": str(size)}, []
    while True:
        page = Page(fields)
        rest = [row for row in rows if page.after is None or row["seq"] < page.after]
        body = page.legacy("rows", "/x", rest[: page.size + 1], lambda row: row)
        seen += body["rows"]
        if body["next_page_uri"] is None:
            break
        fields = dict(pair.split("=") for pair in body["next_page_uri"].partition("?")[2].split("&"))
    assert seen == rows


def repr_of_length(value: str | int) -> str:
    return f"{len(value)} of {value[-1:]}" if isinstance(value, str) else str(value)


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("", 1),
        ("x" * 160, 1),
        ("x" * 161, 2),
        ("x" * 306, 2),
        ("x" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("x" * 152 + "€" + "x" * 10, 2),
        ("ж" * 70, 1),
        ("ж" * 71, 2),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("😀" * 67, 3),
    ],
    ids=repr_of_length,
)
def test_segments_are_counted_as_gsm_03_38_says(text: str, segments: int) -> None:
    assert count_segments(text) == segments
