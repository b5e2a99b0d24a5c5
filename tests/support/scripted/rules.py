"""What the conformance suite demands of a relying party's requests; each function returns its complaints."""

import hashlib
import re
from collections import Counter
from urllib.parse import urlsplit

from tests.support.scripted.keys import b64

NONCE = re.compile(r"[A-Za-z0-9\-._~]{1,43}")


def repeated(pairs):
    """A parameter may be there once (RFC 6749 3.1)."""
    return [f"{name} is sent {n} times" for name, n in Counter(name for name, _ in pairs).items() if n > 1]


def asked_for(request, op):
    """The parameters of an authorization request, pushed before or not, and the complaints about it."""
    found = repeated(request.query_pairs)
    if request.method != "GET":
        found.append(f"the authorization request is a {request.method}")
    if "request_uri" in request.query:
        return _pushed_before(request.query, op, found)
    if op.demands_par():
        found.append("the authorization request was not pushed")
    return request.query, found + authorization_parameters(request.query, op.client)


def _pushed_before(query, op, found):
    if set(query) != {"client_id", "request_uri"}:
        found.append(f"beside request_uri there are {sorted(query)}")
    params = op.pushed_requests.pop(query["request_uri"], None)
    if params is None:
        return {}, [*found, "request_uri is unknown or used before"]
    if query.get("client_id") != params["client_id"]:
        found.append("client_id is not the one of the pushed request")
    return params, found


def pushed_request(pairs, client):
    """What is wrong with a pushed request, apart from how the client authenticates (RFC 9126 section 2.1)."""
    params = dict(pairs)
    found = authorization_parameters(params, client)
    return [*found, "request_uri is pushed"] if "request_uri" in params else found


def authorization_parameters(params, client):
    found = []
    if params.get("client_id") != client.client_id:
        found.append(f"client_id is {params.get('client_id')!r}, not {client.client_id!r}")
    if "openid" not in params.get("scope", "").split():
        found.append("scope lacks openid")
    if params.get("max_age") == "0" and params.get("prompt") == "none":
        found.append("max_age=0 together with prompt=none")
    if not params.get("state"):
        found.append("no state")
    return (
        found
        + _redirect_uri(params, client)
        + _response_type(params, client)
        + _code_challenge(params, client)
    )


def _redirect_uri(params, client):
    uri = params.get("redirect_uri")
    if not uri:
        return ["no redirect_uri"]
    if client.redirect_uris is not None and uri not in client.redirect_uris:
        return [f"redirect_uri {uri!r} is not registered"]
    return ["redirect_uri has a fragment"] if urlsplit(uri).fragment else []


def _response_type(params, client):
    response_type = params.get("response_type")
    if not response_type:
        return ["no response_type"]
    if client.response_types is not None and response_type not in client.response_types:
        return [f"response_type {response_type!r} is not registered"]
    nonce = params.get("nonce")
    if nonce is None:
        return [] if response_type == "code" else [f"no nonce with response_type {response_type!r}"]
    if not NONCE.fullmatch(nonce):
        return ["nonce is longer than 43 characters or has unusual ones"]
    return []


def _code_challenge(params, client):
    if "code" not in params.get("response_type", "").split():
        return []
    if "code_challenge" not in params:
        return ["no code_challenge"] if client.pkce_required else []
    if params.get("code_challenge_method") != "S256":
        return [f"code_challenge_method is {params.get('code_challenge_method')!r}, not 'S256'"]
    return []


def token_request(request):
    return form_post(request, "token request")


def form_post(request, what):
    found = repeated(request.form_pairs)
    if request.method != "POST":
        found.append(f"the {what} is a {request.method}")
    if request.query_pairs:
        found.append(f"the {what} has a query string")
    media_type = request.headers.get("content-type", "").split(";")[0].strip()
    if media_type != "application/x-www-form-urlencoded":
        found.append(f"the {what} is {media_type!r}")
    return found


def code_exchange(form, grant):
    """Redirect URI and PKCE verifier belong to the authorization request of this code."""
    if grant is None:
        return ["unknown code"]
    if grant.code_used:
        return ["the code is used a second time"]
    found = []
    if form.get("redirect_uri") != grant.params.get("redirect_uri"):
        found.append("redirect_uri differs from the authorization request's")
    challenge, verifier = grant.params.get("code_challenge"), form.get("code_verifier")
    if challenge is None and verifier is not None:
        found.append("code_verifier without code_challenge")
    if challenge is not None:
        if verifier is None or not re.fullmatch(r"[A-Za-z0-9\-._~]{43,128}", verifier):
            found.append("code_verifier is absent or malformed")
        elif b64(hashlib.sha256(verifier.encode()).digest()) != challenge:
            found.append("code_verifier does not fit code_challenge")
    return found


def bearer_token(request):
    """The access token and the complaints about how it came: the header is the only place for it."""
    found = []
    if "access_token" in request.query:
        found.append("the access token is in the query string")
    if "access_token" in request.form:
        found.append("the access token is in the body")
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        return None, [*found, "no bearer token in the Authorization header"]
    return token, found
