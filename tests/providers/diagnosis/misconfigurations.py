"""
Deliberate misconfigurations: what is broken, which finding has to come first, and which words the remedy has to have.

Each row breaks one thing at a base that works.
"""

from dataclasses import dataclass
from typing import Any

from tests.providers.diagnosis.breaking import (
    another_method,
    at,
    client,
    clock,
    goes_down,
    hangs_up,
    keys,
    lacks,
    lists_another_method_and_rejects,
    page,
    redirects,
    refuses,
    refuses_pushed_redirect_uri,
    refuses_pushing,
    registered,
    returns,
    says,
    with_an_unreadable_key,
    with_an_unreadable_secret,
    with_outdated_metadata,
    without_its_key,
)

METADATA = "https://169.254.169.254"


@dataclass(frozen=True)
class Row:
    what: str
    breaks: Any
    code: str
    words: str
    base: str = "basic"


REGISTRATION = [
    Row("no principal claim", registered(principal_claims=[]), "registration_invalid", "field"),
    Row("unknown algorithm", registered(signing_algs=["none"]), "registration_invalid", "correct"),
    Row(
        "the document's address as issuer",
        registered(issuer=lambda op: op.url("discovery")),
        "issuer_unusable",
        "/.well-known/openid-configuration",
    ),
    Row("a word as issuer", registered(issuer="keycloak"), "issuer_unusable", "https"),
    Row(
        "an issuer without a scheme",
        registered(issuer="idp.example/realms/corp"),
        "issuer_unusable",
        "That is perhaps https://idp.example/realms/corp.",
    ),
    Row(
        "an address of a console with a fragment",
        registered(issuer=lambda op: f"{op.issuer}/#/home"),
        "issuer_unusable",
        "That is perhaps http://127.0.0.1",
    ),
    Row(
        "a query in the issuer", registered(issuer=lambda op: f"{op.issuer}?a=b"), "issuer_unusable", "query"
    ),
    Row("no secret", registered(client_secret=None), "client_secret_missing", "Copy the client secret"),
    Row(
        "a lost encryption key",
        with_an_unreadable_secret,
        "client_secret_unreadable",
        "FIELD_ENCRYPTION_KEYS",
    ),
    Row(
        "a short secret",
        registered(client_secret="short"),
        "client_secret_too_short",
        "32 bytes",
        "client_secret_jwt",
    ),
    Row(
        "a lost key", with_an_unreadable_key, "client_key_unreadable", "rotate_client_key", "private_key_jwt"
    ),
    Row("no client key", without_its_key, "client_key_missing", "JWKS URL", "private_key_jwt"),
]
REACHING = [
    Row("an unknown host", registered(issuer="https://nowhere.invalid"), "host_unresolved", "name server"),
    Row("metadata service", registered(issuer=METADATA), "address_refused", "metadata services"),
    Row("nobody listens", goes_down, "connection_refused", "port of the issuer"),
    Row(
        "https at a port of http",
        registered(issuer=lambda op: op.issuer.replace("http:", "https:")),
        "tls_failed",
        "https",
    ),
    Row("a clock ten minutes ahead", clock(600), "clock_skew", "NTP"),
    Row("a clock ten minutes behind", clock(-600), "clock_skew", "NTP"),
    Row("a clock half a minute ahead", clock(30), "clock_drift", "NTP"),
]
DISCOVERY = [
    Row(
        "another path",
        registered(issuer=lambda op: f"{op.issuer}/typo"),
        "discovery_not_found",
        "realm, tenant and path",
    ),
    Row("no document", at("discovery", 404, "", "text/plain"), "discovery_not_found", "Compare the address"),
    Row(
        "authentication before it", at("discovery", 401, {}), "discovery_forbidden", "without authentication"
    ),
    Row("forbidden", at("discovery", 403, {}), "discovery_forbidden", "proxy"),
    Row("a fault", at("discovery", 500, {}), "discovery_server_error", "log"),
    Row("bad gateway", lambda op: op.html("discovery", 502) and {}, "discovery_server_error", "log"),
    Row(
        "a tenant that is not there",
        at("discovery", 400, {"error": "invalid_tenant", "error_description": "Tenant 'x' not found."}),
        "discovery_not_found",
        "realm, tenant and path",
    ),
    Row("a strange status", at("discovery", 418, {}), "discovery_unexpected_status", "Check the address"),
    Row(
        "a redirect",
        redirects("discovery", "https://sso.example/new?x=y"),
        "discovery_redirects",
        "redirects are not followed",
    ),
    Row("a captive portal", lambda op: op.html("discovery") and {}, "discovery_is_html", "captive portal"),
    Row("a page called JSON", at("discovery", 200, "<html>"), "discovery_is_html", "Check the path"),
    Row(
        "another media type",
        at("discovery", 200, "{}", "text/csv"),
        "discovery_wrong_media_type",
        "application/json",
    ),
    Row("half a document", at("discovery", 200, '{"issuer": "'), "discovery_malformed", "proxy"),
    Row("a list", at("discovery", 200, []), "discovery_malformed", "proxy"),
    Row("a member twice", at("discovery", 200, '{"a": 1, "a": 2}'), "discovery_malformed", "proxy"),
    Row("NUL", at("discovery", 200, '{"a": "\\u0000"}'), "discovery_malformed", "proxy"),
    Row("a huge file", at("discovery", 200, "x" * 600_000), "discovery_too_large", "another file"),
    Row("a cut connection", hangs_up("discovery"), "discovery_broken_answer", "proxy"),
]
ISSUER = [
    Row(
        "a slash there", says(issuer=lambda op: f"{op.issuer}/"), "issuer_trailing_slash", "slash at the end"
    ),
    Row(
        "a slash here",
        registered(issuer=lambda op: f"{op.issuer}/"),
        "issuer_trailing_slash",
        "slash at the end",
    ),
    Row("upper case", says(issuer=lambda op: op.issuer.upper()), "issuer_case", "upper and lower case"),
    Row(
        "https there",
        says(issuer=lambda op: op.issuer.replace("http:", "https:")),
        "issuer_scheme",
        "behind a proxy",
    ),
    Row("another port", says(issuer=lambda op: f"http://127.0.0.1:1/{op.name}"), "issuer_port", "port"),
    Row(
        "its inner name",
        says(issuer=lambda op: f"http://keycloak:8080/{op.name}"),
        "issuer_host",
        "public host name",
    ),
    Row("another realm", says(issuer=lambda op: f"{op.issuer}2"), "issuer_path", "Keycloak", "realm"),
    Row(
        "the document's address there",
        says(issuer=lambda op: op.url("discovery")),
        "issuer_well_known_suffix",
        "Leave out",
    ),
    Row("many tenants", says(issuer="https://login.example/{tenantid}/v2.0"), "issuer_template", "tenant"),
    Row("a blank", says(issuer=lambda op: f"{op.issuer} "), "issuer_white_space", "white space"),
    Row("somebody else", says(issuer="https://evil.example"), "issuer_mismatch", "Register the issuer"),
    Row("no issuer", lacks("issuer"), "issuer_missing", "OpenID Provider"),
    Row("an empty issuer", says(issuer=""), "issuer_missing", "OpenID Provider"),
    Row(
        "an issuer without a scheme there",
        says(issuer=lambda op: op.issuer.removeprefix("http://")),
        "issuer_mismatch",
        "let the provider publish “http://127.0.0.1",
    ),
    Row(
        "an escaped template",
        says(issuer="https://login.example/%7Btenantid%7D/v2.0"),
        "issuer_template",
        "tenant",
    ),
    Row("a number as issuer", says(issuer=1), "issuer_missing", "OpenID Provider"),
    Row("a port that is none", says(issuer="http://x:99999999/"), "issuer_mismatch", "Register the issuer"),
]
ENDPOINTS = [
    Row("no token endpoint", lacks("token_endpoint"), "endpoint_missing", "code flow"),
    Row("no key set", lacks("jwks_uri"), "endpoint_missing", "publish this endpoint"),
    Row("no authorization endpoint", says(authorization_endpoint=None), "endpoint_missing", "OpenID Connect"),
    Row("a path only", says(token_endpoint="/token"), "endpoint_malformed", "public address"),
    Row("a number", says(jwks_uri=3), "endpoint_malformed", "https address"),
    Row("another scheme", says(userinfo_endpoint="ftp://x.example/me"), "endpoint_ignored", "public address"),
    Row("a fragment", says(end_session_endpoint="https://x.example/#out"), "endpoint_ignored", "correct"),
    Row("a relative address", says(end_session_endpoint="/logout"), "endpoint_ignored", "public address"),
    Row("no text at all", says(jwks_uri=""), "endpoint_malformed", "https address"),
    Row("a text for a list", says(scopes_supported="openid"), "metadata_malformed", "member"),
    Row("a text for contexts", says(acr_values_supported="phr"), "metadata_malformed", "member"),
    Row("a text for a flag", says(backchannel_logout_supported="yes"), "metadata_malformed", "member"),
    Row("endpoints that moved", with_outdated_metadata, "metadata_outdated", "adopt or refuse"),
]
KEYS = [
    Row("no keys", keys(lambda ring: []), "keys_empty", "signing key"),
    Row(
        "encryption keys only",
        keys(lambda ring: [ring.rsa_enc.jwk(), ring.ec_enc.jwk()]),
        "keys_only_for_encryption",
        "use: sig",
    ),
    Row("a weak key", keys(lambda ring: [ring.weak_rsa.jwk()]), "keys_weak", "2048 bits"),
    Row(
        "a weak key beside",
        keys(lambda ring: [ring.rsa[0].jwk(), ring.weak_rsa.jwk()]),
        "keys_some_weak",
        "Retire",
    ),
    Row(
        "one kid twice",
        keys(lambda ring: [key.jwk(kid="same") for key in ring.rsa]),
        "keys_duplicate_kid",
        "kid of its own",
    ),
    Row(
        "no kid twice", keys(lambda ring: [key.jwk(kid=None) for key in ring.rsa]), "keys_without_kid", "kid"
    ),
    Row(
        "a private key",
        keys(lambda ring: [ring.rsa[0].jwk(), ring.ec[0].jwk(d="AAAA")]),
        "keys_private_members",
        "at once",
    ),
    Row(
        "a key to encrypt with by its operations",
        keys(lambda ring: [ring.rsa[0].jwk(use=None, key_ops=["encrypt"])]),
        "keys_for_other_algorithms",
        "RSA key_ops encrypt",
    ),
    Row(
        "other algorithms",
        keys(lambda ring: [ring.ec[0].jwk(), ring.ed25519.jwk()]),
        "keys_for_other_algorithms",
        "Accept the algorithm",
    ),
    Row(
        "RSA where EC is accepted",
        keys(lambda ring: [ring.rsa[0].jwk()]),
        "keys_for_other_algorithms",
        "signing algorithms",
        "ec",
    ),
    Row(
        "a shared secret",
        keys(lambda ring: [{"kty": "oct", "k": "AAAA"}]),
        "keys_unusable",
        "Replace the keys",
    ),
    Row("no list of keys", at("jwks", 200, {"keys": {}}), "keys_malformed", "jwks_uri"),
    Row("a page for keys", lambda op: op.html("jwks") and {}, "keys_is_html", "jwks_uri"),
    Row("no key set there", at("jwks", 404, ""), "keys_not_found", "jwks_uri"),
    Row("keys behind a login", redirects("jwks", "/login"), "keys_redirects", "redirects are not followed"),
    Row(
        "a dead key set host",
        says(jwks_uri="http://127.0.0.1:1/jwks"),
        "keys_unreachable",
        "this console may reach",
    ),
]
OFFERS = [
    Row(
        "an unlisted scope", registered(scopes=["openid", "roles"]), "scope_not_listed", "Take the scope out"
    ),
    Row(
        "no code flow",
        says(response_types_supported=["id_token"]),
        "response_type_not_supported",
        "switch the flow on",
    ),
    Row("the legacy flow", registered(response_type="id_token"), "response_type_legacy", "PKCE"),
    Row(
        "no form_post",
        says(response_modes_supported=["query"]),
        "response_mode_not_supported",
        "extra parameters",
        "form_post",
    ),
    Row(
        "no code grant", says(grant_types_supported=["implicit"]), "code_grant_not_supported", "standard flow"
    ),
    Row("plain PKCE", says(code_challenge_methods_supported=["plain"]), "pkce_method_not_supported", "S256"),
    Row(
        "another method listed",
        lists_another_method_and_rejects,
        "client_authentication_not_supported",
        "auth method",
    ),
    Row(
        "another assertion algorithm",
        says(token_endpoint_auth_signing_alg_values_supported=["RS256"]),
        "assertion_algorithm_not_supported",
        "client_secret_jwt",
        "client_secret_jwt",
    ),
    Row(
        "another signing algorithm",
        says(id_token_signing_alg_values_supported=["ES384"]),
        "signing_algorithm_not_supported",
        "signing algorithms",
    ),
    Row(
        "a shared callback without iss",
        lacks("authorization_response_iss_parameter_supported"),
        "shared_callback_without_iss",
        "dedicated",
        "shared",
    ),
    Row(
        "pushing off where it is demanded",
        registered(pushed_authorization=False),
        "pushing_required",
        "Switch pushed",
        "pushed",
    ),
    Row(
        "nowhere to push to",
        says(require_pushed_authorization_requests=True),
        "pushing_endpoint_missing",
        "optional",
    ),
    Row(
        "a context that is not there",
        lambda op: says(acr_values_supported=["0", "1"])(op) or {"required_acr": ["phr"]},
        "authentication_context_not_listed",
        "acr_values_supported",
    ),
    Row(
        "a context to administer that is not there",
        lambda op: says(acr_values_supported=["0", "1"])(op) or {"admin_required_acr": ["phr"]},
        "authentication_context_not_listed",
        "acr_values_supported",
    ),
    Row(
        "methods that the provider never tells",
        lambda op: says(claims_supported=["sub", "acr"])(op) or {"admin_required_amr": ["mfa"]},
        "authentication_claim_not_listed",
        "rehearse",
    ),
    Row(
        "no refresh tokens",
        says(grant_types_supported=["authorization_code"]),
        "refresh_grant_not_listed",
        "prompt=none",
        "refreshing",
    ),
    Row(
        "offline_access forgotten",
        registered(scopes=["openid"]),
        "refresh_scope_missing",
        "offline_access",
        "refreshing",
    ),
    Row(
        "PKCE not needed and off",
        lambda op: client(pkce_required=False)(op) or {"pkce": False},
        "pkce_off",
        "stolen code",
    ),
]
AUTHORIZATION = [
    Row(
        "another redirect URI there",
        client(redirect_uris=["https://sso.example/cb"]),
        "redirect_uri_not_registered",
        "character by character",
        "registered",
    ),
    Row(
        "the shared callback there",
        client(redirect_uris=["http://localhost:8000/callback"]),
        "redirect_uri_not_registered",
        "Register exactly",
        "registered",
    ),
    Row("a mistyped client id", registered(client_id="consol"), "client_unknown", "client ID"),
    Row(
        "a response type not for it",
        client(response_types=["id_token"]),
        "response_type_refused",
        "Allow the response type",
        "registered",
    ),
    Row("PKCE demanded and off", registered(pkce=False), "pkce_refused", "Switch PKCE on"),
    Row("a scope not for it", refuses("invalid_scope"), "scope_refused", "assign it"),
    Row("a flow not for it", refuses("unauthorized_client"), "client_not_allowed", "authorization code flow"),
    Row(
        "a response type refused",
        refuses("unsupported_response_type"),
        "response_type_refused",
        "choose code",
    ),
    Row(
        "a request refused",
        refuses("invalid_request", "acr_values are not taken"),
        "authorization_refused",
        "extra parameters",
    ),
    Row("PKCE refused", refuses("invalid_request", "code challenge required"), "pkce_refused", "S256"),
    Row("nobody let in", refuses("access_denied"), "authorization_refused", "log"),
    Row("a fault told by redirect", refuses("server_error"), "authorization_fails", "log"),
    Row("a refusal posted back", refuses("invalid_scope"), "scope_refused", "assign it", "form_post"),
    Row(
        "no authorization endpoint there",
        at("authorization", 404, ""),
        "authorization_not_found",
        "authorization_endpoint",
    ),
    Row("a fault at the endpoint", at("authorization", 500, ""), "authorization_fails", "log"),
    Row("a cut answer at the endpoint", hangs_up("authorization"), "authorization_unreachable", "browsers"),
    Row(
        "an error page with 200",
        page("<h1>We are sorry</h1><p>Invalid parameter: redirect_uri</p>"),
        "redirect_uri_not_registered",
        "Register exactly",
    ),
    Row("a client page with 200", page("<p>Client not found.</p>"), "client_unknown", "client ID"),
    Row(
        "a client page with 400",
        page("<p>Application disabled or invalid</p>", 400),
        "client_unknown",
        "enabled",
    ),
    Row(
        "a client page with 404",
        page('Bad Request Invalid client_id ("console").', 404),
        "client_unknown",
        "client ID",
    ),
    Row(
        "a client that is switched off",
        page("<h1>We are sorry</h1><p>Login requester not enabled</p>", 400),
        "client_unknown",
        "enabled",
    ),
    Row(
        "another word for a redirect URI",
        redirects("authorization", "/error?error=redirect_mismatch&client_id=console"),
        "redirect_uri_not_registered",
        "type http://localhost:8000/callback/corp",
    ),
    Row(
        "an error in base64",
        redirects("authorization", "/signin/oauth/error?authError=ChVyZWRpcmVjdF91cmlfbWlzbWF0Y2gS"),
        "redirect_uri_not_registered",
        "type http://localhost:8000/callback/corp",
    ),
    Row(
        "a response mode that is refused",
        page("unsupported_response_mode", 400),
        "response_mode_not_supported",
        "extra parameters",
        "form_post",
    ),
    Row("a bare 403", page("", 403), "authorization_refused", "log"),
    Row(
        "an application's script",
        page('<script>x={"m":"AADSTS50011: The reply URL is not there"}</script>'),
        "redirect_uri_not_registered",
        "Register exactly",
    ),
    Row(
        "a redirect to an error page",
        redirects("authorization", "/oauth/error?authError=redirect_uri_mismatch"),
        "redirect_uri_not_registered",
        "Register exactly",
    ),
    Row(
        "a redirect with an unknown error",
        redirects("authorization", "/x?error=boom"),
        "authorization_refused",
        "log",
    ),
    Row(
        "our start page",
        redirects("authorization", "http://localhost:8000/"),
        "redirect_uri_replaced",
        "remove the other",
    ),
    Row("a lost state", returns(state=None), "state_not_returned", "redirects"),
    Row("another state", returns(state="x"), "state_not_returned", "never taken"),
    Row("a lost iss", returns(iss=None), "iss_parameter_missing", "announces"),
    Row("another iss", returns(iss="https://evil.example"), "iss_parameter_mismatch", "exactly"),
    Row(
        "a push refused",
        refuses_pushing,
        "pushed_request_refused",
        "switch pushed authorization requests off",
        "pushed",
    ),
    Row(
        "a pushed redirect URI refused",
        refuses_pushed_redirect_uri,
        "redirect_uri_not_registered",
        "Register exactly",
        "pushed",
    ),
    Row(
        "a client that has to push",
        page("<p>Pushed Authorization Request must be used</p>", 400),
        "pushed_request_required",
        "Switch pushed",
    ),
]
TOKEN = [
    Row(
        "a wrong secret",
        registered(client_secret="x" * 40),
        "client_credentials_rejected",
        "Copy the client secret again",
    ),
    Row(
        "a wrong secret, posted",
        registered(client_secret="x" * 40),
        "client_credentials_rejected",
        "auth method",
        "post",
    ),
    Row(
        "a wrong secret, pushed",
        registered(client_secret="x" * 40),
        "client_credentials_rejected",
        "Copy",
        "pushed",
    ),
    Row(
        "a blank after the secret",
        lambda op: {"client_secret": f"{op.client.client_secret} "},
        "client_credentials_rejected",
        "Copy",
    ),
    Row(
        "post there",
        another_method("client_secret_basic", "client_secret_post"),
        "client_authentication_method_wrong",
        "under expected",
    ),
    Row(
        "basic there",
        another_method("client_secret_post", "client_secret_basic"),
        "client_authentication_method_wrong",
        "under expected",
    ),
    Row(
        "public there",
        another_method("client_secret_basic", "none"),
        "client_authentication_method_wrong",
        "under expected",
    ),
    Row(
        "confidential there, secret known",
        another_method("none", "client_secret_post"),
        "client_authentication_method_wrong",
        "under expected",
    ),
    Row(
        "confidential there",
        another_method("none", "client_secret_basic", client_secret=None),
        "client_secret_required",
        "Make the client public",
    ),
    Row(
        "another key there",
        lambda op: client(jwks={"keys": [op.keys.ec[0].jwk()]})(op),
        "client_assertion_rejected",
        "JWKS URL",
        "private_key_jwt",
    ),
    Row(
        "another shared secret",
        registered(client_secret="x" * 40),
        "client_assertion_rejected",
        "method",
        "client_secret_jwt",
    ),
    Row(
        "an older audience",
        lambda op: client(assertion_audience=op.url("token"))(op),
        "client_assertion_rejected",
        "audience",
        "private_key_jwt",
    ),
    Row("no token endpoint there", at("token", 404, ""), "token_endpoint_not_found", "only GET"),
    Row(
        "a page at the token endpoint",
        lambda op: op.html("token") and {},
        "token_endpoint_not_json",
        "firewall",
    ),
    Row("bytes at the token endpoint", at("token", 400, "nonsense"), "token_endpoint_not_json", "proxy"),
    Row(
        "a redirect at the token endpoint",
        redirects("token", "/other"),
        "token_endpoint_redirects",
        "never sent on",
    ),
    Row("a fault at the token endpoint", at("token", 503, ""), "token_endpoint_fails", "log"),
    Row(
        "a cut answer at the token endpoint",
        hangs_up("token"),
        "token_endpoint_unreachable",
        "the console does",
    ),
    Row("too many requests", at("token", 429, {}), "token_endpoint_busy", "rate limit"),
    Row(
        "a grant not for it",
        at("token", 400, {"error": "unauthorized_client"}),
        "grant_not_allowed",
        "authorization_code",
    ),
    Row(
        "tokens for anything",
        at("token", 200, {"access_token": "x"}),
        "token_endpoint_accepts_anything",
        "Do not use",
    ),
    Row(
        "a refusal that says nothing",
        at("token", 400, {"error": "invalid_request"}),
        "token_endpoint_unclear",
        "by hand",
    ),
    Row(
        "a client ID that has an error of its own",
        at("token", 400, {"error": "invalid_client_id", "error_description": "client identifier invalid"}),
        "client_credentials_rejected",
        "The client ID here is console",
    ),
    Row(
        "a wrong secret that is told in words",
        at("token", 400, {"error": "invalid_request", "error_description": "client_secret not match"}),
        "client_credentials_rejected",
        "Copy the client secret again",
    ),
    Row("a plain 401", at("token", 401, "", "text/plain"), "client_credentials_rejected", "client ID"),
]

ROWS = [*REGISTRATION, *REACHING, *DISCOVERY, *ISSUER, *ENDPOINTS, *KEYS, *OFFERS, *AUTHORIZATION, *TOKEN]
