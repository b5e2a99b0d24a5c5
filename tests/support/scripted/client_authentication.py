"""Did the relying party authenticate exactly as it is registered? (RFC 6749 2.3, RFC 7523, OpenID Core 9)"""

import base64
import binascii
import re
import time
from urllib.parse import unquote_plus

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OctKey

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
FORM_URLENCODED = re.compile(r"[A-Za-z0-9*\-._~+]*(%[0-9A-Fa-f]{2}[A-Za-z0-9*\-._~+]*)*")
SIGNATURES = ["RS256", "PS256", "ES256", "Ed25519"]


def complaints(request, provider):
    """What is wrong with the client authentication of this token request."""
    client, form = provider.client, request.form
    found = []
    if "client_id" in form and form["client_id"] != client.client_id:
        found.append(f"client_id is {form['client_id']!r}")
    present = {
        "client_secret_basic": "authorization" in request.headers,
        "client_secret_post": "client_secret" in form,
        "an assertion": "client_assertion" in form or "client_assertion_type" in form,
    }
    method = client.token_endpoint_auth_method
    expected = "an assertion" if method.endswith("_jwt") else method
    found += [
        f"{way} is sent by a {method} client" for way, sent in present.items() if sent and way != expected
    ]
    return found + CHECKS[method](request, provider)


def _none(request, provider):
    return [] if "client_id" in request.form else ["a public client has to send client_id"]


def _basic(request, provider):
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return ["no Basic credentials"]
    try:
        text = base64.b64decode(credentials, validate=True).decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        return ["Basic credentials are not base64 of form-urlencoded text"]
    client_id, colon, secret = text.partition(":")
    if not colon or not FORM_URLENCODED.fullmatch(client_id) or not FORM_URLENCODED.fullmatch(secret):
        return ["id and secret are not form-urlencoded inside Basic"]
    return _compare(provider.client, unquote_plus(client_id), unquote_plus(secret))


def _post(request, provider):
    return _compare(provider.client, request.form.get("client_id"), request.form.get("client_secret"))


def _compare(client, client_id, secret):
    found = [] if client_id == client.client_id else [f"client_id is {client_id!r}"]
    return found if secret == client.client_secret else [*found, "the client secret is wrong"]


def _private_key(request, provider):
    keys = KeySet.import_key_set(provider.client.jwks or {"keys": []})
    return _assertion(request, provider, keys, SIGNATURES)


def _secret_jwt(request, provider):
    return _assertion(request, provider, OctKey.import_key(provider.client.client_secret), ["HS256"])


def _assertion(request, provider, keys, algorithms):
    if request.form.get("client_assertion_type") != ASSERTION_TYPE:
        return ["client_assertion_type is wrong or absent"]
    try:
        claims = jwt.decode(request.form.get("client_assertion", ""), keys, algorithms=algorithms).claims
    except (JoseError, ValueError) as error:
        return [f"client_assertion does not verify: {error!r}"]
    found = [
        f"client_assertion {name} is {claims.get(name)!r}"
        for name in ("iss", "sub")
        if claims.get(name) != provider.client.client_id
    ]
    audience = provider.client.assertion_audience or provider.issuer
    if claims.get("aud") != audience:
        found.append(f"client_assertion aud is {claims.get('aud')!r}, not {audience!r} alone")
    if not time.time() < claims.get("exp", 0) <= time.time() + 600:
        found.append("client_assertion exp is absent, past or more than ten minutes away")
    if not claims.get("jti") or claims["jti"] in provider.assertions_seen:
        found.append("client_assertion jti is absent or used before")
    provider.assertions_seen.add(claims.get("jti"))
    return found


CHECKS = {
    "none": _none,
    "client_secret_basic": _basic,
    "client_secret_post": _post,
    "private_key_jwt": _private_key,
    "client_secret_jwt": _secret_jwt,
}
