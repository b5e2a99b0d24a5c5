"""Forged answers of the token endpoint and of userinfo: members, bodies, media types, statuses."""

import json

from hypothesis import strategies as st

from tests.providers.fuzz.fuzz_case import Case
from tests.providers.fuzz.fuzz_jwt import Jwt, changed
from tests.providers.fuzz.fuzz_rules import claim_must_be_refused, same
from tests.providers.fuzz.fuzz_values import CHANGES, REMOVED, SURE, has_twins, is_no_json, json_of
from tests.support.scripted.keys import b64

RESPONSE = [
    "id_token",
    "access_token",
    "token_type",
    "expires_in",
    "scope",
    "refresh_token",
    "error",
    "unknown",
]
USERINFO = ["sub", "email", "email_verified", "name", "preferred_username", "groups", "iss", "aud", "unknown"]
# Whatever these are, the person is named as the honest answer names her.
NAMES_HER = {"email", "preferred_username"}

BODIES = {
    "empty": lambda body: b"",
    "cut": lambda body: body[: len(body) // 2],
    "in a list": lambda body: b"[" + body + b"]",
    "as text": lambda body: json.dumps(body.decode()).encode(),
    "twice": lambda body: body + body,
    "with a byte order mark": lambda body: b"\xef\xbb\xbf" + body,
    "in UTF-16": lambda body: body.decode().encode("utf-16"),
    "with a NUL after it": lambda body: body + b"\0",
    "with a comment": lambda body: b"/* */" + body,
    "as a form": lambda body: b"access_token=a&token_type=Bearer&id_token=b",
    "a web page": lambda body: b"<!doctype html><title>Oops</title>",
    "null": lambda body: b"null",
    "a number": lambda body: b"1",
    "not UTF-8": lambda body: body[:-1] + b',"x":"\xff\xfe"}',
    "huge": lambda body: body + b" " * 600_000,
    "deep": lambda body: b'{"a":' * 5_000 + body + b"}" * 5_000,
    "in other quotes": lambda body: body.replace(b'"', b"'"),
}
MEDIA_TYPES = {
    "text/html": True,
    "text/plain": True,
    "application/x-www-form-urlencoded": True,
    "application/xml": True,
    "application/octet-stream": True,
    "": True,
    "json": True,
    "Application/JSON": False,
    "application/json; charset=utf-8": False,
    "application/json;charset=latin-1": False,
    "application/json, text/html": False,
}
STATUSES = [
    201,
    202,
    204,
    206,
    301,
    302,
    304,
    307,
    400,
    401,
    403,
    404,
    410,
    418,
    429,
    500,
    502,
    503,
    504,
    599,
]
HEADERS = [
    ("Location", "https://elsewhere.example/"),
    ("Set-Cookie", "session=evil"),
    ("X-Padding", "x" * 9_000),
]


def _pairs(document, name, value, at_end):
    """One member changed, or a second one of its name beside the honest one."""
    if at_end is None:
        return changed(document, name, value)
    extra, honest = [(name, value)], [*changed(document, name, REMOVED), (name, document.get(name, "value"))]
    return honest + extra if at_end else extra + honest


def _member(judge, hook_name):
    """From a name, a change and a place for a second one (or None) to the case."""

    def build(name, change, twin=None):
        case = Case(f"{hook_name} {name}: {change}" + ("" if twin is None else ", beside the honest one"))
        case.named = name not in {*NAMES_HER, "access_token"}

        def hook(world, answer):
            document = json.loads(answer.body)
            value = change.apply(document.get(name, "value"))
            value = "x" if twin is not None and value is REMOVED else value
            case.must_refuse = twin is not None or judge(name, value, document)
            answer.body = json_of(_pairs(document, name, value, twin)).encode()
            return answer

        setattr(case, hook_name, hook)
        return case

    return build


def _of_members(names, build):
    return st.builds(build, st.sampled_from(names), CHANGES, st.sampled_from([None, None, None, True, False]))


def _body(name):
    return (
        f"body {name}",
        name != "with a byte order mark",
        lambda answer: setattr(answer, "body", BODIES[name](answer.body)),
    )


def _media_type(name):
    return f"as {name!r}", MEDIA_TYPES[name], lambda answer: setattr(answer, "content_type", name)


def _status(number):
    return f"status {number}", True, lambda answer: setattr(answer, "status", number)


def _header(pair):
    return f"header {pair[0]}", False, lambda answer: answer.headers.update([pair])


def _junk(octets):
    return f"body {octets!r:.60}", True, lambda answer: setattr(answer, "body", octets)


def _whole(hook_name, whole, padding=""):
    """The body, the media type, the status or a header of the answer."""
    what, must, apply = whole
    case = Case(f"{hook_name} {what} {padding!r}", must)

    def hook(world, answer):
        apply(answer)
        answer.headers = {**answer.headers, "X-Fuzz": padding}
        return answer

    setattr(case, hook_name, hook)
    return case


def _sure_wholes(hook_name):
    named = [*map(_body, sorted(BODIES)), *map(_media_type, sorted(MEDIA_TYPES)), *map(_status, STATUSES)]
    return [_whole(hook_name, whole) for whole in named]


def _wholes(hook_name):
    wholes = st.one_of(
        st.sampled_from(sorted(BODIES)).map(_body),
        st.sampled_from(sorted(MEDIA_TYPES)).map(_media_type),
        st.sampled_from(STATUSES).map(_status),
        st.sampled_from(HEADERS).map(_header),
        st.binary(max_size=60).map(_junk),
    )
    return st.builds(_whole, st.just(hook_name), wholes, st.text("abc", max_size=6))


def sure_token_responses():
    """Every member in the ways that count, every bad body, media type and status."""
    build = _member(response_must_be_refused, "token_answer")
    members = [build(name, change) for name in RESPONSE[:3] for change in SURE]
    return members + _sure_wholes("token_answer")


def of_token_response():
    """One member changed or there twice, or the answer as a whole."""
    members = _of_members(RESPONSE, _member(response_must_be_refused, "token_answer"))
    return st.one_of(members, members, members, _wholes("token_answer"))


def response_must_be_refused(name, value, honest):
    """RFC 6749 section 5.1, OpenID Connect Core 1.0 section 3.1.3.3; the ID token vouches for the access token."""
    if value is REMOVED:
        return name in ("id_token", "token_type")
    if is_no_json(value) or has_twins(value):
        return True
    if name == "id_token":
        return not same(value, honest["id_token"])
    if name == "access_token":  # without one there is no userinfo, and the ID token still names the person
        return value not in (None, "") and not same(value, honest["access_token"])
    if name == "token_type":
        return not isinstance(value, str) or value.lower() != "bearer"
    return False


def sure_userinfo():
    """The subject in the ways that count."""
    build = _member(userinfo_must_be_refused, "userinfo_answer")
    return [build("sub", change) for change in SURE] + [build("sub", SURE[1], twin) for twin in (True, False)]


def of_userinfo():
    """One member changed or there twice, the answer as a whole, or a signed one."""
    members = _of_members(USERINFO, _member(userinfo_must_be_refused, "userinfo_answer"))
    return st.one_of(members, members, _wholes("userinfo_answer"), _signed())


def userinfo_must_be_refused(name, value, honest):
    """OpenID Connect Core 1.0 section 5.3.2: the subject is the ID token's, or nothing of it is used."""
    if value is REMOVED:
        return name == "sub"
    if is_no_json(value) or has_twins(value):
        return True
    return name == "sub" and not same(value, honest["sub"])


def _signed():
    """Userinfo as a JWT: signature, `iss`, `aud` and `sub` count, as section 5.3.2 has it."""

    def build(name, change, spoiled):
        case = Case(f"signed userinfo {name}: {change}{', signature spoiled' if spoiled else ''}")
        case.named = name not in NAMES_HER

        def hook(world, answer):
            key = world.op.keys.ec[0]
            claims = {"iss": world.op.issuer, "aud": world.op.client.client_id} | json.loads(answer.body)
            jwt = Jwt(
                f"{b64(json.dumps({'alg': 'ES256', 'kid': key.kid}).encode())}.{b64(json.dumps(claims).encode())}.",
                key,
            )
            value = change.apply(claims.get(name, "value"))
            case.must_refuse = spoiled or _claim_of_signed(name, value, claims, world)
            text = jwt.with_claim(name, value)
            answer.body = (text[:-4] + ("AAAA" if spoiled else text[-4:])).encode()
            answer.content_type = "application/jwt"
            return answer

        case.userinfo_answer = hook
        return case

    names = st.sampled_from(["iss", "aud", "sub", "email", "unknown"])
    return st.builds(build, names, CHANGES, st.sampled_from([False, False, True]))


def _claim_of_signed(name, value, claims, world):
    if name == "aud" and isinstance(value, list) and world.op.client.client_id in value:
        return False  # "be or include": who else may read it harms nobody
    return claim_must_be_refused(
        name, value, honest=claims.get(name), client_id=world.op.client.client_id, right_c_hash="", now=0
    )
