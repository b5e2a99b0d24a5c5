"""
Examine the content of a token: what kind of JWT it is, whether a key of ours has signed it, and its claims.

The claims say from whom it is, for whom, and from when to when.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from ssoconsole.platform.jose import base64url
from ssoconsole.platform.jose.algorithms import ALGORITHMS, verify_signature
from ssoconsole.platform.jose.errors import TokenMalformed
from ssoconsole.platform.jose.verify import LONGEST_KID, REFUSED_MEMBERS
from tokens.protocol.access_token import TYP
from tokens.protocol.examination.text import Check, Facts, KeyFacts, Unverified, failed, moment, passed, span

OURS = ("ES256", "RS256", "EdDSA")

_OTHER_KINDS = {
    "logout+jwt": "a logout token, which an identity provider sends to end sessions",
    "statuslist+jwt": "a status list, which says which tokens still count",
    "client-authentication+jwt": "a client assertion, which a bot shows at /oauth/token to get a token",
    "token-introspection+jwt": "an answer about a token",
    "dpop+jwt": "a DPoP proof, which goes beside a token",
}
_ISSUE_ANOTHER = "Issue the bot another token, or let it fetch one."

# Seconds by which clocks of well-kept machines may differ; more, and the clock is what has to be mended.
_COMMON_SKEW = 300


def check_header(unverified: Unverified, facts: Facts) -> Iterator[Check]:
    """Check `typ`, `alg`, the members that are never honoured, and `kid`."""
    yield _typ(unverified, facts)
    yield _alg(unverified, facts)
    yield _members(unverified)
    yield _kid(unverified, facts)


def _typ(unverified: Unverified, facts: Facts) -> Check:
    typ = (unverified.header or {}).get("typ")
    expected = _expected_types(unverified, facts)
    if isinstance(typ, str) and _plain(typ) in {_plain(name) for name in expected}:
        return passed("typ", typ, expected=" or ".join(expected))
    kind = _OTHER_KINDS.get(_plain(typ)) if isinstance(typ, str) else None
    remedy = f"This is {kind}. Show the access token itself." if kind else _about_types(typ, expected)
    received = "absent" if typ is None else typ
    return failed("typ", expected=" or ".join(expected), received=received, remedy=remedy)


def _expected_types(unverified: Unverified, facts: Facts) -> list[str]:
    profiles = {facts.record.profile} if facts.record else set(facts.profiles.values())
    return sorted({TYP[profile] for profile in profiles} or set(TYP.values()))


def _about_types(typ: object, expected: list[str]) -> str:
    if typ == "JWT" or typ is None:
        return (
            "This looks like an ID token, or a token of another issuer. An API takes access tokens: fetch one at "
            "/oauth/token."
        )
    if expected == ["JWT"]:
        return "The audience has the profile openmetadata: issue a new token for it."
    return "Tokens of this audience carry another typ: issue a new one."


def _plain(typ: str) -> str:
    return typ.lower().removeprefix("application/")


def _alg(unverified: Unverified, facts: Facts) -> Check:
    alg = (unverified.header or {}).get("alg")
    expected = [facts.key.alg] if facts.key else list(OURS)
    names = {name for known in expected for name in ALGORITHMS[known].names}
    if alg in names:
        return passed("alg", alg, expected=" or ".join(expected))
    remedy = (
        "Its header says another algorithm than its key is for: it was changed, or made by somebody else."
    )
    if isinstance(alg, str) and alg.lower() == "none":
        remedy = "Nobody has signed it. Never accept such a token, and find out who made it."
    elif isinstance(alg, str) and alg.startswith("HS"):
        remedy = (
            "It is signed with a shared secret, which the console never does: it is another system's, or an attempt "
            "to pass a public key off as one."
        )
    received = "absent" if alg is None else alg
    return failed("alg", expected=" or ".join(expected), received=received, remedy=remedy)


def _members(unverified: Unverified) -> Check:
    header = unverified.header or {}
    found = [name for name in REFUSED_MEMBERS if name in header]
    expected = "no " + ", ".join(REFUSED_MEMBERS)
    if not found:
        return passed("header_members", expected=expected)
    remedy = "No token of the console has these: they ask for another way to read it. Do not accept it."
    return failed("header_members", expected=expected, received=", ".join(found), remedy=remedy)


def _kid(unverified: Unverified, facts: Facts) -> Check:
    kid = (unverified.header or {}).get("kid")
    if facts.key:
        return passed("kid", kid, expected="a signing key of this console")
    remedy = (
        "No key of this console has this name. Either another console or another identity provider has issued the "
        f"token, or this console's database was replaced, and with it all keys. {_ISSUE_ANOTHER}"
    )
    if kid is None:
        remedy = "Every token of the console names its key. This one is from somebody else."
    well_formed = isinstance(kid, str) and len(kid) <= LONGEST_KID
    received = "absent" if kid is None else kid if well_formed else "no usable key id"
    return failed("kid", expected="a signing key of this console", received=received, remedy=remedy)


def check_key_state(key: KeyFacts) -> Check:
    """Check that signatures of the key count."""
    expected = "signing, retired or published"
    if key.state not in ("compromised", "gone"):
        return passed("key_state", key.state, expected=expected)
    remedy = (
        "The key was declared compromised: everything that it ever signed is dead for good."
        if key.state == "compromised"
        else "The key was retired, and the time for which it still verified is over."
    )
    return failed("key_state", expected=expected, received=key.state, remedy=f"{remedy} {_ISSUE_ANOTHER}")


def check_signature(text: str, key: KeyFacts) -> Check:
    """Check that the signature is the key's (RFC 7515 section 5.2)."""
    expected = f"an {key.alg} signature by the key {key.kid}"
    signing_input, _, encoded = text.rpartition(".")
    try:
        signature = base64url.decode(encoded)
    except ValueError:
        signature = b""
    material = key.keys.keys[0].material
    if verify_signature(ALGORITHMS[key.alg], material, signing_input.encode("ascii"), signature):
        return passed("signature", expected=expected)
    remedy = (
        "The token was changed or cut after it was signed, or somebody has forged it. Copy it again from where it was "
        "first shown, or issue the bot another."
    )
    received = "no signature" if not encoded else "another"
    return failed("signature", expected=expected, received=received, remedy=remedy)


