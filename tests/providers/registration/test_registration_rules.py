"""What may be registered, and what is refused with a sentence at its field."""

import pytest

from providers.registration.cautions import cautions
from providers.registration.rules import problems
from tests.providers.registrations import somewhere

# What the flow sets itself, and what would replace or publish a part of it (RFC 6749, 7523, 7636, 9101).
OF_THE_FLOW = (
    *("response_type", "client_id", "redirect_uri", "scope", "state", "nonce"),
    *("code_challenge", "code_challenge_method", "request", "request_uri"),
    *("client_secret", "client_assertion", "client_assertion_type"),
)
PUBLIC = {"token_endpoint_auth_method": "none", "client_secret": None}

FINE = {
    "as it begins": {},
    "an authentication context": {
        "acr_values": ["phr"],
        "required_acr": ["phr"],
        "required_amr": ["mfa", "pwd"],
    },
    "one by a parameter of one's own": {"extra_params": {"acr_values": "phr"}},
    "other audiences": {"trusted_audiences": ["https://api.example", "another-client"]},
    "sign-out in a provider's own words": {
        "signout_params": {"logout_uri": "{post_logout_redirect_uri}", "client_id": "{client_id}"}
    },
    "a public client with PKCE": PUBLIC,
    "the secret in the body": {"token_endpoint_auth_method": "client_secret_post"},
    "assertions with a long secret": {"token_endpoint_auth_method": "client_secret_jwt"},
    "assertions with a key": {"token_endpoint_auth_method": "private_key_jwt", "client_secret": None},
    "implicit and no assertion to make": {
        "response_type": "id_token",
        "token_endpoint_auth_method": "client_secret_jwt",
        "client_secret": None,
    },
    "implicit without a secret": {"response_type": "id_token", "client_secret": None},
    "HS256 with a long secret": {"signing_algs": ["HS256"]},
    "several algorithms": {"signing_algs": ["RS256", "ES256", "EdDSA", "Ed25519"]},
    "confidential without PKCE": {"pkce": False},
    "form_post with code": {"extra_params": {"response_mode": "form_post"}},
    "a short secret for RS256": {"client_secret": "short"},
    "prompts": {"prompt": "login consent"},
    "linking within a domain": {"link_by_verified_email": True, "allowed_email_domains": ["corp.example"]},
    "a nested claim": {"mapping": {"groups": "realm_access.roles", "name": ""}},
    "groups from two claims": {"mapping": {"groups": "groups, params.roles"}},
    "plain http in development": {"issuer": "http://127.0.0.1:8080/realms/corp"},
    "a group rule": {"group_rules": [{"claim_value": "a", "group": "A"}]},
}

