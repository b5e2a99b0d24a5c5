"""The console as the scripted provider knows it, and the person who signs in there."""

import secrets
from dataclasses import dataclass, field

# Everything that form-urlencoding, HTML and JSON change, non-ASCII included, and long enough for HS256.
SECRET = "s3cret:with%2B all+of/it=&?-<\"'\\>ñandú-and-long-enough-for-HS256"
# Nothing that any of them changes.
PLAIN_SECRET = "s3cret-in-plain-ASCII-and-long-enough-for-HS256"


@dataclass
class Client:
    """None as a list of URIs or response types means: not restricted."""

    client_id: str = "console"
    client_secret: str | None = SECRET
    token_endpoint_auth_method: str = "client_secret_basic"
    redirect_uris: list | None = None
    post_logout_redirect_uris: list | None = None
    response_types: list | None = None
    id_token_signed_response_alg: str = "RS256"
    pkce_required: bool = True
    jwks: dict | None = None
    assertion_audience: str | None = None  # None: the issuer


def person():
    """Claims by which every test knows the same person."""
    return {
        "sub": "subject-1",
        "name": "Alice Example",
        "preferred_username": "alice",
        "email": "alice@corp.example",
        "email_verified": True,
        "groups": ["staff"],
    }


CLAIMS_OF_SCOPE = {
    "profile": ["name", "preferred_username"],
    "email": ["email", "email_verified"],
    "groups": ["groups"],
}


def claims_for(person, scope):
    """The claims that these scopes ask for, and no others."""
    names = ["sub"] + [name for word in scope.split() for name in CLAIMS_OF_SCOPE.get(word, [])]
    return {name: person[name] for name in names if name in person}


@dataclass
class Grant:
    """One authorization: what was asked, and what was handed out for it."""

    params: dict
    code: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    access_token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    refresh_token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    code_used: bool = False

    @property
    def scope(self):
        return self.params.get("scope", "openid")

    def renew(self):
        """Refreshing rotates both tokens."""
        self.access_token, self.refresh_token = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
