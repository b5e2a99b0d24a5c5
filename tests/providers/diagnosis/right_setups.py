"""
Set-ups that look like a fault and are none: which findings they look like, and how they are made.

Each is the first to be taken for a misconfiguration by a rule that is too eager.
"""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from providers.client_keys import rotate_client_key
from providers.models import SignInAttempt
from tests.providers.diagnosis.bases import CALLBACK
from tests.providers.diagnosis.breaking import (
    at,
    client,
    clock,
    keys,
    lacks,
    page,
    redirects,
    refuses,
    registered,
    returns,
    says,
)
from tests.providers.registrations import BOB

UNREACHED = ("timed_out", "broken_answer", "redirects", "not_found", "forbidden", "server_error")
UNREAD = ("unexpected_status", "is_html", "wrong_media_type", "malformed", "too_large")


@dataclass(frozen=True)
class Right:
    what: str
    looks_like: tuple[str, ...]
    made_by: Any
    base: str = "basic"


def both(*steps):
    """One bend after the other; their fields together."""

    def bends(op):
        fields = {}
        for step in steps:
            fields |= step(op)
        return fields

    return bends


def named(path):
    """The issuer has this path; a `{}` in it is a random part."""

    def bends(op):
        op.name = path.format(op.name)
        return {}

    return bends


def at_localhost(*endpoints):
    """These members name the same machine otherwise, as providers of several hosts do."""
    return says(**{name: (lambda op, at=at: _elsewhere(op, at)) for name, at in endpoints})


def _elsewhere(op, endpoint):
    return op.url(endpoint).replace("127.0.0.1", "localhost")


def document(content_type="application/json", before=b"", **more):
    """The discovery document as it is, under another media type, or with something before it or in it."""

    def bends(op):
        text = json.dumps(op.discovery.shape(op.metadata()) | more).encode()
        op.discovery.respond(200, before + text, content_type)
        return {}

    return bends


def key_set(content_type="application/json", before=b"", **more):
    def bends(op):
        op.jwks.respond(200, before + json.dumps({"keys": op.jwks.keys} | more).encode(), content_type)
        return {}

    return bends


def slow(*endpoints):
    def bends(op):
        for endpoint in endpoints:
            op.delay(endpoint, 0.3)
        return {}

    return bends


def person_came(*people, outcome="ok", received="", **fields):
    """These people have signed in, each with the claims of `people`."""

    def signed_in(provider):
        for number, claims in enumerate(people):
            attempt = SignInAttempt(
                provider=provider, reference=f"r{number}", started_at=timezone.now(), outcome=outcome
            )
            attempt.claims, attempt.received = json.dumps(claims), received
            attempt.save()

    return lambda op: {"after": signed_in, **fields}


def rules(*values):
    return [{"claim_value": value, "group": value.strip("/")} for value in values]


def without_scripts(text):
    """A page that says nothing to a reader without scripts; asked with prompt none, the provider answers."""

    def bends(op):
        told = type(op.authorization)().respond(200, f"<div id=root>{text}</div>", "text/html").canned
        op.authorization.quoting = lambda request: None if request.query.get("prompt") == "none" else told
        return refuses("login_required")(op)

    return bends


def rotated(provider):
    rotate_client_key(provider=provider, by=BOB)


ALICE = {"sub": "1", "preferred_username": "alice", "email": "alice@corp.example", "groups": ["/staff"]}
BOBS = {"sub": "2", "preferred_username": "bob", "email": "bob@corp.example", "groups": ["/staff", "admins"]}
BY_NAME = {"principal_claims": ["preferred_username"]}
ZITADEL = {
    "sub": "1",
    "email": "a@corp.example",
    "urn:zitadel:iam:org:project:roles": {"admin": {"1": "corp"}},
}
AUTH0 = {"sub": "auth0|1", "email": "a@corp.example", "https://corp.example/roles": ["admin"]}

