"""Forged claims and headers of ID tokens, honestly signed; each a function from the honest token to another."""

import json
import time

from hypothesis import strategies as st

from tests.providers.fuzz.fuzz_case import Case
from tests.providers.fuzz.fuzz_jwt import Jwt, changed
from tests.providers.fuzz.fuzz_rules import (
    NEVER_HONOURED,
    OTHER_TYPES,
    claim_must_be_refused,
    header_must_be_refused,
)
from tests.providers.fuzz.fuzz_values import ANYTHING, CHANGES, REMOVED, SURE, constant, json_of

CLAIMS = [
    *("iss", "sub", "aud", "azp", "exp", "iat", "nbf", "nonce", "at_hash", "c_hash"),
    *(
        "auth_time",
        "s_hash",
        "sid",
        "acr",
        "amr",
        "jti",
        "email",
        "email_verified",
        "name",
        "groups",
        "unknown",
    ),
]
MEMBERS = [
    "alg",
    "typ",
    "kid",
    "crit",
    "b64",
    "jwk",
    "jku",
    "x5u",
    "x5c",
    "cty",
    "zip",
    "enc",
    "epk",
    "unknown",
]
BY_DEFAULT = {"exp": 300, "iat": 0, "nbf": 0, "auth_time": 0}


def sure_claims(names=CLAIMS):
    """The claims that bind a token to this sign-in, each in the ways that count."""
    return [_claim(name, change) for name in names[:10] for change in SURE]


def of_claims(names=CLAIMS):
    """One claim changed and honestly signed, or one there twice."""
    changes = st.builds(_claim, st.sampled_from(names), CHANGES)
    twice = st.builds(_claim_twice, st.sampled_from(names), ANYTHING, st.booleans())
    return st.one_of(changes, changes, changes, changes, twice)


def _claim(name, change):
    def forge(jwt, world):
        known = jwt.claims.get(name, _usual(name, world))
        value = change.apply(known)
        must = claim_must_be_refused(
            name,
            value,
            honest=jwt.claims.get(name),
            client_id=world.op.client.client_id,
            right_c_hash=world.right_c_hash,
            now=time.time(),
        )
        return jwt.with_claim(name, value), must

    return f"claim {name}: {change}", forge


def _usual(name, world):
    """What an honest provider writes into a claim that this one leaves out."""
    if name in BY_DEFAULT:
        return int(time.time()) + BY_DEFAULT[name]
    return {"azp": world.op.client.client_id, "c_hash": world.right_c_hash or "value"}.get(name, "value")


def _claim_twice(name, value, honest_last):
    def forge(jwt, world):
        honest = jwt.claims.get(name, "value")
        twins = [(name, value), (name, honest)] if honest_last else [(name, honest), (name, value)]
        pairs = [*changed(jwt.claims, name, REMOVED), *twins]
        return jwt.signed(json_of(jwt.header.items()), json_of(pairs)), True

    return (
        f"claim {name} twice, once as {value!r:.60}, the honest one {'last' if honest_last else 'first'}",
        forge,
    )


ALGS = ["none", "None", "NONE", "HS256", "RS256", "PS256", "ES384", "ES256K", "EdDSA", "es256"]
TYPES = [*OTHER_TYPES, "JWT", "jwt", "application/jwt", "JOSE", "JWE"]
KIDS = ["ec-2-g1", "rsa-1-g1", "ec-enc-g1", "ec-1-g2", "../ec-1-g1", "ec-1-g1\0"]


def sure_headers():
    """Every algorithm, type and key name of the lists, and every member that is never honoured."""
    values = {"alg": ALGS, "typ": TYPES, "kid": KIDS} | {name: [["exp"]] for name in sorted(NEVER_HONOURED)}
    return [_member(name, constant(value).apply) for name, tried in values.items() for value in tried]


def of_header():
    """One member of the header changed, added or there twice, honestly signed."""
    strange, types, kids = st.sampled_from(ALGS), st.sampled_from(TYPES), st.sampled_from(KIDS)
    return st.one_of(
        st.builds(_member, st.sampled_from(MEMBERS), CHANGES.map(lambda c: c.apply)),
        st.builds(_member, st.sampled_from(MEMBERS), ANYTHING.map(lambda v: lambda _: v)),
        st.builds(_member, st.just("alg"), strange.map(lambda v: lambda _: v)),
        st.builds(_member, st.just("typ"), types.map(lambda v: lambda _: v)),
        st.builds(_member, st.just("kid"), kids.map(lambda v: lambda _: v)),
        st.builds(_member, st.text(min_size=1, max_size=8), ANYTHING.map(lambda v: lambda _: v)),
        st.builds(_member_twice, st.sampled_from(MEMBERS), ANYTHING),
    )


def _member(name, apply):
    def forge(jwt, world):
        value = apply(jwt.header.get(name, "value"))
        return jwt.with_header(name, value), header_must_be_refused(name, value, honest=jwt.header.get(name))

    return f"header {name!r}: {apply(name)!r:.80}", forge


def _member_twice(name, value):
    def forge(jwt, world):
        pairs = [*jwt.header.items(), (name, value)]
        pairs += [] if name in jwt.header else [(name, value)]
        return jwt.signed(json_of(pairs), json_of(jwt.claims.items())), True

    return f"header {name} twice, the second as {value!r:.60}", forge


def at_the_token_endpoint(forgery):
    """The case whose ID token comes from the token endpoint."""
    what, forge = forgery
    case = Case(what)

    def hook(world, answer):
        document = json.loads(answer.body)
        honest = Jwt(document["id_token"], world.op.keys.ec[0])
        document["id_token"], case.must_refuse = forge(honest, world)
        answer.body = json.dumps(document).encode()
        return answer

    case.token_answer = hook
    return case