WRONG = {
    "slug": [{"slug": "Corp"}, {"slug": "-corp"}, {"slug": ""}, {"slug": "x" * 64}],
    "kind": [{"kind": "saml"}, {"kind": ""}],
    "name": [{"name": ""}, {"name": "Corp\u202eSSO"}],
    "icon": [{"icon": "key\0"}, {"icon": "k" * 33}],
    "issuer": [
        {"issuer": ""},
        {"issuer": "idp.example"},
        {"issuer": "ftp://idp.example"},
        {"issuer": "https://idp.example?x=1"},
        {"issuer": "https://idp.example#x"},
        {"issuer": "https://user@idp.example"},
        {"issuer": " https://idp.example"},
        {"issuer": "https://idp.example/.well-known/openid-configuration"},
        {"issuer": "https://" + "x" * 600},
    ],
    "client_id": [{"client_id": ""}, {"client_id": " console"}, {"client_id": "con\0sole"}],
    "token_endpoint_auth_method": [
        {"token_endpoint_auth_method": "tls_client_auth"},
        {"token_endpoint_auth_method": "self_signed_tls_client_auth", "client_secret": None},
        {"token_endpoint_auth_method": ""},
    ],
    "client_secret": [
        {"client_secret": None},
        {"client_secret": ""},
        {"token_endpoint_auth_method": "client_secret_post", "client_secret": None},
        {"token_endpoint_auth_method": "client_secret_jwt", "client_secret": None},
        {"token_endpoint_auth_method": "client_secret_jwt", "client_secret": "s" * 31},
        {"token_endpoint_auth_method": "client_secret_jwt", "client_secret": "ñ" * 15},
        {"token_endpoint_auth_method": "private_key_jwt", "client_secret": None, "signing_algs": ["HS256"]},
        {"signing_algs": ["HS256"], "client_secret": "s" * 31},
        {"signing_algs": ["HS512"], **PUBLIC},
    ],
    "pkce": [{"pkce": False, **PUBLIC}],
    "response_type": [{"response_type": "token"}, {"response_type": "code id_token"}],
    "signing_algs": [
        {"signing_algs": []},
        {"signing_algs": ["none"]},
        {"signing_algs": ["rs256"]},
        {"signing_algs": ["RS256", "RS256"]},
        {"signing_algs": ["RS256", "HS256"]},
        {"signing_algs": "RS256"},
    ],
    "scopes": [
        {"scopes": []},
        {"scopes": ["email"]},
        {"scopes": ["openid", "openid"]},
        {"scopes": ["openid email"]},
        {"scopes": "openid"},
        {"scopes": ["openid", 1]},
        {"scopes": ["openid", ""]},
        {"scopes": ["openid", *(f"s{n}" for n in range(200))]},
    ],
    "principal_claims": [{"principal_claims": []}, {"principal_claims": None}, {"principal_claims": [1]}],
    "mapping": [
        {"mapping": []},
        {"mapping": {"phone": "phone"}},
        {"mapping": {"email": 1}},
        {"mapping": {"email": "mail, email"}},
        {"mapping": {"groups": "groups,"}},
        {"mapping": {"groups": ", ,"}},
    ],
    "group_rules": [
        {"group_rules": {}},
        {"group_rules": ["a"]},
        {"group_rules": [{"claim_value": "a"}]},
        {"group_rules": [{"claim_value": "a", "group": "A", "x": "y"}]},
        {"group_rules": [{"claim_value": "a", "group": ""}]},
        {"group_rules": [{"claim_value": "a", "group": "g" * 151}]},
        {"group_rules": [{"claim_value": f"{n}", "group": "A"} for n in range(201)]},
    ],
    "admin_principals": [{"admin_principals": "alice"}, {"admin_principals": [None]}],
    "allowed_email_domains": [
        {"allowed_email_domains": ["*.corp.example"]},
        {"allowed_email_domains": ["@corp.example"]},
        {"allowed_email_domains": ["corp.example."]},
        {"allowed_email_domains": [""]},
    ],
    "extra_params": [
        {"extra_params": []},
        {"extra_params": {"a": 1}},
        {"extra_params": {"a b": "c"}},
        {"extra_params": {"a": "b\n"}},
        {"extra_params": {"a": "b" * 1001}},
        {"extra_params": {"response_mode": "fragment"}},
        {"extra_params": {"response_mode": "query"}, "response_type": "id_token"},
        *({"extra_params": {name: "x"}} for name in OF_THE_FLOW),
    ],
    "prompt": [
        {"prompt": "none login"},
        {"prompt": "login login"},
        {"prompt": "force"},
        {"prompt": "none", "max_age": 0},
        {"extra_params": {"prompt": "login"}},
        {"extra_params": {"max_age": "1"}},
    ],
    "acr_values": [
        {"acr_values": "phr"},
        {"acr_values": ["one two"]},
        {"acr_values": ["phr"], "extra_params": {"acr_values": "phr"}},
        {"required_acr": ["phr"], "extra_params": {"acr_values": "phr"}},
        {"admin_required_acr": ["phr"], "extra_params": {"acr_values": "phr"}},
    ],
    **{
        name: [{name: ["phr", "phr"]}, {name: ["one two"]}, {name: [""]}, {name: None}]
        for name in ("required_acr", "required_amr", "admin_required_amr")
    },
    "admin_required_acr": [
        {"admin_required_acr": ["phr", "phr"]},
        {"admin_required_acr": ["one two"]},
        {"admin_required_acr": ["phrh"], "required_acr": ["phr"]},
        {"admin_required_acr": ["phr", "phrh"], "required_acr": ["phr", "0"]},
    ],
    "trusted_audiences": [{"trusted_audiences": "project"}, {"trusted_audiences": ["a", "a"]}],
    "userinfo": [{"userinfo": "sometimes"}, {"userinfo": ""}],
    "signout_params": [
        {"signout_params": ["a"]},
        {"signout_params": {"a b": "c"}},
        {"signout_params": {"a": "{client}"}},
        {"signout_params": {"a": "{client_secret}"}},
        {"signout_params": {"a": "}"}},
        *({"signout_params": {name: "x"}} for name in ("id_token_hint", "state", "client_secret")),
    ],
    "leeway": [{"leeway": 301}, {"leeway": -1}],
    "link_by_verified_email": [{"link_by_verified_email": True}],
    "session_refresh": [{"session_refresh": "refresh_token", "response_type": "id_token"}],
    "session_lifetime": [{"session_lifetime": 59}, {"session_lifetime": 2_592_001}],
    "callback": [{"callback": "both"}],
}
REFUSED = [(field, changes) for field, cases in WRONG.items() for changes in cases]


