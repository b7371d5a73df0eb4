"""What a text may say: the rules, as data in `rules.toml`, and what each says of a text. Pure."""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from importlib.resources import files

from pydantic import TypeAdapter

_BETWEEN = 40  # characters from an offer to what is offered
_WORD = re.compile(r"\w+")


class PolicyRule(StrEnum):
    """What a send is judged by."""

    OPT_OUT_TEXT = "OPT_OUT_TEXT"
    SHARED_SHORTENER = "SHARED_SHORTENER"
    SEX = "SEX"
    HATE = "HATE"
    ALCOHOL = "ALCOHOL"
    FIREARMS = "FIREARMS"
    TOBACCO = "TOBACCO"
    GAMBLING = "GAMBLING"
    HIGH_RISK_FINANCIAL = "HIGH_RISK_FINANCIAL"
    PHISHING = "PHISHING"


OPT_OUT_ADVICE = 'The first message to somebody has to say how to end them: add "Reply STOP to opt out."'


@dataclass(frozen=True, slots=True)
class PolicyVerdict:
    """What a rule says of a send: it passes, or the message says what to change."""

    rule: PolicyRule
    passed: bool
    message: str


@dataclass(frozen=True, slots=True)
class _Wording:
    """What makes a text fail a rule."""

    message: str
    hosts: Sequence[str] = ()
    phrases: Sequence[str] = ()
    offers: Sequence[str] = ()
    things: Sequence[str] = ()
    pattern: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        parts = [rf"(?<![\w.@-])(?:www\.)?(?:{_any(self.hosts)})(?![\w-]|\.\w)"] if self.hosts else []
        parts += [rf"(?<!\w)(?:{_any(self.phrases)})(?!\w)"] if self.phrases else []
        if self.things:
            parts += [rf"(?<!\w)(?:{_any(self.offers)})(?!\w).{{0,{_BETWEEN}}}?(?<!\w)(?:{_any(self.things)})(?!\w)"]
        object.__setattr__(self, "pattern", re.compile("|".join(parts), re.DOTALL))

    @property
    def telling(self) -> frozenset[str]:
        """Words of which one is in every text that fails, but for its hosts: most texts have none."""
        whole = [max(reversed(_WORD.findall(phrase)), key=len) for phrase in self.phrases]
        return frozenset([*whole, *(_WORD.findall(thing)[0] for thing in self.things)])


def _any(words: Sequence[str]) -> str:
    return "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in words)


_FILE = files(__package__) / "rules.toml"
_WORDINGS = TypeAdapter(dict[PolicyRule, _Wording]).validate_python(tomllib.loads(_FILE.read_text(encoding="utf-8")))
_TELLING = {rule: wording.telling for rule, wording in _WORDINGS.items()}
_ANY_TELLING: frozenset[str] = frozenset().union(*_TELLING.values())
_ENDINGS = {host.rpartition(".")[2] for wording in _WORDINGS.values() for host in wording.hosts}
_ENDING = re.compile(rf"\.(?:{_any(sorted(_ENDINGS))})\b")
_PASSES: frozenset[PolicyRule] = frozenset()
# The keyword is the same in every language, in capitals; letters beyond ASCII may touch it, as in Chinese.
_OPT_OUT = re.compile(
    r"\b(?:STOP|STOPALL|UNSUBSCRIBE|OPTOUT|(?i:unsubscribe|opt[ -]?out|(?:reply|text|send|txt)\s+\W?stop))\b", re.ASCII
)


def has_opt_out(text: str) -> bool:
    """Whether a text says how to get no more of them."""
    return _OPT_OUT.search(text) is not None


def failing(text: str) -> frozenset[PolicyRule]:
    """The rules that a text fails by what it says, whoever gets it."""
    lowered = text.lower()
    words = frozenset(_WORD.findall(lowered))
    has_host = _ENDING.search(lowered) is not None
    if not has_host and words.isdisjoint(_ANY_TELLING):
        return _PASSES
    return frozenset(
        rule
        for rule, wording in _WORDINGS.items()
        if (not words.isdisjoint(_TELLING[rule]) or (has_host and wording.hosts)) and wording.pattern.search(lowered)
    )


def advice_on(rule: PolicyRule) -> str:
    """What to change where a text fails a rule."""
    return OPT_OUT_ADVICE if rule is PolicyRule.OPT_OUT_TEXT else _WORDINGS[rule].message
