"""
The judge: which forged values an ID token must be refused for, by the standards and the console's promises.

It shares no line with the console, and knows the honest value, which the console does not.
"""

from tests.providers.fuzz.fuzz_values import REMOVED, Raw, has_twins, is_no_json, is_number

LEEWAY = 60
BAND = 5  # seconds around a limit, in which the clock decides
DAY = 86_400

REQUIRED = {"iss", "sub", "aud", "exp", "iat", "nonce"}


def claim_must_be_refused(name, value, *, honest, client_id, right_c_hash, now):
    """OpenID Connect Core 1.0 sections 2 and 3.1.3.7; a `null` where a claim is optional is nobody's harm."""
    if value is REMOVED:
        return name in REQUIRED
    if is_no_json(value) or has_twins(value):
        return True
    if name in ("iss", "sub", "nonce"):
        return not same(value, honest)
    if name == "aud":
        return value not in (client_id, [client_id], [client_id, client_id])
    if name in ("exp", "iat"):
        return value is None or time_must_be_refused(name, value, now)
    if value is None:
        return False
    if name == "nbf":
        return time_must_be_refused(name, value, now)
    if name == "azp":
        return not same(value, client_id)
    # What did not come with the token cannot be compared.
    if name == "at_hash":
        return honest is not None and not same(value, honest)
    if name == "c_hash":
        return right_c_hash is not None and not same(value, right_c_hash)
    return False


def time_must_be_refused(name, value, now):
    """Not a number, or beyond leeway: RFC 7519 sections 4.1.4 to 4.1.6; an `iat` is believed for a day."""
    if isinstance(value, Raw):
        return value.text not in ("-0",) or name != "nbf"
    if not is_number(value):
        return True
    past, future = value < now - LEEWAY - BAND, value > now + LEEWAY + BAND
    if name == "exp":
        return past
    return future or (name == "iat" and value < now - DAY - LEEWAY - BAND)


def same(value, expected):
    return isinstance(value, str) and value == expected


def header_must_be_refused(name, value, *, honest):
    """RFC 7515 section 4, RFC 8725 section 3: one algorithm, one key by its name; what only informs is ignored."""
    if value is REMOVED:
        return name == "alg"
    if is_no_json(value) or has_twins(value):
        return True
    if name == "kid" and value in (None, ""):  # it names none, as where there is none
        return False
    if name in ("alg", "kid"):
        return not same(value, honest)
    if name == "typ":
        return isinstance(value, bool | int | float | list | dict) or is_another_type(value)
    # What asks for another way to read the token is refused by name, whatever stands there.
    return name in NEVER_HONOURED


NEVER_HONOURED = {"crit", "b64", "zip", "enc"}
OTHER_TYPES = [
    "at+jwt",
    "logout+jwt",
    "secevent+jwt",
    "dpop+jwt",
    "application/at+jwt",
    "AT+JWT",
    "Logout+JWT",
]


def is_another_type(value):
    """Whether `typ` says plainly that this is no ID token."""
    return isinstance(value, str) and value in OTHER_TYPES
