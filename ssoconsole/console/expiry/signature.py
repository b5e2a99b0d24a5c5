"""The signature of a webhook: that the console has sent this body, at this time."""

import hashlib
import hmac

HEADER = "SSO-Console-Signature"


def sign(body: bytes, *, secret: str, at: int) -> str:
    """
    Return `t=<seconds>,v1=<hex>`: HMAC-SHA-256 (RFC 2104) of `<seconds>.<body>` under the secret's UTF-8 bytes.

    The time is signed along, so that a receiver can refuse what somebody sends again later.
    """
    mac = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256)
    return f"t={at},v1={mac.hexdigest()}"
