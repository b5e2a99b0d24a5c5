"""Allowed domains at the sign-in door: an address that only looks as if it were in one of them lets nobody in."""

import pytest
from django.contrib.auth import get_user_model

from providers.models import Identity
from tests.providers.signin.journey import assert_refused, outcome_of, register_read, trace_of

CORP = ["corp.example", "bücher.example"]


@pytest.fixture
def corp(op):
    """The name is the subject: so what is refused here is refused for its address."""
    return register_read(op, allowed_email_domains=CORP, principal_claims=["sub"])


ACCEPTED = {
    "as listed": "alice@corp.example",
    "capitals, which a domain does not distinguish": "alice@CORP.example",
    "a tag": "alice+tag@corp.example",
    "letters of another script before the @": "алиса@corp.example",
    "an international domain as listed": "alice@bücher.example",
    "an international domain as A-label": "alice@xn--bcher-kva.example",
}

HOSTILE = {
    "another domain": "alice@evil.example",
    "the domain as a label of another": "alice@corp.example.evil",
    "the domain as a part of another": "alice@evilcorp.example",
    "a subdomain": "alice@sub.corp.example",
    "the parent": "alice@example",
    "two @, the last one good": "alice@evil@corp.example",
    "two @, the first one good": "alice@corp.example@evil",
    "quoted, the last one good": '"alice@evil"@corp.example',
    "quoted, the first one good": '"alice@corp.example"@evil',
    "quoted though there is no need": '"alice"@corp.example',
    "an escaped @": "alice\\@evil@corp.example",
    "a trailing dot": "alice@corp.example.",
    "a leading dot": "alice@.corp.example",
    "two dots": "alice@corp..example",
    "percent-encoded NUL": "alice@corp.example%00",
    "percent-encoded @": "alice%40corp.example",
    "the percent hack": "alice%corp.example@evil.example",
    "the percent hack, other way round": "alice@evil.example%corp.example",
    "a bang path": "evil!corp.example!alice",
    "a source route": "@evil,@corp.example:alice@evil.example",
    "a source route that ends well": "@evil:alice@corp.example",
    "a Cyrillic letter": "alice@с\u043erp.example",
    "a Greek letter": "alice@c\u03bfrp.example",
    "full-width letters": "alice@\uff43\uff4f\uff52\uff50.example",
    "another A-label": "alice@xn--crp-8cd.example",
    "a false A-label": "alice@xn--corp-.example",
    "a decomposed letter": "alice@bu\u0308cher.example",
    "an address literal": "alice@[127.0.0.1]",
    "the domain as a literal": "alice@[corp.example]",
    "a newline behind it": "alice@corp.example\n",
    "a newline in the middle": "alice@evil.example\n@corp.example",
    "a header behind it": "alice@corp.example\r\nBcc: mallory@evil.example",
    "a tab": "alice@corp.example\t",
    "a blank behind it": "alice@corp.example ",
    "a blank before it": " alice@corp.example",
    "a blank behind the @": "alice@ corp.example",
    "a blank that does not break": "alice@corp.example\u00a0",
    "a comment in the domain": "alice@corp.example(evil.example)",
    "a comment before the domain": "alice@(evil)corp.example",
    "a comment before the @": "a(b)@corp.example",
    "angle brackets": "<alice@corp.example>",
    "a display name": "alice@corp.example <mallory@evil.example>",
    "a list of addresses": "alice@corp.example,mallory@evil.example",
    "an ideographic dot": "alice@corp\u3002example",
    "a full-width dot": "alice@corp\uff0eexample",
    "a half-width ideographic dot": "alice@corp\uff61example",
    "a full-width @": "alice\uff20corp.example",
    "a small @": "alice\ufe6bcorp.example",
    "a soft hyphen": "alice@co\u00adrp.example",
    "a zero-width space": "alice@corp\u200b.example",
    "a zero-width joiner": "alice@corp\u200d.example",
    "a byte order mark": "\ufeffalice@corp.example",
    "turned around": "alice@\u202eelpmaxe.proc",
    "too long": "a" * 250 + "@corp.example",
    "far too long": "a" * 100_000 + "@corp.example",
    "nobody at the domain": "@corp.example",
    "only the domain": "corp.example",
    "no domain": "alice@",
    "empty": "",
    "a port": "alice@corp.example:25",
    "a path": "alice@corp.example/evil",
    "a fragment": "alice@evil.example#@corp.example",
    "a URL": "mailto:alice@evil.example?cc=x@corp.example",
    "an underscore": "alice@corp_.example",
    "a hyphen at the end": "alice@corp-.example",
    "a list": ["alice@corp.example"],
    "a list of two": ["alice@evil.example", "alice@corp.example"],
    "an object": {"value": "alice@corp.example"},
    "a number": 5,
    "true": True,
    "null": None,
}


