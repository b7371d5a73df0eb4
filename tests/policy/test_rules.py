"""The rules of what a text may say: what each stops, and above all what none of them may stop."""

from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.policy.rules import PolicyRule, advice_on, failing, has_opt_out

STOPPED = {
    PolicyRule.SHARED_SHORTENER: ["See https://bit.ly/3xYz", "Look:TINYURL.com/abc", "t.co/x!", "www.rb.gy"],
    PolicyRule.SEX: ["Live  sex tonight", "Free PORN", "Best escort services in town"],
    PolicyRule.HATE: ["White power!"],
    PolicyRule.ALCOHOL: ["20% off all our craft beer", "Order two bottles of wine", "free\nchampagne"],
    PolicyRule.FIREARMS: ["Buy a new rifle today", "In stock: 9mm ammo"],
    PolicyRule.TOBACCO: ["Weed delivery near you", "Shop our vapes", "Discount cigars"],
    PolicyRule.GAMBLING: ["50 free spins at our online casino", "Bet now"],
    PolicyRule.HIGH_RISK_FINANCIAL: ["A payday loan in minutes", "Guaranteed returns of 30%"],
    PolicyRule.PHISHING: ["Please verify your card number", "Reply with your password to go on"],
}
MAY_PASS = [
    "Your bike is ready. Reply STOP to opt out.",
    "Your order 4711 was delivered. Rate us: https://falconflights.example/r/4711",
    "We moved to orbit.lyon.example; see habit.ly.example too",
    "Write to anna@bit.ly.example or to me@t.co",
    "Dr. Wood will see you for your sexual health appointment at 10:30.",
    "The Sussex and Essex branches are closed on Monday.",
    "Thanks for dining at Wine & Beer Garden! Your table is booked for 7 pm.",
    "Ginger, rum cake and cream are off the menu; sorry about the order of events.",
    "The shotgun start of the golf tournament is at 9.",
    "Our no-smoking policy: tobacco is not allowed in the building.",
    "Your loan payment of $120 is due on Friday.",
    "Parents: the casino night fundraiser of our school is cancelled.",
    "We will never ask for your password or PIN by text.",
    "Your code is 482913. Do not share it with anyone.",
    "You have an alert on your account: sign in to your bank's app to see it.",
    "Your prize draw entry was received.",
    "Pay your bill at https://pay.city.example/water.",
    "Class action: Betty wants to bet on herself in today's spelling bee.",
    "Cómo te fue con tu pedido? Responde STOP para no recibir más.",
    "您的包裹已送达。回复 STOP 退订。",
    "Your gun-shy puppy's training starts in 2 days; free parking.",
    "The hand sanitizers you ordered ship today.",
]


@pytest.mark.parametrize(("rule", "text"), [(rule, text) for rule, texts in STOPPED.items() for text in texts])
def test_a_rule_stops_what_it_is_for_and_no_other_rule_does(rule: PolicyRule, text: str) -> None:
    assert failing(text) == {rule}
    assert advice_on(rule).endswith(".")


@pytest.mark.parametrize("text", MAY_PASS)
def test_what_honest_tenants_write_passes(text: str) -> None:
    assert failing(text) == frozenset()


def test_every_rule_is_tried_here() -> None:
    assert set(STOPPED) | {PolicyRule.OPT_OUT_TEXT} == set(PolicyRule)


@pytest.mark.parametrize(
    ("text", "says_so"),
    [
        ("Reply STOP to opt out.", True),
        ("reply stop to end", True),
        ('Text "stop" to leave', True),
        ("Responde STOP para no recibir más.", True),
        ("回复STOP退订", True),
        ("Unsubscribe: answer with it", True),
        ("To opt-out, write to us", True),
        ("Stop by our shop today!", False),
        ("We are nonstop for you", False),
        ("Your bike is ready.", False),
    ],
)
def test_a_text_says_how_to_end_messages_in_any_language(text: str, *, says_so: bool) -> None:
    assert has_opt_out(text) is says_so


@given(before=st.text(max_size=80), after=st.text(max_size=80), text=st.sampled_from([*chain(*STOPPED.values())]))
def test_what_stands_around_it_and_its_case_hide_nothing(before: str, after: str, text: str) -> None:
    assert failing(text) <= failing(f"{before} {text.upper()} {after}")
