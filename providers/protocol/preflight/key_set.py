"""A provider's key set: is there a key for what it is trusted to sign with?"""

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

from providers.protocol.preflight.findings import Finding, finding
from ssoconsole.platform.jose.algorithms import find_algorithm
from ssoconsole.platform.jose.errors import KeySetRefused
from ssoconsole.platform.jose.keys import JwkSet, PublicKey, distinct

_WEAK = "RSA key of"
_PRIVATE = "private members"


def judge_key_set(document: Mapping[str, Any], *, algorithms: Sequence[str]) -> list[Finding]:
    """Judge whether tokens signed with one of `algorithms`, asymmetric ones, can be verified."""
    expected = f"a key for {' or '.join(algorithms)}"
    try:
        keys = JwkSet.parse(document)
    except KeySetRefused as refused:
        return [finding("keys_malformed", expected=expected, received=str(refused))]
    if not document["keys"]:
        return [finding("keys_empty", expected=expected, received="no key")]
    private = [
        finding("keys_private_members", expected="public keys", received=why) for why in _why(keys, _PRIVATE)
    ]
    fitting = _fitting(keys, algorithms)
    if not any(fitting.values()):
        return [*private[:1], _nothing_fits(document, keys, expected)]
    return [*private[:1], *_ambiguous(fitting), *_some_weak(keys)]


def _fitting(keys: JwkSet, algorithms: Sequence[str]) -> dict[str, list[PublicKey]]:
    return {name: [key for key in keys.keys if key.serves(find_algorithm(name))] for name in algorithms}


def _nothing_fits(document: Mapping[str, Any], keys: JwkSet, expected: str) -> Finding:
    entries = [entry for entry in document["keys"] if isinstance(entry, Mapping)]
    if entries and all(entry.get("use") == "enc" for entry in entries):
        return finding("keys_only_for_encryption", expected=expected, received=f"{len(entries)} with use enc")
    if weak := _why(keys, _WEAK):
        return finding("keys_weak", expected=expected, received=weak[0])
    if keys.keys:
        return finding("keys_for_other_algorithms", expected=expected, received=_described(keys.keys))
    return finding("keys_unusable", expected=expected, received="; ".join(_why(keys, "")))


def _why(keys: JwkSet, begins: str) -> list[str]:
    """The reasons why keys were set aside, with their ids."""
    reasons = [key for key in keys.refused if key.reason.startswith(begins)]
    return [f"{key.kid or 'a key without kid'}: {key.reason}" for key in reasons]


def _described(keys: Sequence[PublicKey]) -> str:
    return ", ".join(
        " ".join(filter(None, (key.kty, key.crv, key.alg, key.use and f"use {key.use}"))) for key in keys
    )


def _ambiguous(fitting: Mapping[str, Sequence[PublicKey]]) -> list[Finding]:
    """A token fits one key or none: several with one kid, or several without, make every token ambiguous."""
    for name, keys in fitting.items():
        counted = {
            kid: len(distinct([key for key in keys if key.kid == kid])) for kid in {key.kid for key in keys}
        }
        nameless = counted.pop(None, 0)
        kid, count = max(counted.items(), key=itemgetter(1), default=("", 0))
        if count > 1:
            received = f"{count} different keys with {kid}"
            return [finding("keys_duplicate_kid", expected="different kids", received=received)]
        if nameless > 1:
            received = f"{nameless} keys for {name} without kid"
            return [finding("keys_without_kid", expected="a kid with each key", received=received)]
    return []


def _some_weak(keys: JwkSet) -> list[Finding]:
    return [finding("keys_some_weak", expected="2048 bits", received=why) for why in _why(keys, _WEAK)[:1]]