@pytest.mark.parametrize("changes", [*FINE.values()], ids=FINE)
def test_a_sound_registration_has_no_problems(changes):
    assert problems(somewhere(**changes)) == {}


@pytest.mark.parametrize(("field", "changes"), REFUSED)
def test_each_mistake_is_named_at_its_field_and_there_alone(field, changes):
    found = problems(somewhere(**changes))
    assert list(found) == [field]
    assert all(sentence.strip() for sentence in found[field])


def test_several_mistakes_are_named_together():
    found = problems(somewhere(slug="", issuer="x", scopes=[]))
    assert set(found) == {"slug", "issuer", "scopes"}


def test_in_production_an_issuer_is_https(settings):
    settings.ALLOW_LOOPBACK_PROVIDERS = False
    assert "issuer" in problems(somewhere(issuer="http://idp.example"))
    assert problems(somewhere(issuer="https://idp.example")) == {}


def test_a_secret_that_no_longer_opens_has_to_be_entered_again():
    provider = somewhere()
    other = somewhere()
    provider.client_secret_envelope = other.client_secret_envelope
    assert "cannot be decrypted" in problems(provider)["client_secret"][0]


CAUTIONS = {
    "plain http": ({"issuer": "http://127.0.0.1:1"}, "plain http"),
    "implicit": ({"response_type": "id_token"}, "legacy"),
    "no PKCE": ({"pkce": False}, "PKCE is off"),
    "HS256": ({"signing_algs": ["HS256"]}, "HS algorithm"),
    "a secret with a line break": ({"client_secret": "secret\n"}, "white space"),
    "prompt none": ({"prompt": "none"}, "nobody can sign in"),
    "administrators by a chosen name": ({"admin_principals": ["alice"]}, "choose an administrator's"),
    "a check after the end": (
        {"session_refresh": "prompt_none", "session_check_every": 28_800},
        "Sessions end before they are checked",
    ),
    "a refresh without its scope": (
        {"session_refresh": "refresh_token"},
        "offline_access is not among the scopes",
    ),
    "a refresh without consent": (
        {"session_refresh": "refresh_token", "scopes": ["openid", "offline_access"], "prompt": "login"},
        "set the prompt to consent",
    ),
    "a refresh that is not offered": (
        {
            "session_refresh": "refresh_token",
            "scopes": ["openid", "offline_access"],
            "prompt": "consent",
            "discovery": {"grant_types_supported": ["authorization_code"]},
        },
        "does not list the grant type refresh_token",
    ),
    "a shared callback": ({"callback": "shared"}, "RFC 9207"),
    "an unlisted algorithm": (
        {"discovery": {"id_token_signing_alg_values_supported": ["ES256"]}},
        "does not list the signing algorithm RS256",
    ),
    "no PKCE at the provider": (
        {"discovery": {"code_challenge_methods_supported": ["plain"]}},
        "does not list the PKCE method S256",
    ),
    "an unlisted way to authenticate": (
        {"discovery": {"token_endpoint_auth_methods_supported": ["client_secret_post"]}},
        "does not list the client authentication client_secret_basic",
    ),
    "an unlisted key algorithm": (
        {
            "token_endpoint_auth_method": "private_key_jwt",
            "discovery": {"token_endpoint_auth_signing_alg_values_supported": ["ES256K"]},
        },
        "does not list the assertion algorithm RS256",
    ),
    "an unlisted MAC": (
        {
            "token_endpoint_auth_method": "client_secret_jwt",
            "discovery": {"token_endpoint_auth_signing_alg_values_supported": ["HS512", "RS256"]},
        },
        "does not list the assertion algorithm HS256",
    ),
    "pushing demanded and switched off": (
        {
            "pushed_authorization": False,
            "discovery": {
                "require_pushed_authorization_requests": True,
                "pushed_authorization_request_endpoint": "https://idp.example/par",
            },
        },
        "nobody can sign in",
    ),
    "pushing demanded and no endpoint named": (
        {"discovery": {"require_pushed_authorization_requests": True}},
        "refresh the metadata",
    ),
}


