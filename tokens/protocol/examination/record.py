"""
Examine a token in the order of checking, and compare it with what the database says: each cause that ends one.

Each step says what is wrong, and what to do about it.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from ssoconsole.platform.examination import first_failure, is_valid
from tokens.protocol.access_token import OPENMETADATA
from tokens.protocol.examination.header import (
    check_claims,
    check_header,
    check_key_state,
    check_readable,
    check_signature,
)
from tokens.protocol.examination.text import (
    Check,
    Facts,
    RecordFacts,
    Unverified,
    check_text,
    failed,
    passed,
    read_unverified,
)

__all__ = ["Check", "Facts", "examine", "examine_members", "first_failure", "is_valid"]

_SAME = ("sub", "iat", "exp")


def check_known(unverified: Unverified, facts: Facts) -> Check:
    """Check that a token with this `jti` has been issued."""
    jti = (unverified.claims or {}).get("jti", "absent")
    if facts.record:
        return passed("jti", jti, expected="on record")
    remedy = (
        "No token with this jti has been issued here, or its record is long past its retention. Issue another; if the "
        "signature is good all the same, the database was restored from before it was issued."
    )
    return failed("jti", expected="on record", received=jti, remedy=remedy)


def check_record(unverified: Unverified, record: RecordFacts, facts: Facts) -> Iterator[Check]:
    """Check the record and everything it depends on."""
    yield _same(unverified, record)
    yield _revoked(record)
    yield _bot(record)
    yield _owner(record)
    yield _audience(record)
    yield _credential(record)
    yield _status(unverified, record)
    yield _profile(unverified, record, facts)


def _same(unverified: Unverified, record: RecordFacts) -> Check:
    claims = unverified.claims or {}
    differing = [name for name in _SAME if claims.get(name) != record.claims.get(name)]
    kid = unverified.header_text("kid")
    if kid != record.kid:
        differing.append("kid")
    if not differing:
        return passed("record", expected="sub, iat, exp and kid as on record")
    remedy = (
        "The token is not the one that was issued with this jti. Do not accept it, and find out who made it."
    )
    received = f"another {', '.join(differing)}"
    return failed("record", expected="sub, iat, exp and kid as on record", received=received, remedy=remedy)


def _revoked(record: RecordFacts) -> Check:
    if not record.revoked:
        return passed("revoked", "not revoked", expected="not revoked")
    remedy = (
        "Revoking is for good. Give the bot another token, and put it wherever the old one is still in use: pipelines "
        "that were deployed with it keep it until they are deployed again."
    )
    return failed("revoked", expected="not revoked", received=f"revoked {record.revoked}", remedy=remedy)


def _bot(record: RecordFacts) -> Check:
    if record.bot_retired:
        remedy = "The bot was deleted, which is for good. Create one of another name."
        return failed("bot", expected="enabled", received=f"retired {record.bot_retired}", remedy=remedy)
    if record.bot_disabled:
        remedy = f"Enable the bot {record.bot} again, and its tokens count again."
        return failed("bot", expected="enabled", received=f"disabled {record.bot_disabled}", remedy=remedy)
    return passed("bot", record.bot, expected="enabled")


def _owner(record: RecordFacts) -> Check:
    expected = "nobody, or a person who is not disabled"
    if not record.owner_disabled:
        return passed("owner", record.owner or "nobody", expected=expected)
    remedy = "The person who owns the bot was disabled, and the bot with them. Give it another owner."
    return failed("owner", expected=expected, received=f"{record.owner}, disabled", remedy=remedy)


def _audience(record: RecordFacts) -> Check:
    if not record.audience_disabled:
        return passed("audience", record.audience, expected="enabled")
    remedy = f"Enable the audience {record.audience} again, and its tokens count again."
    received = f"disabled {record.audience_disabled}"
    return failed("audience", expected="enabled", received=received, remedy=remedy)


def _credential(record: RecordFacts) -> Check:
    """Never fails: what fetched a token may go without it."""
    if not record.credential:
        return passed("credential", "issued by a person or a command")
    if not record.credential_retired:
        return passed("credential", record.credential)
    return passed(
        "credential",
        f"{record.credential}, retired {record.credential_retired}",
        remedy="The token goes on without it. If it has leaked, revoke the tokens that it fetched.",
    )


def _status(unverified: Unverified, record: RecordFacts) -> Check:
    expected = "its place in the status list, where it is valid"
    claimed: Any = (unverified.claims or {}).get("status")
    if claimed is None:
        remedy = "An API that goes by the status list cannot see its end; a new token says where to look."
        return passed("status_list", "absent", expected=expected, remedy=remedy)
    if claimed != record.status:
        remedy = "APIs would look at another token's place. Do not accept it; issue another."
        return failed("status_list", expected=expected, received="another place", remedy=remedy)
    place = claimed["status_list"]
    where = f"place {place['idx']} of {place['uri']}"
    if record.status_bit is None:
        return passed("status_list", f"{where}: not to be read just now", expected=expected)
    if record.status_bit == 0:
        return passed("status_list", f"{where}: valid", expected=expected)
    remedy = "Every API that goes by the status list refuses it; what ended it is told above."
    return failed("status_list", expected=expected, received=f"{where}: invalid", remedy=remedy)


def _profile(unverified: Unverified, record: RecordFacts, facts: Facts) -> Check:
    claims = unverified.claims or {}
    missing = [name for name in record.claims if name not in claims]
    expected = f"the claims of the profile {record.profile}"
    if missing:
        remedy = "An API that looks for these refuses it. Issue another token."
        received = f"no {', '.join(missing)}"
        return failed("profile", expected=expected, received=received, remedy=remedy)
    return passed("profile", record.profile, expected=expected, remedy=_if_refused(record, facts))


def _if_refused(record: RecordFacts, facts: Facts) -> str:
    """What to look at when the console takes a token and the API does not; none of it is in the token."""
    if record.profile == OPENMETADATA:
        return (
            "If OpenMetadata refuses it all the same: publicKeyUrls must hold "
            f"{facts.issuer}/api/v1/system/config/jwks, under a name that its container can resolve and trust; "
            "tokenValidationAlgorithm must be RS256; "
            "jwtPrincipalClaims must begin with email, preferred_username or sub; the bot must exist there under the "
            "same name; ENABLE_SECURE_SOCKET_CONNECTION must be false."
        )
    return (
        f"If the API refuses it all the same: it must read its keys from {facts.issuer}/.well-known/jwks.json, expect "
        f"iss {facts.issuer} and aud {record.audience}, and take typ at+jwt."
    )


def examine(token_text: str, facts: Facts) -> list[Check]:
    """
    Tell for each step whether the token passes it; all of them, however early one fails.

    A text that is no JWT ends the list where it cannot be read on; what needs a key or a record that is unknown is
    left out, after the step that says so. The token counts exactly if every step is ok. Raises nothing, whatever
    the text.
    """
    checks = check_text(token_text)
    if not checks[-1].ok:
        return checks
    unverified = read_unverified(token_text)
    signature = [check_signature(token_text, facts.key)] if facts.key else []
    return checks + examine_members(unverified, facts, signature=signature)


def examine_members(unverified: Unverified, facts: Facts, *, signature: Sequence[Check] = ()) -> list[Check]:
    """The same from the header on, for what the token says of itself; `signature` is the step for the signature."""
    checks = [*check_header(unverified, facts)]
    if facts.key:
        checks += [check_key_state(facts.key), *signature]
    checks.append(check_readable(unverified))
    if unverified.claims is None:
        return checks
    checks += check_claims(unverified, facts)
    checks.append(check_known(unverified, facts))
    if facts.record:
        checks += check_record(unverified, facts.record, facts)
    return checks
