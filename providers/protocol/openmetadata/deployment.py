"""What an export is made of: a registration, and where OpenMetadata runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class JwtKeys:
    """The key files of the server's own tokens; `is_new` if this key id was made for this export."""

    directory: str
    key_id: str
    is_new: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """
    A registration in the console's terms, without its secret.

    `provider_jwks` is the `jwks_uri` of the discovery document, None while nobody has fetched it. `console_jwks`
    is where the console publishes its keys. `server_url` is the origin of OpenMetadata, None if not known.
    """

    slug: str
    kind: str
    name: str
    issuer: str
    client_id: str
    token_endpoint_auth_method: str
    response_type: str
    scopes: Sequence[str]
    pkce: bool
    signing_algs: Sequence[str]
    leeway: int
    max_age: int | None
    prompt: str
    extra_params: Mapping[str, str]
    principal_claims: Sequence[str]
    email_claim: str
    admin_principals: Sequence[str]
    allowed_email_domains: Sequence[str]
    self_signup: bool
    provider_jwks: str | None
    console_jwks: str
    server_url: str | None = None
    jwt_keys: JwtKeys | None = None

    @property
    def is_public(self) -> bool:
        return self.token_endpoint_auth_method == "none"  # noqa: S105 - a method's name

    @property
    def secret_variable(self) -> str:
        """The environment variable that the files refer to for the client secret."""
        stem = self.slug.upper().replace("-", "_")
        return f"{'_' if stem[:1].isdigit() else ''}{stem}_CLIENT_SECRET"
