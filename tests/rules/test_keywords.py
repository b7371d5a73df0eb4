"""Keywords: the whole message is one word, however it is written, and nothing else is."""

from hypothesis import given
from hypothesis import strategies as st

from portal.conversations.keywords import Keyword, keyword_in

WORDS = {
    "STOP": Keyword.STOP,
    "STOPALL": Keyword.STOP,
    "UNSUBSCRIBE": Keyword.STOP,
    "CANCEL": Keyword.STOP,
    "END": Keyword.STOP,
    "QUIT": Keyword.STOP,
    "REVOKE": Keyword.STOP,
    "OPTOUT": Keyword.STOP,
    "START": Keyword.START,
    "UNSTOP": Keyword.START,
    "HELP": Keyword.HELP,
    "INFO": Keyword.HELP,
}
AROUND = st.text(" \t\r\n.,!?'\"\u201c\u201d\u2019\u2026-*()", max_size=5)


@st.composite
def spelled(draw: st.DrawFn, word: str) -> str:
    """A word in any case, with spaces and punctuation around it."""
    letters = "".join(letter.lower() if draw(st.booleans()) else letter for letter in word)
    return f"{draw(AROUND)}{letters}{draw(AROUND)}"


@given(
    told=st.sampled_from(sorted(WORDS)).flatmap(lambda word: st.tuples(st.just(word), spelled(word))),
    opted_out=st.booleans(),
)
def test_a_keyword_is_one_in_any_case_and_with_anything_around_it(*, told: tuple[str, str], opted_out: bool) -> None:
    word, text = told
    assert keyword_in(text, opted_out=opted_out) is WORDS[word]


@given(spelled("YES"))
def test_yes_asks_to_come_back_only_from_who_left(text: str) -> None:
    assert keyword_in(text, opted_out=True) is Keyword.START
    assert keyword_in(text, opted_out=False) is None


@given(
    word=st.sampled_from([*WORDS, "YES"]),
    more=st.text("abcXYZ éß0", min_size=1).filter(str.strip),
    opted_out=st.booleans(),
)
def test_a_keyword_among_other_words_is_none(*, word: str, more: str, opted_out: bool) -> None:
    for text in (f"{word} {more}", f"{more} {word}", f"{word}-{more}"):
        assert keyword_in(text, opted_out=opted_out) is None


@given(text=st.text(), opted_out=st.booleans())
def test_any_other_text_is_no_keyword(*, text: str, opted_out: bool) -> None:
    found = keyword_in(text, opted_out=opted_out)
    assert (found is None) or any(word in text.upper() for word in (*WORDS, "YES"))
