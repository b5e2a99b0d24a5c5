"""An access token as the console makes it: the claims of RFC 9068, signed with RS256 by a key that is parsed once."""

import secrets
import time

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def make_token(request):
    now = int(time.time())
    claims = {
        "iss": "https://sso.bench.example",
        "sub": request.client.client_id,
        "client_id": request.client.client_id,
        "aud": "https://api.bench.example",
        "scope": " ".join(request.scopes),
        "iat": now,
        "exp": now + 3600,
        "jti": secrets.token_hex(16),
    }
    return jwt.encode(claims, KEY, algorithm="RS256", headers={"typ": "at+jwt", "kid": "bench"})
