"""Who may enter, and who only looks as if he might."""

import pytest

from providers.errors import NotAdmitted
from providers.protocol.admission import admit, domain_of, normal_domain
from providers.protocol.mapping import MappedPerson

CORP = ["corp.example"]


def enter(
    email="alice@corp.example", verified=True, *, domains=(), self_signup=True, known=False, named_by=False
):
    person = MappedPerson(
        principal=email or "alice",
        email=email,
        email_verified=verified,
        name="",
        groups=frozenset(),
        is_admin=False,
        named_by_unverified_email=named_by,
    )
    admit(person, allowed_email_domains=domains, self_signup=self_signup, known=known)
    return True


ADMITTED = {
    "a new person where everybody may come": {},
    "a new person in the domain": {"domains": CORP},
    "a domain in capitals": {"email": "alice@CORP.example", "domains": ["Corp.Example"]},
    "one of several domains": {"email": "a@b.example", "domains": ["corp.example", "b.example"]},
    "the provider says nothing about the address": {"verified": None, "domains": CORP},
    "a known person without self-signup": {"known": True, "self_signup": False},
    "a known person with an unverified address": {"known": True, "verified": False},
    "a new person without any address": {"email": "", "verified": False},
    "an international domain": {"email": "a@bücher.example", "domains": ["xn--bcher-kva.example"]},
    "an international domain listed as such": {
        "email": "a@xn--bcher-kva.example",
        "domains": ["bücher.example"],
    },
    "a damaged entry beside a good one": {"domains": ["not a domain", "corp.example"]},
    "letters beyond ASCII before the @": {"email": "josé@corp.example", "domains": CORP},
    "a tag": {"email": "alice+tag@corp.example", "domains": CORP},
}

REFUSED = {
    "a new person without self-signup": {"self_signup": False},
    "a new person with an unverified address": {"verified": False},
    "an unverified address in the domain": {"verified": False, "domains": CORP},
    "a known person, unverified address in the domain": {"verified": False, "domains": CORP, "known": True},
    "another domain": {"email": "alice@other.example", "domains": CORP},
    "a known person who has left the domain": {"email": "a@other.example", "domains": CORP, "known": True},
    "no address though a domain is needed": {"email": "", "domains": CORP},
    "a new person named by an unverified address that is not read": {
        "email": "",
        "verified": False,
        "named_by": True,
    },
    "only a damaged list": {"domains": ["not a domain"]},
}

HOSTILE = [
    "a@corp.example@evil.example",
    "a@evil.example@corp.example",
    "a@evil.example\n.corp.example",
    "a@corp.example\n",
    "a@corp.example ",
    " a@corp.example",
    "a@corp.example.",
    "a@corp.example.evil.example",
    "a@evil-corp.example",
    "a@sub.corp.example",
    "a@.corp.example",
    "a@corp..example",
    "a@corp\u3002example",
    "a@corp\uff0eexample",
    "a@corp\uff61example",
    "a@corp.ex\u00e4mple",
    "a@c\u043erp.example",  # a Cyrillic o
    "a@corp\u200b.example",
    "a@corp.example\0",
    "a@corp.example(comment)",
    "a@(comment)corp.example",
    "a(comment)@corp.example",
    '"a@evil.example"@corp.example',
    '"a"@corp.example',
    "a\\@corp.example",
    "<a@corp.example>",
    "Alice <a@corp.example>",
    "a@evil.example,a@corp.example",
    "a@[corp.example]",
    "a@corp.example/evil",
    "a@evil.example#corp.example",
    "a@evil.example%00corp.example",
    "a\uff20corp.example",
    "@corp.example",
    "corp.example",
    "a@",
    ".a@corp.example",
    "a.@corp.example",
    "a..b@corp.example",
    "a" * 250 + "@corp.example",
    "a@" + "\u00fc" * 70 + ".example",
    "a@" + "x." * 126 + "y",
]


@pytest.mark.parametrize("case", [*ADMITTED.values()], ids=ADMITTED)
def test_these_people_may_enter(case):
    assert enter(**case)


@pytest.mark.parametrize("case", [*REFUSED.values()], ids=REFUSED)
def test_these_people_may_not(case):
    with pytest.raises(NotAdmitted) as refused:
        enter(**case)
    assert refused.value.expected
    assert refused.value.received


@pytest.mark.parametrize("address", HOSTILE)
@pytest.mark.parametrize("verified", [True, None])
def test_a_hostile_address_is_in_no_domain(address, verified):
    with pytest.raises(NotAdmitted):
        enter(address, verified, domains=CORP, known=True)


def test_sharp_s_is_not_two_letters():
    assert domain_of("a@straße.example") == "xn--strae-oqa.example"
    with pytest.raises(NotAdmitted):
        enter("a@straße.example", domains=["strasse.example"])


@pytest.mark.parametrize(
    "text", ["", "*.corp.example", "a@corp.example", "corp.example.", "-a.example", "a" * 64]
)
def test_what_is_no_domain_cannot_be_listed(text):
    with pytest.raises(ValueError):
        normal_domain(text)
