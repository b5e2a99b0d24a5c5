"""How the scripted provider answers each endpoint when no test has asked it for a fault."""

import secrets
import time
from html import escape
from urllib.parse import urlencode

from tests.support.scripted import client_authentication, rules
from tests.support.scripted.client import Grant, claims_for
from tests.support.scripted.endpoints import Answer
from tests.support.scripted.keys import half_hash


def discovery(op, request):
    return Answer.of_json(op.discovery.shape(op.metadata()))


def jwks(op, request):
    return Answer.of_json(op.jwks.shape({"keys": op.jwks.keys}))


def authorization(op, request):
    """Back to the relying party at once; there is only one person here."""
    params, found = rules.asked_for(request, op)
    op.blame("authorization", found)
    if found or "redirect_uri" not in params:
        return Answer.page(f"<p>{escape('; '.join(found))}</p>", 400)
    response_type = params["response_type"].split()
    response = {"state": params["state"]} if "state" in params else {}
    if op.speaks_rfc9207():
        response["iss"] = op.issuer
    if op.refusal:
        return send_back(op, params, response | op.refusal)
    grant = Grant(params)
    op.grants.append(grant)
    if "code" in response_type:
        response["code"] = grant.code
    if "token" in response_type:
        response |= {"access_token": grant.access_token, "token_type": "Bearer", "expires_in": "3600"}
    if "id_token" in response_type:
        response["id_token"] = op.id_token.issue(front_channel_claims(op, grant, response_type))
    return send_back(op, params, response)


def par(op, request):
    """Keep the request under a URI that is good once (RFC 9126 section 2)."""
    unauthenticated = client_authentication.complaints(request, op)
    found = rules.form_post(request, "pushed request") + rules.pushed_request(request.form_pairs, op.client)
    if op.blame("par", unauthenticated + found):
        error, status = ("invalid_client", 401) if unauthenticated else ("invalid_request", 400)
        return Answer.of_json({"error": error}, status)
    request_uri = f"urn:ietf:params:oauth:request_uri:{secrets.token_urlsafe(24)}"
    op.pushed_requests[request_uri] = {
        name: value
        for name, value in request.form.items()
        if name not in ("client_secret", "client_assertion", "client_assertion_type")
    }
    return Answer.of_json(op.par.shape({"request_uri": request_uri, "expires_in": 60}), 201)


def send_back(op, params, response):
    """By query, fragment or form_post, as the request asks; `callback_params` has the last word."""
    response = {name: value for name, value in (response | op.callback_params).items() if value is not None}
    uri = params["redirect_uri"]
    default = "query" if params["response_type"] == "code" else "fragment"
    mode = params.get("response_mode", default)
    if mode == "form_post":
        inputs = "".join(
            f'<input type="hidden" name="{escape(name)}" value="{escape(str(value))}">'
            for name, value in response.items()
        )
        form = f'<form method="post" action="{escape(uri)}">{inputs}<button>Continue</button></form>'
        script = "<script>document.forms[0].submit()</script>"
        return Answer.page(f'<!doctype html><link rel="icon" href="data:,">{form}{script}')
    glue = "#" if mode == "fragment" else "&" if "?" in uri else "?"
    return Answer.redirect(f"{uri}{glue}{urlencode(response)}")


def id_token_claims(op, grant):
    """The conformance suite's baseline: iss, sub, aud, iat, exp, nonce, s_hash and auth_time when asked."""
    now = int(time.time())
    claims = {"iss": op.issuer, "sub": op.person["sub"], "aud": op.client.client_id, "iat": now}
    claims["exp"] = now + 300
    if "nonce" in grant.params:
        claims["nonce"] = grant.params["nonce"]
    if "state" in grant.params:
        claims["s_hash"] = half_hash(op.id_token.alg, grant.params["state"])
    if "max_age" in grant.params:
        claims["auth_time"] = now
    if op.sid:
        claims["sid"] = op.sid
    return claims


def front_channel_claims(op, grant, response_type):
    claims = id_token_claims(op, grant)
    if "token" in response_type:
        claims["at_hash"] = half_hash(op.id_token.alg, grant.access_token)
    if "code" in response_type:
        claims["c_hash"] = half_hash(op.id_token.alg, grant.code)
    if response_type == ["id_token"]:
        claims |= claims_for(op.person, grant.scope)
    return claims


def token(op, request):
    found = rules.token_request(request)
    unauthenticated = client_authentication.complaints(request, op)
    if op.blame("token", found + unauthenticated):
        error, status = ("invalid_client", 401) if unauthenticated else ("invalid_request", 400)
        return Answer.of_json({"error": error}, status)
    handler = {"authorization_code": code_grant, "refresh_token": refresh_grant}.get(
        request.form.get("grant_type")
    )
    if handler is None:
        op.blame("token", [f"grant_type is {request.form.get('grant_type')!r}"])
        return Answer.of_json({"error": "unsupported_grant_type"}, 400)
    return handler(op, request.form)


def code_grant(op, form):
    grant = op.grant_with(code=form.get("code"))
    found = op.blame("token", rules.code_exchange(form, grant))
    if grant:
        grant.code_used = True
    if found:
        return Answer.of_json({"error": "invalid_grant"}, 400)
    return tokens_for(op, grant, op.id_token)


def refresh_grant(op, form):
    grant = op.grant_with(refresh_token=form.get("refresh_token"))
    if op.blame("token", [] if grant else ["unknown refresh_token"]):
        return Answer.of_json({"error": "invalid_grant"}, 400)
    grant.renew()
    return tokens_for(op, grant, op.refreshed_id_token)


def tokens_for(op, grant, id_token):
    claims = id_token_claims(op, grant)
    if id_token.at_hash:
        claims["at_hash"] = half_hash(id_token.alg, grant.access_token)
    document = {"access_token": grant.access_token, "token_type": "Bearer", "expires_in": 3600}
    document |= {"scope": grant.scope, "id_token": id_token.issue(claims)}
    if "offline_access" in grant.scope.split():
        document["refresh_token"] = grant.refresh_token
    return Answer.of_json(op.token.shape(document))


def userinfo(op, request):
    access_token, found = rules.bearer_token(request)
    grant = op.grant_with(access_token=access_token)
    if op.blame("userinfo", found if grant else [*found, "unknown access token"]):
        return Answer(401, b"", headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
    claims = claims_for(op.person, grant.scope)
    if op.userinfo.as_jwt:
        claims = {"iss": op.issuer, "aud": op.client.client_id} | claims
        return Answer(200, op.userinfo.issue(claims).encode(), "application/jwt")
    return Answer.of_json(op.userinfo.shape(op.userinfo.claims_as_sent(claims)))


def end_session(op, request):
    params = request.query if request.method == "GET" else request.form
    found = []
    if "id_token_hint" in params and params["id_token_hint"] not in op.issued_tokens:
        found.append("id_token_hint is not from this provider in this run")
    if "id_token_hint" not in params and params.get("client_id") != op.client.client_id:
        found.append("neither id_token_hint nor client_id says for whom this is")
    uri, registered = params.get("post_logout_redirect_uri"), op.client.post_logout_redirect_uris
    if uri and registered is not None and uri not in registered:
        found.append(f"post_logout_redirect_uri {uri!r} is not registered")
    if op.blame("end_session", found) or not uri:
        return Answer.page("<p>Signed out at the provider</p>", 400 if found else 200)
    response = {"state": params["state"]} if "state" in params else {}
    response = {name: value for name, value in (response | op.signout_params).items() if value is not None}
    return Answer.redirect(f"{uri}?{urlencode(response)}" if response else uri)
