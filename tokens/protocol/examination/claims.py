"""The claims: from whom, for whom, and from when to when."""

from collections.abc import Iterator, Mapping
from typing import Any

from ssoconsole.platform.jose.errors import TokenMalformed
from tokens.protocol.examination.facts import Check, Facts, failed, moment, passed, span
from tokens.protocol.examination.text import Unverified

# Seconds by which clocks of well-kept machines may differ; more, and the clock is what has to be mended.
_COMMON_SKEW = 300


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