REGISTRATION = [
    Right(
        "claim paths with slashes and dots",
        ("registration_invalid", "mapped_claim_absent"),
        registered(
            principal_claims=["https://corp.example/user.name", "email"],
            mapping={"groups": "https://corp.example/roles, realm_access.roles"},
        ),
    ),
    Right(
        "algorithms of several families, and two words to prompt by",
        ("registration_invalid", "signing_algorithm_not_supported", "keys_for_other_algorithms"),
        registered(signing_algs=["ES256", "RS256", "PS256"], prompt="login consent"),
    ),
    Right("an issuer that ends in authorize", ("issuer_unusable", "issuer_path"), named("{}/authorize")),
    Right(
        "an issuer with a well-known folder of its own",
        ("issuer_unusable", "issuer_well_known_suffix"),
        named("{}/.well-known/idp"),
    ),
    Right(
        "an issuer by the name of the machine",
        ("issuer_plain_http", "host_unresolved", "loopback_refused", "address_refused"),
        lambda op: setattr(op, "origin", "http://localhost") or {},
    ),
    Right(
        "an issuer by its address and under https",
        ("issuer_plain_http", "host_unresolved", "loopback_refused", "address_refused", "issuer_scheme"),
        lambda op: {},
        "tls",
    ),
    Right("a public client without a secret", ("client_secret_missing",), lambda op: {}, "public"),
    Right(
        "a key of one's own and no secret",
        ("client_secret_missing", "client_key_missing"),
        client(client_secret=None),
        "private_key_jwt",
    ),
    Right(
        "tokens from another host",
        ("client_credentials_of_another", "metadata_outdated", "issuer_host"),
        at_localhost(("token_endpoint", "token"), ("userinfo_endpoint", "userinfo")),
    ),
    Right(
        "requests pushed to another host",
        ("client_credentials_of_another", "pushed_request_refused", "pushing_endpoint_missing"),
        both(
            lambda op: op.offer_par() or {},
            at_localhost(("pushed_authorization_request_endpoint", "par"), ("token_endpoint", "token")),
        ),
    ),
    Right(
        "a secret of letters of many scripts",
        ("client_secret_unreadable", "client_credentials_rejected"),
        client(client_secret="пароль-ñandú-秘密-and-more-than-32-bytes"),
    ),
    Right(
        "a secret of a thousand letters",
        ("client_secret_unreadable", "client_secret_padded"),
        client(client_secret="x" * 1000),
        "post",
    ),
    Right(
        "a short secret that is no key",
        ("client_secret_too_short",),
        client(client_secret="pw", token_endpoint_auth_method="client_secret_basic"),
    ),
    Right(
        "a secret of sixteen letters and 32 bytes",
        ("client_secret_too_short", "client_assertion_rejected"),
        client(client_secret="ä" * 16),
        "client_secret_jwt",
    ),
    Right(
        "blanks inside of a secret",
        ("client_secret_padded", "client_credentials_rejected"),
        client(client_secret="three words here"),
    ),
    Right(
        "a secret that looks escaped",
        ("client_secret_padded", "client_credentials_rejected"),
        client(client_secret="%20begins+and%20ends%20"),
        "post",
    ),
    Right(
        "a key that was made anew",
        ("client_key_missing", "client_key_unreadable"),
        lambda op: {"after": rotated},
        "private_key_jwt",
    ),
    Right(
        "assertions for the token endpoint",
        ("client_key_unreadable", "client_assertion_rejected"),
        lambda op: client(assertion_audience=op.url("token"))(op) or {"assertion_audience": "token_endpoint"},
        "private_key_jwt",
    ),
]
REACHING = [
    Right(
        "a registration on trial",
        ("provider_disabled", "registration_invalid"),
        lambda op: {"trial_ends_at": timezone.now() + timedelta(minutes=5), "trial_baseline": 1},
    ),
    Right(
        "a registration that is the last in its order",
        ("provider_disabled", "connection_refused", "connection_failed"),
        registered(order=30_000, icon="Corp", name="Ünïcode & Söhne"),
    ),
    Right(
        "a port of its own under https",
        ("connection_refused", "connection_timed_out", "connection_failed", "tls_failed", "tls_timed_out"),
        slow("discovery"),
        "tls",
    ),
    Right(
        "a slow provider",
        (
            "connection_timed_out",
            "discovery_timed_out",
            "discovery_unreachable",
            "keys_timed_out",
            "keys_unreachable",
        ),
        slow("discovery", "jwks", "token"),
    ),
    Right("a clock that is a few seconds ahead", ("clock_skew", "clock_drift"), clock(6)),
    Right("a clock that is a few seconds behind", ("clock_skew", "clock_drift"), clock(-6)),
    Right(
        "a document that a cache has held for an hour",
        ("clock_skew", "clock_drift"),
        lambda op: (
            clock(-3600)(op)
            or (
                op.discovery.respond(
                    200, op.discovery.shape(op.metadata()), "application/json", {"Age": "3600"}
                )
                and {}
            )
        ),
    ),
]
DISCOVERY = [
    Right(
        "a document called text, with a byte order mark",
        tuple(f"discovery_{reason}" for reason in (*UNREACHED, *UNREAD, "unreachable")),
        document("text/plain; charset=utf-8", b"\xef\xbb\xbf"),
    ),
    Right(
        "a long document with members that nobody knows",
        tuple(f"discovery_{reason}" for reason in (*UNREACHED, *UNREAD)),
        document(
            unknown=["<html>"] * 20_000, mtls_endpoint_aliases={"token_endpoint": "https://mtls.example"}
        ),
    ),
]
ISSUER = [
    Right(
        "a slash at the end, there and here",
        ("issuer_trailing_slash", "issuer_mismatch", "iss_parameter_mismatch"),
        lambda op: (
            says(issuer=f"{op.issuer}/")(op)
            or op.callback_params.update(iss=f"{op.issuer}/")
            or {"issuer": f"{op.issuer}/"}
        ),
    ),
    Right(
        "a slash at the end of a tenant's path",
        ("issuer_trailing_slash", "issuer_template", "discovery_not_found"),
        lambda op: (
            setattr(op, "name", f"application/o/{op.name}")
            or says(issuer=f"{op.issuer}/")(op)
            or op.callback_params.update(iss=f"{op.issuer}/")
            or {"issuer": f"{op.issuer}/"}
        ),
    ),
    Right("a realm in upper case", ("issuer_case",), named("realms/{}-CORP")),
    Right(
        "a tenant in both cases",
        ("issuer_case", "issuer_path", "issuer_mismatch"),
        named("{}/oauth2/AusABC1"),
    ),
    Right("a port that is none of the usual", ("issuer_port", "issuer_scheme"), named("auth/realms/{}")),
    Right("a port under https", ("issuer_port", "issuer_host", "issuer_white_space"), lambda op: {}, "tls"),
    Right(
        "a host that only machines use",
        ("issuer_host", "issuer_mismatch"),
        at_localhost(("jwks_uri", "jwks"), ("token_endpoint", "token"), ("userinfo_endpoint", "userinfo")),
        "public",
    ),
    Right("one tenant of many", ("issuer_template",), named("8eaef023-2b34-4da1-9baa-8bc8c9d6a490/v2.0/{}")),
    Right("an escaped blank in a realm", ("issuer_white_space", "issuer_path"), named("realms/My%20Corp{}")),
    Right(
        "an issuer named among others",
        ("issuer_missing",),
        says(issuers=["https://other.example"], iss="https://other.example"),
    ),
    Right("an issuer in every answer", ("issuer_missing", "issuer_white_space"), lambda op: {}, "form_post"),
    Right(
        "a well-known path at another place",
        ("issuer_well_known_suffix",),
        named("{}/oidc/.well-known"),
    ),
]
ENDPOINTS = [
    Right(
        "null for what there is not",
        ("endpoint_missing", "endpoint_ignored", "metadata_malformed"),
        says(
            registration_endpoint=None,
            userinfo_endpoint=None,
            check_session_iframe=None,
            claims_supported=None,
            backchannel_logout_supported=None,
        ),
    ),
    Right(
        "no userinfo where nobody asks it",
        ("endpoint_missing", "endpoint_ignored", "userinfo_not_needed"),
        both(lacks("userinfo_endpoint"), registered(userinfo="never")),
    ),
    Right(
        "endpoints with queries, as policies have them",
        ("endpoint_malformed", "metadata_outdated", "endpoint_plain_http"),
        says(
            authorization_endpoint=lambda op: f"{op.url('authorization')}?p=b2c_1_signin",
            jwks_uri=lambda op: f"{op.url('jwks')}?p=b2c_1_signin",
        ),
    ),
    Right(
        "endpoints with ports and mixed hosts",
        ("endpoint_malformed", "endpoint_plain_http", "endpoint_ignored"),
        at_localhost(("end_session_endpoint", "end_session"), ("jwks_uri", "jwks")),
        "tls",
    ),
    Right(
        "members that are empty lists",
        ("metadata_malformed",),
        says(ui_locales_supported=[], op_policy_uri=""),
    ),
    Right(
        "metadata in another order and with new members",
        ("metadata_outdated", "metadata_not_adopted"),
        lambda op: {"discovery": dict(reversed(op.metadata().items())), "jwks": None},
    ),
    Right(
        "metadata that had a member more",
        ("metadata_outdated", "metadata_not_adopted"),
        lambda op: {"discovery": {**op.metadata(), "registration_endpoint": "https://old.example"}},
    ),
]
KEYS = [
    Right(
        "a key set called a file, with a byte order mark",
        tuple(f"keys_{reason}" for reason in (*UNREACHED, *UNREAD, "unreachable")),
        key_set("application/octet-stream", b"\xef\xbb\xbf"),
    ),
    Right(
        "a long key set with certificates",
        tuple(f"keys_{reason}" for reason in (*UNREACHED, *UNREAD)),
        lambda op: (
            op.jwks.publish(
                *[
                    key.jwk(x5c=["A" * 2000] * 3, x5t="AAAA", x5u="https://idp.example/c")
                    for key in op.keys.crowd
                ]
            )
            and {}
        ),
    ),
    Right("a single key", ("keys_empty", "keys_unusable"), keys(lambda ring: [ring.rsa[0].jwk()])),
    Right(
        "a key of a kind that nobody knows beside",
        ("keys_unusable", "keys_empty", "keys_malformed", "keys_for_other_algorithms"),
        keys(
            lambda ring: [{"kty": "AKP", "alg": "ML-DSA-44", "pub": "AAAA", "kid": "pq"}, ring.rsa[0].jwk()]
        ),
    ),
    Right(
        "keys without use",
        ("keys_only_for_encryption", "keys_unusable"),
        keys(lambda ring: [key.jwk(use=None) for key in ring.rsa]),
    ),
    Right(
        "one key to sign and many to encrypt",
        ("keys_only_for_encryption", "keys_duplicate_kid"),
        keys(lambda ring: [ring.rsa_enc.jwk(), ring.ec_enc.jwk(), ring.rsa[0].jwk(key_ops=["verify"])]),
    ),
    Right(
        "a key with empty lists",
        ("keys_for_other_algorithms", "keys_unusable", "keys_private_members"),
        keys(lambda ring: [ring.rsa[0].jwk(key_ops=[], x5c=[], oth=[], alg="", x5t=None)]),
    ),
    Right(
        "one name for keys of two families",
        ("keys_duplicate_kid",),
        keys(lambda ring: [ring.rsa[0].jwk(kid="1"), ring.ec[0].jwk(kid="1")]),
    ),
    Right(
        "one key twice, with and without alg",
        ("keys_duplicate_kid", "keys_replaced"),
        keys(lambda ring: [ring.rsa[0].jwk(alg="RS256"), ring.rsa[0].jwk()]),
    ),
    Right(
        "one key twice, for two algorithms",
        ("keys_duplicate_kid",),
        keys(lambda ring: [ring.rsa[0].jwk(alg="RS256"), ring.rsa[0].jwk(alg="PS256")]),
    ),
    Right("one key without kid", ("keys_without_kid",), keys(lambda ring: [ring.rsa[0].jwk(kid=None)])),
    Right(
        "one key without kid for each family",
        ("keys_without_kid", "keys_duplicate_kid"),
        keys(lambda ring: [ring.rsa[0].jwk(kid=None), ring.ec[0].jwk(kid=None)]),
    ),
    Right(
        "a key of 2048 bits exactly", ("keys_weak", "keys_some_weak"), keys(lambda ring: [ring.rsa[1].jwk()])
    ),
    Right(
        "keys of curves, which are short by nature",
        ("keys_weak", "keys_some_weak"),
        keys(lambda ring: [ring.ec[0].jwk(), ring.ec[1].jwk()]),
        "ec",
    ),
    Right(
        "members of a key that nobody knows",
        ("keys_private_members", "keys_unusable"),
        keys(lambda ring: [ring.rsa[0].jwk(iat=1, exp=2_000_000_000, issuer="https://idp.example")]),
    ),
    Right(
        "empty optional members of a key",
        ("keys_private_members", "keys_unusable"),
        keys(lambda ring: [ring.rsa[0].jwk(alg="", x5c=[], x5t="", oth=[]) | {"d": None, "p": ""}]),
    ),
    Right(
        "a new key beside the known one",
        ("keys_replaced", "keys_without_kid"),
        lambda op: {"jwks": {"keys": op.jwks.keys[:1]}, "jwks_fetched_at": timezone.now()},
    ),
    Right(
        "the known key with other members now",
        ("keys_replaced",),
        lambda op: (
            op.jwks.publish(*[key.jwk(alg="RS256", x5t="AAAA") for key in op.keys.rsa])
            and {"jwks": {"keys": [key.jwk() for key in op.keys.rsa]}, "jwks_fetched_at": timezone.now()}
        ),
    ),
    Right(
        "another key to encrypt by, under its old name",
        ("keys_replaced",),
        lambda op: (
            op.jwks.publish(op.keys.rsa[0].jwk(), op.keys.rsa_enc.jwk())
            and {
                "jwks": {"keys": [op.keys.rsa[0].jwk(), op.keys.next.rsa_enc.jwk(kid=op.keys.rsa_enc.kid)]},
                "jwks_fetched_at": timezone.now(),
            }
        ),
    ),
    Right(
        "a key of another kind beside the known one, under its name",
        ("keys_replaced", "keys_duplicate_kid"),
        lambda op: (
            op.jwks.publish(op.keys.rsa[0].jwk(kid="1"), op.keys.ec[0].jwk(kid="1"))
            and {"jwks": {"keys": [op.keys.rsa[0].jwk(kid="1")]}, "jwks_fetched_at": timezone.now()}
        ),
    ),
    Right(
        "all keys under new names",
        ("keys_replaced",),
        lambda op: {
            "jwks": {"keys": [key.jwk() for key in op.keys.next.rsa]},
            "jwks_fetched_at": timezone.now(),
        },
    ),
    Right(
        "RSA keys for PS256",
        ("keys_for_other_algorithms", "signing_algorithm_not_supported"),
        lambda op: client(id_token_signed_response_alg="PS256")(op),
    ),
]
NOTHING_TO_LIST = (
    *("scopes_supported", "response_types_supported", "response_modes_supported", "grant_types_supported"),
    *("token_endpoint_auth_methods_supported", "code_challenge_methods_supported", "claims_supported"),
    *("id_token_signing_alg_values_supported", "acr_values_supported"),
)
OFFERS = [
    Right(
        "a list of nothing wherever there is a list",
        (
            *(
                "scope_not_listed",
                "response_type_not_supported",
                "code_grant_not_supported",
                "metadata_malformed",
            ),
            *("pkce_method_not_supported", "signing_algorithm_not_supported"),
            *("client_authentication_not_supported", "client_authentication_not_listed"),
        ),
        says(**{name: [] for name in NOTHING_TO_LIST}),
    ),
    Right(
        "nothing to list of contexts, claims and answers, where some are wanted",
        (
            *("authentication_context_not_listed", "authentication_claim_not_listed"),
            "response_mode_not_supported",
        ),
        both(
            says(acr_values_supported=[], claims_supported=[], response_modes_supported=[]),
            registered(
                required_acr=["phr"], required_amr=["mfa"], extra_params={"response_mode": "form_post"}
            ),
        ),
    ),
    Right(
        "scopes of single resources, which no list has",
        ("scope_not_listed", "scope_refused"),
        registered(scopes=["openid", "User.Read", "api://console/.default"]),
    ),
    Right(
        "the roles of a project by a scope of its own",
        ("scope_not_listed",),
        registered(scopes=["openid", "urn:zitadel:iam:org:project:roles"]),
    ),
    Right(
        "refresh tokens by a parameter, where the scope is not known",
        ("refresh_scope_missing", "scope_not_listed"),
        lambda op: (
            says(scopes_supported=["openid", "email", "profile"])(op)
            or {
                "session_refresh": "refresh_token",
                "scopes": ["openid", "email"],
                "extra_params": {"access_type": "offline"},
            }
        ),
    ),
    Right(
        "refresh tokens for every client, where the scope is not known",
        ("refresh_scope_missing",),
        lambda op: (
            says(scopes_supported=["openid", "email", "phone", "profile"])(op)
            or {"session_refresh": "refresh_token", "scopes": ["openid", "profile"]}
        ),
    ),
    Right(
        "methods that are not listed, and come",
        ("authentication_claim_not_listed",),
        lambda op: (
            says(claims_supported=["sub", "acr"])(op)
            or person_came({**ALICE, "amr": ["pwd", "mfa"]}, required_amr=["mfa"])(op)
        ),
    ),
    Right(
        "a context that is not listed, and comes",
        ("authentication_context_not_listed",),
        lambda op: (
            says(acr_values_supported=["0", "1"])(op)
            or person_came(ALICE, {**BOBS, "acr": "c1"}, admin_required_acr=["c1"])(op)
        ),
    ),
    Right("scopes that are not listed at all", ("scope_not_listed",), lacks("scopes_supported")),
    Right(
        "a list with more scopes than are asked for",
        ("scope_not_listed", "refresh_scope_missing"),
        says(scopes_supported=["address", "openid", "phone", "email", "profile", "api://x/.default"]),
    ),
    Right(
        "response types in other words",
        ("response_type_not_supported", "response_type_legacy"),
        says(response_types_supported=["id_token token code", "code"]),
    ),
    Right("no list of response types", ("response_type_not_supported",), lacks("response_types_supported")),
    Right(
        "no list of modes", ("response_mode_not_supported",), lacks("response_modes_supported"), "form_post"
    ),
    Right(
        "a response mode that is the usual one",
        ("response_mode_not_supported",),
        lambda op: (
            says(response_modes_supported=["query", "query.jwt"])(op)
            or {"extra_params": {"response_mode": "query"}}
        ),
    ),
    Right(
        "no list of grants",
        ("code_grant_not_supported", "refresh_grant_not_listed"),
        lacks("grant_types_supported"),
        "refreshing",
    ),
    Right(
        "grants that are nobody's standard",
        ("code_grant_not_supported", "refresh_grant_not_listed", "response_type_legacy"),
        says(grant_types_supported=["urn:x:y", "authorization_code", "refresh_token"]),
        "refreshing",
    ),
    Right(
        "refresh tokens without asking for consent",
        ("refresh_grant_not_listed", "refresh_scope_missing"),
        registered(prompt=""),
        "refreshing",
    ),
    Right(
        "sessions that are checked by prompt none",
        ("refresh_scope_missing", "refresh_grant_not_listed"),
        lambda op: (
            says(grant_types_supported=["authorization_code"])(op) or {"session_refresh": "prompt_none"}
        ),
    ),
    Right(
        "both methods of PKCE",
        ("pkce_method_not_supported", "pkce_off", "pkce_not_announced"),
        says(code_challenge_methods_supported=["plain", "S256"]),
    ),
    Right(
        "PKCE that the provider does not demand",
        ("pkce_off", "pkce_method_not_supported", "pkce_refused"),
        client(pkce_required=False),
    ),
    Right(
        "PKCE for a public client",
        ("pkce_off", "public_clients_not_listed", "pkce_not_announced"),
        lambda op: {},
        "public",
    ),
    Right(
        "no list of methods",
        (
            "client_authentication_not_supported",
            "client_authentication_not_listed",
            "public_clients_not_listed",
        ),
        lacks("token_endpoint_auth_methods_supported"),
        "post",
    ),
    Right(
        "many methods and ours the last",
        (
            "client_authentication_not_supported",
            "client_authentication_not_listed",
            "client_authentication_method_wrong",
        ),
        says(
            token_endpoint_auth_methods_supported=[
                "tls_client_auth",
                "private_key_jwt",
                "client_secret_basic",
            ]
        ),
    ),
    Right(
        "no list of methods for a public client",
        ("public_clients_not_listed",),
        lacks("token_endpoint_auth_methods_supported"),
        "public",
    ),
    Right(
        "assertions by one algorithm of many",
        ("assertion_algorithm_not_supported",),
        says(token_endpoint_auth_signing_alg_values_supported=["HS512", "HS256"]),
        "client_secret_jwt",
    ),
    Right(
        "assertion algorithms where nobody asserts",
        ("assertion_algorithm_not_supported",),
        says(token_endpoint_auth_signing_alg_values_supported=["ES384"]),
    ),
    Right(
        "an algorithm by its other name",
        ("signing_algorithm_not_supported", "keys_for_other_algorithms"),
        lambda op: (
            says(id_token_signing_alg_values_supported=["EdDSA", "none"])(op) or {"signing_algs": ["Ed25519"]}
        ),
    ),
    Right(
        "the only registration at the shared callback",
        ("shared_callback_without_iss",),
        lambda op: lacks("authorization_response_iss_parameter_supported")(op) or {"callback": "shared"},
    ),
    Right(
        "a shared callback with iss",
        ("shared_callback_without_iss", "iss_parameter_missing"),
        lambda op: {},
        "shared",
    ),
    Right("a sign-out that is there", ("end_session_missing",), lambda op: {}),
    Right(
        "a sign-out in the provider's own way",
        ("end_session_missing", "endpoint_ignored"),
        registered(signout_params={"logout_uri": "{post_logout_redirect_uri}", "redirect_uri": ""}),
    ),
    Right(
        "pushing that is offered and used",
        ("pushing_required", "pushing_unused", "pushing_endpoint_missing"),
        lambda op: op.offer_par() or {},
    ),
    Right(
        "pushing with an assertion",
        ("pushing_required", "pushing_unused", "pushed_request_refused", "pushed_request_required"),
        lambda op: op.offer_par(required=True) or {},
        "private_key_jwt",
    ),
    Right(
        "pushing off where it is not offered",
        ("pushing_required", "pushing_endpoint_missing", "pushed_request_required"),
        lambda op: says(require_pushed_authorization_requests=False)(op) or {"pushed_authorization": False},
    ),
    Right(
        "one of two contexts is there",
        ("authentication_context_not_listed", "authentication_claim_not_listed"),
        lambda op: (
            says(acr_values_supported=["1", "phr"], claims_supported=["acr", "amr", "sub"])(op)
            or {"required_acr": ["phrh", "phr"], "required_amr": ["mfa"]}
        ),
    ),
    Right(
        "demands where nothing is listed",
        ("authentication_context_not_listed", "authentication_claim_not_listed"),
        lambda op: lacks("claims_supported")(op) or {"admin_required_acr": ["phr"], "required_amr": ["mfa"]},
    ),
    Right(
        "contexts that are only asked for",
        ("authentication_context_not_listed", "authentication_claim_not_listed"),
        lambda op: says(acr_values_supported=["0"])(op) or {"acr_values": ["phr"]},
    ),
    Right(
        "one context to enter and another to administer",
        ("authentication_context_not_listed",),
        lambda op: (
            says(acr_values_supported=["1", "2"], claims_supported=["acr"])(op)
            or {"required_acr": ["1", "2"], "admin_required_acr": ["2"]}
        ),
    ),
]
EXPERIENCE = [
    Right(
        "more groups than a token has room for",
        ("mapped_claim_absent", "group_value_absent", "nothing_gained"),
        person_came(
            {"sub": "1", "email": "a@corp.example", "_claim_names": {"groups": "src1"}},
            group_rules=rules("admins"),
        ),
    ),
    Right(
        "more groups than a token has room for, in the implicit flow",
        ("mapped_claim_absent", "nothing_gained"),
        person_came(
            {"sub": "1", "email": "a@corp.example", "hasgroups": "true"}, group_rules=rules("admins")
        ),
    ),
    Right(
        "a group of another department that nobody has come with",
        ("group_value_differs",),
        person_came({**ALICE, "groups": ["/sales/admins"]}, group_rules=rules("/it/admins")),
    ),
    Right(
        "a group in both spellings, as long as a provider is moved",
        ("group_value_differs",),
        person_came(ALICE, group_rules=rules("staff", "/staff")),
    ),
    Right(
        "an administrator who has not come yet",
        ("administrator_never_matches", "nothing_gained"),
        person_came(ALICE, admin_principals=["bob"], **BY_NAME),
    ),
    Right(
        "an administrator by whatever the subject is",
        ("administrator_never_matches",),
        person_came({"sub": "auth0|1"}, principal_claims=["sub"], admin_principals=["auth0|7", "auth0|1"]),
    ),
    Right(
        "administrators by both claims that name people",
        ("administrator_never_matches",),
        person_came(
            ALICE,
            {"sub": "2", "email": "eve@corp.example"},
            principal_claims=["preferred_username", "email"],
            admin_principals=["eve@corp.example", "bob"],
        ),
    ),
    Right(
        "one way of a mapping came",
        ("mapped_claim_absent",),
        person_came(ALICE, mapping={"groups": "roles, groups"}, **BY_NAME),
    ),
    Right(
        "a claim that one person of many has",
        ("mapped_claim_absent", "group_value_absent", "group_value_differs"),
        person_came(
            {"sub": "3", "email": "c@corp.example"},
            BOBS,
            mapping={"groups": "groups"},
            group_rules=rules("admins"),
        ),
    ),
    Right(
        "roles that are the names of members",
        ("mapped_claim_absent", "group_value_absent", "nothing_gained"),
        person_came(
            ZITADEL, mapping={"groups": "urn:zitadel:iam:org:project:roles"}, group_rules=rules("admin")
        ),
    ),
    Right(
        "a claim named by an address",
        ("mapped_claim_absent", "group_value_absent"),
        person_came(AUTH0, mapping={"groups": "https://corp.example/roles"}, group_rules=rules("admin")),
    ),
    Right(
        "two groups that differ in case and are two",
        ("group_value_differs", "group_value_absent"),
        person_came({**ALICE, "groups": ["Data", "data"]}, group_rules=rules("data", "Data")),
    ),
    Right(
        "two groups of one name in two paths",
        ("group_value_differs",),
        person_came(
            {**ALICE, "groups": ["/a/admins"]},
            {**BOBS, "groups": ["/b/admins"]},
            group_rules=rules("/a/admins", "/b/admins"),
        ),
    ),
    Right(
        "a group's id",
        ("group_value_differs", "group_value_absent"),
        person_came(
            {**ALICE, "groups": ["8eaef023-2b34-4da1-9baa-8bc8c9d6a490"]},
            group_rules=rules("8eaef023-2b34-4da1-9baa-8bc8c9d6a490"),
        ),
    ),
    Right(
        "userinfo failed and was needed",
        ("userinfo_not_needed",),
        person_came(
            {"sub": "1"},
            outcome="userinfo_error",
            received="status 503",
            userinfo="when_needed",
            mapping={"groups": "groups"},
        ),
    ),
    Right(
        "userinfo failed and was given up since",
        ("userinfo_not_needed",),
        person_came(ALICE, outcome="userinfo_error", received="status 403", userinfo="never"),
    ),
    Right(
        "a person without any group, who may come in",
        ("nothing_gained", "group_value_absent"),
        person_came({"sub": "1", "email": "a@corp.example"}),
    ),
]
AUTHORIZATION = [
    Right(
        "a sign-in by Kerberos",
        ("authorization_refused", "authorization_unclear"),
        at("authorization", 401, "<p>One moment", "text/html", headers={"WWW-Authenticate": "Negotiate"}),
    ),
    Right(
        "a sign-in by Kerberos, or with a password",
        ("authorization_refused", "client_unknown"),
        at(
            "authorization",
            401,
            "<h1>Sign in to your application</h1><form><input type=password></form>",
            "text/html",
            headers={"WWW-Authenticate": "Negotiate, NTLM"},
        ),
    ),
    Right(
        "an application that warns of browsers without scripts",
        ("client_unknown", "authorization_unclear", "authorization_refused"),
        without_scripts("This app needs JavaScript, which is disabled. Client not found? Ask the help desk."),
    ),
    Right(
        "an application with a footer about everything",
        ("scope_refused", "redirect_uri_not_registered", "pkce_refused", "authorization_unclear"),
        without_scripts("The scope of this service, its PKCE and its callback URLs are told below."),
    ),
    Right(
        "our redirect URI beside one with a slash",
        ("redirect_uri_not_registered", "redirect_uri_replaced"),
        client(redirect_uris=[f"{CALLBACK}/", CALLBACK]),
    ),
    Right(
        "our redirect URI beside those of other hosts",
        ("redirect_uri_not_registered",),
        client(
            redirect_uris=["http://127.0.0.1:8000/callback/corp", "https://sso.example/callback", CALLBACK]
        ),
    ),
    Right(
        "a way to a page of its own",
        ("redirect_uri_replaced", "authorization_refused"),
        redirects("authorization", "/login?execution=e1s1"),
    ),
    Right(
        "a way to the sign-in page of another host",
        ("redirect_uri_replaced", "authorization_refused", "authorization_unclear"),
        redirects(
            "authorization",
            "https://login.example/?redirect_uri=http://localhost:8000/callback/corp&client_id=x",
        ),
    ),
    Right(
        "a sign-in page that speaks of clients",
        ("client_unknown", "client_not_allowed", "authorization_unclear"),
        page("<h1>Unknown client? Application not found?</h1><form><input type=email></form>"),
    ),
    Right(
        "a sign-in page that speaks of everything else",
        (
            "scope_refused",
            "response_type_refused",
            "pkce_refused",
            "pushed_request_required",
            "redirect_uri_not_registered",
        ),
        page(
            "<p>Scopes, PKCE, response type, redirect URI, pushed authorization: see help</p>"
            "<form><input name=user><input type=password name=pw></form>"
        ),
    ),
    Right(
        "a sign-in page with errors in its script",
        ("authorization_refused", "client_unknown", "scope_refused"),
        page("<script>const E={invalid_client:1,invalid_scope:2}</script><form><input type=password></form>"),
    ),
    Right(
        "consent that has to be given",
        ("client_not_allowed", "authorization_refused", "scope_refused"),
        refuses("consent_required", "The scope groups wants consent"),
    ),
    Right(
        "somebody who has to sign in",
        ("response_type_refused", "pkce_refused", "authorization_fails"),
        refuses("login_required", "code_challenge is fine"),
    ),
    Right("a slow sign-in page", ("authorization_unreachable", "authorization_fails"), slow("authorization")),
    Right(
        "a way by 303",
        ("authorization_not_found", "authorization_unreachable", "authorization_fails"),
        lambda op: op.authorization.redirect_to("/u/login?state=other", 303) and {},
    ),
    Right(
        "a way by 307 with everything",
        ("authorization_not_found", "state_not_returned"),
        lambda op: op.authorization.redirect_to("https://login.example/?state=another", 307) and {},
    ),
    Right(
        "a long application that asks by script later",
        ("authorization_unclear",),
        page("<div id=root></div><form><input type=text name=loginfmt></form>" + "<script>1</script>" * 500),
    ),
    Right(
        "no iss where none is announced",
        ("iss_parameter_missing", "iss_parameter_mismatch"),
        both(lacks("authorization_response_iss_parameter_supported"), returns(iss=None)),
    ),
    Right(
        "iss that is not announced",
        ("iss_parameter_missing", "iss_parameter_mismatch"),
        lambda op: lacks("authorization_response_iss_parameter_supported")(op) or returns(iss=op.issuer)(op),
    ),
    Right(
        "more than was asked for comes back",
        ("state_not_returned",),
        returns(session_state="x", scope="openid"),
    ),
    Right(
        "a request that is pushed and comes back",
        ("state_not_returned", "pushed_request_refused"),
        lambda op: {},
        "pushed",
    ),
]
TOKEN = [
    Right(
        "a refused code by 401",
        ("client_credentials_rejected", "token_endpoint_unclear"),
        at("token", 401, {"error": "invalid_grant"}),
    ),
    Right(
        "a refused code in another character set",
        ("token_endpoint_not_json", "token_endpoint_unclear", "client_credentials_rejected"),
        at("token", 400, {"error": "invalid_grant"}, "application/json; charset=iso-8859-1"),
    ),
    Right(
        "a refused code with a byte order mark",
        ("token_endpoint_not_json", "token_endpoint_unclear"),
        at("token", 400, b'\xef\xbb\xbf{"error": "invalid_grant", "error_codes": [54005]}', "text/json"),
    ),
    Right(
        "a refused code by 403",
        ("grant_not_allowed", "token_endpoint_fails"),
        at(
            "token", 403, {"error": "invalid_grant", "error_description": "unauthorized_client: no such code"}
        ),
    ),
    Right(
        "a refused code by 200",
        ("token_endpoint_accepts_anything", "token_endpoint_fails"),
        at("token", 200, {"error": "invalid_grant", "access_token": None}),
    ),
    Right(
        "a refused code with words about tokens",
        ("token_endpoint_accepts_anything", "grant_not_allowed"),
        at("token", 400, {"error": "invalid_grant", "error_description": "access_token"}),
    ),
    Right(
        "a token endpoint with a query",
        ("token_endpoint_not_found", "token_endpoint_redirects"),
        at("token", 400, {"error": "invalid_grant", "error_uri": "https://docs.example/404"}),
    ),
    Right("a slow token endpoint", ("token_endpoint_unreachable", "token_endpoint_busy"), slow("token")),
    Right(
        "a token endpoint that counts requests",
        ("token_endpoint_busy", "token_endpoint_redirects", "token_endpoint_not_found"),
        at("token", 400, {"error": "invalid_grant"}, headers={"RateLimit-Remaining": "0", "Location": "/x"}),
    ),
    Right(
        "a token endpoint at another host",
        ("token_endpoint_unreachable", "metadata_not_adopted"),
        at_localhost(("token_endpoint", "token")),
        "post",
    ),
    Right(
        "a public client that is public there",
        ("client_secret_required", "client_authentication_method_wrong"),
        lambda op: {},
        "public",
    ),
    Right(
        "a public client that pushes",
        ("client_secret_required", "pushed_request_refused"),
        lambda op: op.offer_par(required=True) or {},
        "public",
    ),
    Right(
        "both simple methods are taken",
        ("client_authentication_method_wrong", "client_authentication_not_supported"),
        says(token_endpoint_auth_methods_supported=["client_secret_post", "client_secret_basic", "none"]),
        "post",
    ),
    Right(
        "a secret that is nothing but signs",
        ("client_credentials_rejected",),
        client(client_secret="+%2B%&=:?/~"),
    ),
    Right(
        "an assertion by another algorithm",
        ("client_assertion_rejected", "assertion_algorithm_not_supported"),
        says(token_endpoint_auth_signing_alg_values_supported=["PS256", "ES256"]),
        "private_key_jwt",
    ),
]

RIGHT = [
    *REGISTRATION,
    *REACHING,
    *DISCOVERY,
    *ISSUER,
    *ENDPOINTS,
    *KEYS,
    *OFFERS,
    *EXPERIENCE,
    *AUTHORIZATION,
    *TOKEN,
]
