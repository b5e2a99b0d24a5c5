"""What holds a secret is written into a log or a traceback without it."""

import pytest

from providers.admin.credentials import Import
from providers.exchange.endpoints import RefreshedTokens, TokenAnswer
from providers.protocol.credentials_json import ClientCredentials
from providers.protocol.id_token import ContinuityRules, IdTokenRules
from providers.protocol.openmetadata.importing import Imported
from providers.signin.backend import AuthorizationRequest
from providers.signin.traces import SignIn
from ssoconsole.console.configuration.plan import Hidden
from ssoconsole.platform.encryption.keyring import _Key
from ssoconsole.platform.jose.algorithms import SharedSecret
from ssoconsole.platform.jose.verify import UnverifiedJws, VerifiedJwt
from ssoconsole.platform.outbound.connection import Route
from ssoconsole.platform.outbound.response import Response
from tokens.protocol.client_authentication import UnverifiedAssertion, UnverifiedClient
from tokens.protocol.form import Form
from tokens.refusals.services import Refused
from tokens.status.services import KnownList

TOKENS = ("id_token", "access_token", "refresh_token")
SECRETS = {
    Import: ["values"],
    TokenAnswer: TOKENS,
    RefreshedTokens: TOKENS,
    ClientCredentials: ["client_secret"],
    IdTokenRules: ["nonce", "access_token", "code"],
    ContinuityRules: ["original", "access_token"],
    Imported: ["secret"],
    AuthorizationRequest: ["query", "state", "nonce", "code_verifier"],
    SignIn: ["claims", "id_token", "refresh_token", "result"],
    Hidden: ["value"],
    _Key: ["aead", "mac_key"],
    SharedSecret: ["value"],
    UnverifiedJws: ["unverified_payload", "signing_input", "signature"],
    VerifiedJwt: ["claims"],
    Response: ["headers", "body"],
    Route: ["authorization"],
    UnverifiedClient: ["unverified_client_secrets"],
    UnverifiedAssertion: ["unverified_assertion"],
    Form: ["values"],
    Refused: ["token"],
    KnownList: ["seed"],
}


@pytest.mark.parametrize(
    ("holder", "secret"), [(holder, secret) for holder, names in SECRETS.items() for secret in names]
)
def test_a_secret_is_not_in_the_repr_of_what_holds_it(holder, secret):
    held = object.__new__(holder)
    for name in holder.__dataclass_fields__:
        object.__setattr__(held, name, "s3cret" if name == secret else "plain")
    assert "s3cret" not in repr(held)
