"""Writes TwiML: what Twilio does in a call. The SDK's builder escapes every text, so none can add instructions."""

from twilio.twiml.voice_response import VoiceResponse

from portal.calls.provider import Announce, CallAnswer, Forward
from portal.calls.speech import Speech

_EVENTS = "initiated ringing answered completed"
_RING_SECONDS = 30


class TwilioCallAnswers:
    """Implements the port `portal.calls.provider.CallAnswers`."""

    def write(self, answer: CallAnswer) -> str:
        """The document."""
        if isinstance(answer, Announce):
            return say(answer.speech)
        response = VoiceResponse()
        if isinstance(answer, Forward):
            dial = response.dial(caller_id=answer.caller, time_limit=answer.seconds, timeout=_RING_SECONDS)
            dial.number(answer.recipient, status_callback=answer.status_callback, status_callback_event=_EVENTS)
        else:
            response.reject()
        return str(response)


def say(speech: Speech) -> str:
    """The document that reads a text out; what ends it ends the call."""
    response = VoiceResponse()
    response.say(speech.text, language=speech.language.value)
    return str(response)
