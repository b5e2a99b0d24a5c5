"""The token doctor: what is wrong with a token, step by step in the order of checking, and what to do about it."""

from collections.abc import Sequence

from ssoconsole.platform.examination import first_failure, is_valid
from tokens.protocol.examination.header import (
    check_claims,
    check_header,
    check_key_state,
    check_readable,
    check_signature,
)
from tokens.protocol.examination.record import check_known, check_record
from tokens.protocol.examination.text import Check, Facts, Unverified, check_text, read_unverified

__all__ = ["Check", "Facts", "examine", "examine_members", "first_failure", "is_valid"]


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
