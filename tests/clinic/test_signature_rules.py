"""Whether a call comes from the phone company: its own validator and ours agree."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from clinic.reminders.rules import signatures

# The example of Twilio's own documentation ("Validating Requests").
SECRET = "12345"
URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
FIELDS = {
    "CallSid": "CA1234567890ABCDE",
    "Caller": "+14158675309",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
}
SIGNED = "RSOYDt4T1cUTdK1PDd93/VVr8B8="


@pytest.fixture(scope="module")
def validator() -> RequestValidator:
    return RequestValidator(SECRET)


def test_the_example_of_the_documentation_is_accepted() -> None:
    assert signatures.twilio(SECRET, URL, FIELDS.items()) == SIGNED
    assert signatures.is_twilios(SECRET, URL, FIELDS.items(), SIGNED)


@pytest.mark.parametrize(
    ("secret", "url", "change", "signature"),
    [
        ("54321", URL, {}, SIGNED),
        (SECRET, URL.replace("foo=1", "foo=2"), {}, SIGNED),
        (SECRET, URL, {"Digits": "9999"}, SIGNED),
        (SECRET, URL, {"More": "x"}, SIGNED),
        (SECRET, URL, {}, ""),
        (SECRET, URL, {}, "ä€" * 14),
        (SECRET, URL, {}, SIGNED.lower()),
    ],
)
def test_a_call_that_was_changed_or_made_up_is_refused(
    secret: str, url: str, change: dict[str, str], signature: str
) -> None:
    assert not signatures.is_twilios(secret, url, (FIELDS | change).items(), signature)


@settings(max_examples=60)
@given(
    st.sampled_from(["https://c.example/hooks/x/", "https://c.example:443/x/", "http://c.example:8000/x/?a=1&b=%20"]),
    st.dictionaries(st.text(min_size=1, max_size=12), st.text(max_size=40), max_size=8),
)
def test_twilios_own_validator_agrees_on_any_form(
    validator: RequestValidator, url: str, fields: dict[str, str]
) -> None:
    ours = signatures.twilio(SECRET, url, fields.items())

    assert validator.validate(url, fields, ours)
    assert signatures.is_twilios(SECRET, url, fields.items(), validator.compute_signature(url, fields))


def test_with_or_without_the_port_it_is_the_same_door(validator: RequestValidator) -> None:
    with_port, without = "https://c.example:443/hooks/", "https://c.example/hooks/"
    for signed, asked in [(with_port, without), (without, with_port)]:
        signature = validator.compute_signature(signed, FIELDS)

        assert validator.validate(asked, FIELDS, signature)
        assert signatures.is_twilios(SECRET, asked, FIELDS.items(), signature)
