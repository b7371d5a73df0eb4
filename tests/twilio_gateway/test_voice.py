"""TwiML: whatever is said stays a text, and what is called is the number alone."""

from xml.etree.ElementTree import fromstring

from hypothesis import given
from hypothesis import strategies as st

from portal.calls.provider import Announce, Forward, Reject
from portal.calls.speech import LONGEST, Speech, SpeechLanguage, wrong_with
from twilio_gateway.voice import TwilioCallAnswers, say

ACCEPTED = st.text(min_size=1, max_size=LONGEST).filter(lambda text: wrong_with(text) is None)
MOST_OF_TWILIO = 4000


@given(ACCEPTED, st.sampled_from(SpeechLanguage))
def test_any_announcement_is_one_text_that_is_said_and_fits(text: str, language: SpeechLanguage) -> None:
    document = say(Speech(text, language))
    root = fromstring(document)  # noqa: S314  written a line above
    assert [(child.tag, child.text, dict(child.attrib)) for child in root] == [
        ("Say", text, {"language": language.value})
    ]
    assert list(root[0]) == []


def test_the_longest_announcement_of_what_has_to_be_escaped_fits() -> None:
    assert len(say(Speech("&" * LONGEST, SpeechLanguage.EN_US))) <= MOST_OF_TWILIO


def test_answers_are_written_as_twilio_reads_them() -> None:
    write = TwilioCallAnswers().write
    assert write(Reject()) == '<?xml version="1.0" encoding="UTF-8"?><Response><Reject /></Response>'
    assert write(Announce(Speech("Hi", SpeechLanguage.DE_DE))) == (
        '<?xml version="1.0" encoding="UTF-8"?><Response><Say language="de-DE">Hi</Say></Response>'
    )
    assert write(Forward("+12025550188", "+12025550143", 60, "https://portal.example/a?b&c")) == (
        '<?xml version="1.0" encoding="UTF-8"?><Response><Dial callerId="+12025550143" timeLimit="60" timeout="30">'
        '<Number statusCallback="https://portal.example/a?b&amp;c" '
        'statusCallbackEvent="initiated ringing answered completed">+12025550188</Number></Dial></Response>'
    )
