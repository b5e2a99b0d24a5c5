"""The scripted provider in the shape of OneLogin's OpenID Connect v2."""

PATHS = {
    "authorization": "/auth",
    "token": "/token",
    "userinfo": "/me",
    "jwks": "/certs",
    "end_session": "/logout",
}


def look_like_onelogin(op):
    """`…/oidc/2` with OneLogin's endpoints: no RFC 9207, nothing pushed, and a public client with PKCE."""
    op.name = f"{op.name}/oidc/2"
    op.moved = dict(PATHS)
    op.discovery.fields |= {
        "response_types_supported": ["code", "id_token", "id_token token"],
        "scopes_supported": ["openid", "name", "profile", "groups", "email", "phone", "offline_access"],
    }
    op.discovery.drop(
        "authorization_response_iss_parameter_supported", "pushed_authorization_request_endpoint"
    )
    op.client.token_endpoint_auth_method, op.client.client_secret = "none", None
