"""What the schema shows of the operations that a program begins with, as requests and as answers."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

AUDIENCE = "https://metadata.example"
MADE_AT, ENDS_AT = "2026-11-26T10:00:00Z", "2026-12-03T10:00:00Z"
GRANTS = [{"audience": AUDIENCE, "scopes": ["metadata.read"], "roles": []}]
TRUST = {
    "issuer": "https://token.actions.githubusercontent.com",
    "audience": "https://console.example",
    "subject": "repo:corp/pipelines:ref:refs/heads/main",
}
PUBLIC_KEY = {
    "kty": "OKP",
    "crv": "Ed25519",
    "kid": "ci-1",
    "use": "sig",
    "alg": "EdDSA",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
}


def asked(name: str, value: dict[str, Any]) -> OpenApiExample:
    return OpenApiExample(name, value=value, request_only=True)


def answered(name: str, value: dict[str, Any], *, status: int = 201) -> OpenApiExample:
    return OpenApiExample(name, value=value, response_only=True, status_codes=[str(status)])


NEW_AUDIENCE = [
    asked("an API with a scope", {"identifier": AUDIENCE, "name": "Metadata", "scopes": ["metadata.read"]}),
    answered(
        "the audience",
        {
            "identifier": AUDIENCE,
            "name": "Metadata",
            "scopes": ["metadata.read"],
            "profile": "rfc9068",
            "signing_alg": "ES256",
            "token_lifetime": 3600,
            "max_token_lifetime": 86_400,
            "disabled": False,
            "created_at": MADE_AT,
        },
    ),
]
NEW_BOT = [
    asked("a bot with a grant", {"name": "nightly", "owner": "alice@corp.example", "grants": GRANTS}),
    answered(
        "the bot",
        {
            "name": "nightly",
            "description": "",
            "owner": "alice@corp.example",
            "disabled": False,
            "allowed_networks": [],
            "max_live_tokens": 10_000,
            "grants": GRANTS,
            "created_at": MADE_AT,
            "last_used_at": None,
        },
    ),
]
NEW_SECRET = [
    asked("for a week", {"label": "cron", "expires_at": ENDS_AT}),
    answered(
        "the secret, once",
        {
            "id": "0b9df4e2-7c1a-4d0e-9a55-0f5b7d1f6c21",
            "label": "cron",
            "client_secret": "ssoc_this-answer-alone-has-it",
            "hint": "ssoc_this…-it",
            "created_at": MADE_AT,
            "expires_at": ENDS_AT,
        },
    ),
]
NEW_CREDENTIAL = [
    asked("trust a workload", {"kind": "federation", "trust": TRUST}),
    asked("a public key", {"kind": "public_keys", "jwks": {"keys": [PUBLIC_KEY]}}),
    asked("where public keys are", {"kind": "public_keys", "jwks_uri": "https://ci.example/jwks.json"}),
    answered(
        "a workload that is trusted",
        {
            "id": "5f0f2f0c-3f0b-4a39-8f0e-6d3c3d1f8a17",
            "kind": "federation",
            "label": TRUST["subject"],
            "hint": "",
            "public_keys": None,
            "jwks_uri": "",
            "trust": {**TRUST, "claims": {}},
            "created_at": MADE_AT,
            "created_by": "user:bob",
            "expires_at": None,
            "last_used_at": None,
            "last_used_from": None,
            "retire_after_unused_days": None,
            "retired_at": None,
            "retired_by": "",
            "safe_to_retire": False,
            "evidence": "Not used yet.",
            "warnings": [],
        },
    ),
]
NEW_TOKEN = [
    asked("for a week", {"audience": AUDIENCE, "lifetime": "7", "label": "cron"}),
    asked("for ten minutes, with one scope", {"scopes": ["metadata.read"], "lifetime": 600}),
    answered(
        "the token, once",
        {
            "jti": "da3328565270ed8b06e972b0c5be875a",
            "token": "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJpc3MiOiJodHRwcz.MEUCIQD",
            "audience": AUDIENCE,
            "scopes": ["metadata.read"],
            "label": "cron",
            "issued_at": MADE_AT,
            "expires_at": ENDS_AT,
        },
    ),
]
REVOKED = [answered("two tokens ended", {"revoked": 2}, status=200)]
ROTATION = [asked("a new key", {"alg": "EdDSA"})]