@pytest.mark.parametrize("address", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_an_address_in_a_listed_domain_opens_the_door(op, corp, visitor, address):
    op.person |= {"email": address, "email_verified": True}
    assert visitor.sign_in(op).status_code == 302
    assert Identity.objects.get().user.email == address


@pytest.mark.parametrize("address", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_one_does_not(op, corp, visitor, address):
    op.person |= {"email": address, "email_verified": True}
    response = visitor.sign_in(op)
    assert_refused(response, "not_admitted", 403)
    assert not visitor.is_signed_in()
    assert "corp.example" not in response.content.decode()
    assert "corp.example" in trace_of(response).expected


@pytest.mark.parametrize(
    "address", ["alice@corp.example\0", "alice@corp.example\0.evil", "alice@evil.example\0@corp.example"]
)
def test_nor_does_one_with_nul_wherever_that_is_noticed(op, corp, visitor, address):
    op.person |= {"email": address, "email_verified": True}
    response = visitor.sign_in(op)
    assert_refused(response, outcome_of(response), response.status_code)


def test_there_are_enough_of_them():
    assert len(HOSTILE) >= 40


VERIFIED = {
    "false": False,
    "'false'": "false",
    "'yes'": "yes",
    "0": 0,
    "2": 2,
    "a list": [True],
    "an object": {},
}


@pytest.mark.parametrize("said", VERIFIED.values(), ids=VERIFIED.keys())
def test_an_address_that_is_not_plainly_verified_does_not_either(op, corp, visitor, said):
    op.person |= {"email": "alice@corp.example", "email_verified": said}
    assert_refused(visitor.sign_in(op), "not_admitted", 403)


def test_an_address_that_nobody_speaks_of_as_verified_is_the_providers_word(op, corp, visitor):
    op.person |= {"email": "alice@corp.example"}
    op.person.pop("email_verified", None)
    assert visitor.sign_in(op).status_code == 302


ROOT, MALLORY = "root@corp.example", "mallory@corp.example"
URL = "https://corp.example/contact"
# The mapping, and what the ID token and userinfo say.
TWO_ADDRESSES = {
    "claims by their usual names": ({}, {"email": MALLORY, "email_verified": True}, {"email": ROOT}),
    "the flag within an object": (
        {"email_verified": "contact.verified"},
        {"email": MALLORY, "contact": {"verified": True}},
        {"email": ROOT},
    ),
    "the flag within an object called by a URL": (
        {"email_verified": f"{URL}.verified"},
        {"email": MALLORY, URL: {"verified": True}},
        {"email": ROOT},
    ),
    "the flag in a claim with a dot and in an object": (
        {"email_verified": "contact.verified"},
        {"email": MALLORY, "contact.verified": True, "contact": {"verified": True}},
        {"email": ROOT},
    ),
    "both within one object": (
        {"email": "contact.email", "email_verified": "contact.verified"},
        {"contact": {"email": MALLORY, "verified": True}},
        {"contact": {"email": ROOT}},
    ),
}


@pytest.mark.parametrize(("mapping", "by_token", "by_userinfo"), TWO_ADDRESSES.values(), ids=TWO_ADDRESSES)
def test_the_verification_of_one_address_is_not_that_of_another(
    op, corp, visitor, mapping, by_token, by_userinfo
):
    """The ID token's address is verified; userinfo's is another, and is not said to be."""
    corp.self_signup, corp.link_by_verified_email, corp.mapping = True, True, mapping
    corp.save()
    root = get_user_model().objects.create_user("root", email=ROOT)
    op.id_token.claims, op.userinfo.claims = by_token, by_userinfo
    op.userinfo.remove("email_verified")
    assert outcome_of(visitor.sign_in(op)) == "email_taken"
    assert not root.identities.exists()