def check_readable(unverified: Unverified) -> Check:
    """Check that the payload is a JSON object whose registered claims have the types of RFC 7519."""
    if unverified.claims is not None:
        return passed("claims", expected="a JSON object with claims of the right types")
    refused = unverified.refused or TokenMalformed(expected="payload in base64url", received="something else")
    remedy = "The middle part was changed or cut, or somebody else has made the token."
    return failed("claims", expected=refused.expected, received=refused.received, remedy=remedy)


def check_claims(unverified: Unverified, facts: Facts) -> Iterator[Check]:
    """Check `iss`, `aud`, and the times by the console's clock, with no leeway, as it is in use."""
    claims = unverified.claims or {}
    yield _iss(claims, facts)
    yield _aud(unverified, facts)
    yield _exp(claims, facts)
    yield _start(claims, facts, "nbf")
    yield _start(claims, facts, "iat")


def _iss(claims: Mapping[str, Any], facts: Facts) -> Check:
    received = claims.get("iss", "absent")
    if received == facts.issuer:
        return passed("iss", received, expected=facts.issuer)
    remedy = (
        "Another issuer has made this token. If it is a person's identity provider, this is no token of a bot: fetch "
        "one at /oauth/token, and see that the API lists this console's keys beside that provider's."
    )
    if isinstance(received, str) and _nearly(received) == _nearly(facts.issuer):
        remedy = (
            "The same address, spelt in another way (http or https, a slash at the end, upper case). Issuers are "
            "compared character by character: BASE_URL is what counts, and every API must be told exactly that."
        )
    elif facts.record:
        remedy = "BASE_URL has changed since it was issued. Issue the bot another token."
    return failed("iss", expected=facts.issuer, received=received, remedy=remedy)


def _nearly(address: str) -> str:
    return address.lower().split("://")[-1].rstrip("/")


def _aud(unverified: Unverified, facts: Facts) -> Check:
    received = " ".join(unverified.audiences()) or "absent"
    if facts.record:
        expected = facts.record.audience
        ok = unverified.audiences() == [expected]
    else:
        expected = "one registered audience"
        ok = len(unverified.audiences()) == 1 and bool(facts.profiles)
    if ok:
        return passed("aud", received, expected=expected)
    remedy = (
        "The token is for another API, and that API alone takes it. Fetch one with resource=<the identifier of the "
        "API>, as it stands under Audiences, character by character."
    )
    return failed("aud", expected=expected, received=received, remedy=remedy)


def _exp(claims: Mapping[str, Any], facts: Facts) -> Check:
    if "exp" not in claims:
        without_end = facts.record is not None and "exp" not in facts.record.claims
        if without_end:
            return passed("exp", "absent", expected="absent: it was issued without an end")
        remedy = "A token that never ends must be one that was issued so. Fetch another."
        return failed("exp", expected="a time in the future", received="absent", remedy=remedy)
    left = claims["exp"] - facts.now
    if left > 0:
        received = f"{moment(claims['exp'])}, in {span(left)}"
        return passed("exp", received, expected=f"after {moment(facts.now)}")
    remedy = "Let the bot fetch a new one before each run, or issue one with a longer lifetime."
    if -left < _COMMON_SKEW:
        remedy += (
            f" It ended only {span(-left)} ago by the console's clock: where it still seems live, or ended too early, "
            "compare the clocks (NTP) and the leeway of the API."
        )
    received = f"{moment(claims['exp'])}, {span(-left)} ago"
    return failed("exp", expected=f"after {moment(facts.now)}", received=received, remedy=remedy)


def _start(claims: Mapping[str, Any], facts: Facts, name: str) -> Check:
    expected = f"up to {moment(facts.now)}"
    if name not in claims:
        if name == "nbf":
            return passed(name, "absent", expected=f"absent, or {expected}")
        remedy = "Every token of the console says when it was issued. This one is from somebody else."
        return failed(name, expected=expected, received="absent", remedy=remedy)
    ahead = claims[name] - facts.now
    if ahead <= 0:
        return passed(name, f"{moment(claims[name])}, {span(-ahead)} ago", expected=expected)
    remedy = (
        f"It begins in {span(ahead)} by this machine's clock. The clock of the machine that issued it is ahead, or "
        "this one's is behind: set both by NTP."
    )
    received = f"{moment(claims[name])}, in {span(ahead)}"
    return failed(name, expected=expected, received=received, remedy=remedy)