@pytest.mark.parametrize(("changes", "text"), [*CAUTIONS.values()], ids=CAUTIONS)
def test_what_is_allowed_and_weaker_is_said(changes, text):
    found = cautions(somewhere(**changes), others_enabled=True)
    assert len(found) == 1
    assert text in found[0]


@pytest.mark.parametrize("domains", [[], ["corp.example"]])
@pytest.mark.parametrize(
    "claims",
    [
        ["preferred_username"],
        ["email", "preferred_username", "sub"],
        ["nickname"],
        ["name", "sub"],
        ["profile.preferred_username"],
        ["upn"],
    ],
)
def test_a_principal_that_people_choose_is_said_whatever_domains_are_allowed(claims, domains):
    """A colleague has an address in the same domain."""
    changes = {"principal_claims": claims, "allowed_email_domains": domains}
    [found] = cautions(somewhere(admin_principals=["alice"], **changes), others_enabled=True)
    assert "could choose an administrator's" in found
    assert [claim for claim in claims if claim not in ("sub", "email") and claim in found]


@pytest.mark.parametrize(
    ("changes", "others"),
    [
        ({}, True),
        ({"callback": "shared"}, False),
        ({"callback": "shared", "discovery": {"authorization_response_iss_parameter_supported": True}}, True),
        ({"admin_principals": ["a"], "principal_claims": ["email"]}, True),
        ({"admin_principals": ["a"], "principal_claims": ["oid", "email", "sub"]}, True),
        ({"principal_claims": ["preferred_username"]}, True),
        ({"discovery": {"response_types_supported": ["code"], "scopes_supported": None}}, True),
        ({"pkce": False, "response_type": "id_token"}, False),
        ({"discovery": {"token_endpoint_auth_signing_alg_values_supported": ["ES256"]}}, True),
        ({"pushed_authorization": False, "discovery": {"issuer": "https://idp.example"}}, True),
    ],
)
def test_there_is_no_needless_warning(changes, others):
    found = [text for text in cautions(somewhere(**changes), others_enabled=others) if "legacy" not in text]
    assert found == []
