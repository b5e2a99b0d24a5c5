"""A blank at the end of a text is a mistake to be told, or what was meant: it is never tidied away."""

import pytest

from providers.models import Provider

PROVIDERS = "/api/v1/providers"
CORP = {
    "slug": "corp",
    "name": "Corp",
    "issuer": "https://idp.example",
    "client_id": "console",
    "client_secret": "of-some-length",
    "enabled": False,
}
REFUSED = {
    "slug": "corp ",
    "issuer": "https://idp.example ",
    "client_id": "console ",
    "scopes": ["openid", "email "],
    "signing_algs": [" RS256"],
    "required_acr": ["mfa "],
    "trusted_audiences": ["api "],
    "principal_claims": ["email", " sub"],
    "admin_principals": ["alice@corp.example "],
    "allowed_email_domains": ["corp.example "],
}
KEPT = {
    "name": "Corp ",
    "icon": "key ",
    "client_secret": "of several words ",
    "signout_params": {"a": "b "},
    "extra_params": {"a": "b "},
    "group_rules": [{"claim_value": "staff ", "group": "Staff "}],
}


@pytest.mark.parametrize("member", REFUSED)
def test_it_is_refused_where_it_cannot_be_meant(bob, db, member):
    answer = bob.post(PROVIDERS, {**CORP, member: REFUSED[member]})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [member])
    assert not Provider.objects.exists()


@pytest.mark.parametrize("member", KEPT)
def test_it_is_kept_where_it_can(bob, db, member):
    answer = bob.post(PROVIDERS, {**CORP, member: KEPT[member]})
    assert answer.status_code == 201, answer.content
    assert getattr(Provider.objects.get(), member) == KEPT[member]


def test_a_change_takes_it_as_it_is_too(bob, db):
    bob.post(PROVIDERS, CORP)
    answer = bob.patch(f"{PROVIDERS}/corp", {"client_id": "console "})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["client_id"])
    assert Provider.objects.get().client_id == "console"
