"""How a client says who it is: HTTP Basic, the form (RFC 6749 section 2.3.1), or an assertion (RFC 7521 4.2)."""

import base64
import binascii
from dataclasses import dataclass, field

from tokens.errors import InvalidClient, InvalidRequest
from tokens.protocol.form import Form, decode_component

# What the metadata advertises is what `client_credentials_of` reads. A client_secret_jwt is not among them: only a
# hash of each secret is kept, and a secret that both sides must hold in clear is worse than either.
METHODS = ("client_secret_basic", "client_secret_post", "private_key_jwt")
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

LONGEST_HEADER = 8_192


@dataclass(frozen=True)
class UnverifiedClient:
    """
    What a client claims; nothing of it is true before the secret has been looked up.

    There are two readings of a secret that can be read in two ways, and one of any other.
    """

    unverified_client_id: str
    unverified_client_secrets: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True)
class UnverifiedAssertion:
    """A JWT by which a client claims to be itself, and the name it gave beside it, if it did."""

    unverified_client_id: str | None
    unverified_assertion: str = field(repr=False)


def client_credentials_of(form: Form, *, authorization: str | None) -> UnverifiedClient | UnverifiedAssertion:
    """
    Return what a request proves itself with, by exactly one method (RFC 6749 section 2.3).

    Raises InvalidRequest for two methods at once or two client ids, and InvalidClient for none, another
    scheme, another type of assertion, or a header that cannot be read.
    """
    if authorization is None:
        return _from_form(form)
    if form.one("client_secret") or _has_assertion(form):
        raise InvalidRequest("The client authenticates in two ways at once.")
    client = parse_basic(authorization)
    if form.one("client_id") not in (None, client.unverified_client_id):
        raise InvalidRequest("The client names itself in two different ways.")
    return client


def parse_basic(authorization: str) -> UnverifiedClient:
    """
    Read `Basic base64(urlencode(id):urlencode(secret))`; raises InvalidClient, and nothing else.

    RFC 6749 section 2.3.1 has both halves form-urlencoded first. Most clients (`curl -u`) send them as they are
    (RFC 7617), which differs for a secret with a plus or percent sign: its second reading is that. The name of a bot
    has no such sign.
    """
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic" or len(authorization) > LONGEST_HEADER:
        raise InvalidClient
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True)
        name, colon, secret = decoded.partition(b":")
        client = UnverifiedClient(decode_component(name), _readings(secret))
    except (binascii.Error, ValueError, InvalidRequest):
        raise InvalidClient from None
    if not (colon and client.unverified_client_id and all(client.unverified_client_secrets)):
        raise InvalidClient
    return client


def _readings(secret: bytes) -> tuple[str, ...]:
    as_sent = secret.decode("utf-8")
    if "\0" in as_sent:
        raise InvalidClient
    try:
        decoded = decode_component(secret)
    except InvalidRequest:  # a percent sign that encodes nothing
        return (as_sent,)
    return tuple(dict.fromkeys((decoded, as_sent)))


def _from_form(form: Form) -> UnverifiedClient | UnverifiedAssertion:
    client_id, client_secret = form.one("client_id"), form.one("client_secret")
    if _has_assertion(form):
        if client_secret:
            raise InvalidRequest("The client authenticates in two ways at once.")
        return _assertion(form)
    if client_id is None or client_secret is None:
        raise InvalidClient
    return UnverifiedClient(client_id, (client_secret,))


def _has_assertion(form: Form) -> bool:
    return bool(form.one("client_assertion") or form.one("client_assertion_type"))


def _assertion(form: Form) -> UnverifiedAssertion:
    assertion = form.one("client_assertion")
    # RFC 7521 section 4.2.1: a type that is not supported is a client that has not proved itself.
    if assertion is None or form.one("client_assertion_type") != JWT_BEARER:
        raise InvalidClient
    return UnverifiedAssertion(form.one("client_id"), assertion)
