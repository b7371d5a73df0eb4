"""Only what the account's own token signed is Twilio's."""

from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import FormData
from twilio.request_validator import RequestValidator

from twilio_gateway.signature import verify

URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
FIELDS = {
    "CallSid": "CA1234567890ABCDE",
    "Caller": "+14158675309",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
}
PUBLISHED = "RSOYDt4T1cUTdK1PDd93/VVr8B8="  # of these, under the token 12345
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
FORMS = st.dictionaries(TEXTS, TEXTS, max_size=6)
TOKENS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


def signed(url: str, fields: dict[str, str], token: str) -> str:
    return str(RequestValidator(token).compute_signature(url, fields))


def test_the_published_example_is_genuine() -> None:
    assert verify(URL, FIELDS, PUBLISHED, ["12345"])


def test_any_of_several_tokens_will_do_while_one_replaces_the_other() -> None:
    assert verify(URL, FIELDS, PUBLISHED, ["new", "12345"])
    assert verify(URL, FIELDS, PUBLISHED, ["12345", "new"])


def test_missing_header_missing_token_and_empty_token_are_false() -> None:
    assert not verify(URL, FIELDS, None, ["12345"])
    assert not verify(URL, FIELDS, "", ["12345"])
    assert not verify(URL, FIELDS, PUBLISHED, [])
    assert not verify(URL, FIELDS, signed(URL, FIELDS, ""), [""])


def test_a_port_may_be_signed_or_left_out() -> None:
    for called, signed_as in (
        ("https://portal.example/hook?a=b", "https://portal.example:443/hook?a=b"),
        ("http://127.0.0.1:8000/hook", "http://127.0.0.1/hook"),
        ("http://[::1]:8000/hook", "http://[::1]/hook"),
        ("https://user:pass@portal.example:8443/hook", "https://user:pass@portal.example/hook"),
    ):
        for form in (called, signed_as):
            assert verify(called, FIELDS, signed(form, FIELDS, "t"), ["t"])
    assert not verify("https://portal.example/hook", FIELDS, signed("https://portal.example:80/hook", {}, "t"), ["t"])


def test_the_address_with_settings_in_its_fragment_is_signed_without_them() -> None:
    assert verify(f"{URL}#rc=5&rp=all", FIELDS, PUBLISHED, ["12345"])


def test_a_field_that_comes_twice_counts_twice() -> None:
    fields = FormData([("a", "2"), ("a", "1")])
    signature = RequestValidator("t").compute_signature(URL, fields)
    assert verify(URL, fields, signature, ["t"])
    assert not verify(URL, FormData([("a", "1")]), signature, ["t"])


@given(fields=FORMS, token=TOKENS)
def test_what_is_signed_verifies(fields: dict[str, str], token: str) -> None:
    assert verify(URL, fields, signed(URL, fields, token), [token])


@given(fields=FORMS, token=TOKENS, name=TEXTS, value=TEXTS)
def test_a_changed_field_does_not(fields: dict[str, str], token: str, name: str, value: str) -> None:
    changed = fields | {name: value}
    joined = "".join(key + changed[key] for key in sorted(changed))
    original = "".join(key + fields[key] for key in sorted(fields))
    # Twilio signs names and values without separators, so only another text is another signature.
    assert verify(URL, changed, signed(URL, fields, token), [token]) == (joined == original)


@given(fields=FORMS, token=TOKENS, other=TOKENS)
def test_another_token_does_not(fields: dict[str, str], token: str, other: str) -> None:
    # HMAC (RFC 2104) fills a short key with zeros.
    same = token.encode().rstrip(b"\0") == other.encode().rstrip(b"\0")
    assert verify(URL, fields, signed(URL, fields, token), [other]) is same


@given(pairs=st.lists(st.tuples(TEXTS, TEXTS), max_size=6), token=TOKENS)
def test_repeated_fields_are_signed_as_the_sdk_signs_them(pairs: list[tuple[str, str]], token: str) -> None:
    fields = FormData([*pairs])
    assert verify(URL, fields, str(RequestValidator(token).compute_signature(URL, fields)), [token])


@given(header=st.text())
def test_no_header_breaks_it(header: str) -> None:
    assert not verify(URL, FIELDS, header, ["some other token"])
