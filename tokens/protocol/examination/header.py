"""The header and the signature: what kind of JWT it is, and whether a key of ours has signed it."""

from collections.abc import Iterator

from ssoconsole.platform.jose import base64url
from ssoconsole.platform.jose.algorithms import ALGORITHMS
from ssoconsole.platform.jose.signatures import verify_signature
from ssoconsole.platform.jose.verify import LONGEST_KID, REFUSED_MEMBERS
from tokens.protocol.access_token import TYP
from tokens.protocol.examination.facts import Check, Facts, KeyFacts, failed, passed
from tokens.protocol.examination.text import Unverified

OURS = ("ES256", "RS256", "EdDSA")

_OTHER_KINDS = {
    "logout+jwt": "a logout token, which an identity provider sends to end sessions",
    "statuslist+jwt": "a status list, which says which tokens still count",
    "client-authentication+jwt": "a client assertion, which a bot shows at /oauth/token to get a token",
    "token-introspection+jwt": "an answer about a token",
    "dpop+jwt": "a DPoP proof, which goes beside a token",
}
_ISSUE_ANOTHER = "Issue the bot another token, or let it fetch one."


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
