"""
Registrations that work, one for each way to be a client; each bends the provider `op` and returns fields.

A misconfiguration breaks one thing at one of them, and every one of them has to stay silent.
"""

from providers.models import Provider

CALLBACK = "http://localhost:8000/callback/corp"


def _method(method):
    def base(op):
        op.client.token_endpoint_auth_method = method
        if method == "none":
            op.client.client_secret = None
        return {}

    return base


def _form_post(op):
    return {"extra_params": {"response_mode": "form_post"}}


def _pushed(op):
    op.offer_par(required=True)
    return {}


def _shared(op):
    Provider.objects.create(slug="other", name="Other", issuer="https://other.example", client_id="x")
    return {"callback": "shared"}


def _refreshing(op):
    return {"session_refresh": "refresh_token", "scopes": ["openid", "offline_access"], "prompt": "consent"}


def _ec(op):
    op.client.id_token_signed_response_alg = "ES256"
    op.jwks.publish(*[key.jwk() for key in op.keys.ec])
    return {}


def _registered(op):
    op.client.redirect_uris = [CALLBACK]
    op.client.response_types = ["code"]
    return {}


def _login_page(op):
    page = "<h1>Sign in</h1><form method=post><input name=who><input type=password name=p></form>"
    op.authorization.respond(200, page, "text/html")
    return {}


def _realm(op):
    op.name = f"realms/{op.name}"
    return {}


BASES = {
    "basic": lambda op: {},
    "post": _method("client_secret_post"),
    "public": _method("none"),
    "client_secret_jwt": _method("client_secret_jwt"),
    "private_key_jwt": _method("private_key_jwt"),
    "form_post": _form_post,
    "pushed": _pushed,
    "shared": _shared,
    "refreshing": _refreshing,
    "ec": _ec,
    "registered": _registered,
    "login_page": _login_page,
    "realm": _realm,
    "tls": lambda op: {},
}
