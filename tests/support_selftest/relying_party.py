"""The smallest honest relying party: what joserfc accepts from a provider, by the book."""

import base64
import hashlib
import secrets
import time
from functools import cache
from urllib.parse import quote_plus, urlencode

import requests
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@cache
def signing_key():
    return RSAKey.generate_key(2048, {"kid": "console-1", "use": "sig", "alg": "RS256"})


def challenge_of(verifier):
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


CALLBACK = "http://localhost:8000/callback/corp"


def redeem(rp, callback):
    """The token endpoint's answer, whatever it is."""
    return rp.redeem(callback).json()


class RelyingParty:
    """One sign-in after another at one provider, as one client."""

    def __init__(self, issuer, client, callback, /, **params):
        self.http = requests.Session()
        self.http.trust_env = False
        self.client = client
        self.redirect_uri = callback
        self.discovery = self.get_json(f"{issuer}/.well-known/openid-configuration")
        self.alg = client.get("id_token_signed_response_alg", "RS256")
        self.params = params

    def get_json(self, url, **kwargs):
        return self.http.get(url, timeout=10, **kwargs).json()

    def close(self):
        self.http.close()

    def authorization_params(self):
        self.state, self.nonce, self.verifier = (secrets.token_urlsafe(32) for _ in range(3))
        params = {
            "client_id": self.client["client_id"],
            "response_type": (self.client.get("response_types") or ["code"])[0],
            "redirect_uri": self.redirect_uri,
            "scope": "openid profile email groups",
            "state": self.state,
            "nonce": self.nonce,
            "code_challenge": challenge_of(self.verifier),
            "code_challenge_method": "S256",
        }
        return {name: value for name, value in (params | self.params).items() if value is not None}

    def authorization_url(self):
        return f"{self.discovery['authorization_endpoint']}?{urlencode(self.authorization_params())}"

    def pushed_authorization_url(self):
        pushed = self.post("pushed_authorization_request_endpoint", self.authorization_params()).json()
        query = urlencode({"client_id": self.client["client_id"], "request_uri": pushed["request_uri"]})
        return f"{self.discovery['authorization_endpoint']}?{query}"

    def post(self, endpoint, form):
        headers, extra = self.client_authentication()
        return self.http.post(self.discovery[endpoint], data=form | extra, headers=headers, timeout=10)

    def client_authentication(self):
        client_id, secret = self.client["client_id"], self.client.get("client_secret")
        match self.client["token_endpoint_auth_method"]:
            case "client_secret_basic":
                pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
                return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}, {}
            case "client_secret_post":
                return {}, {"client_id": client_id, "client_secret": secret}
            case "none":
                return {}, {"client_id": client_id}
            case "private_key_jwt":
                return {}, self.assertion({"alg": "RS256", "kid": "console-1"}, signing_key())
            case "client_secret_jwt":
                return {}, self.assertion({"alg": "HS256"}, OctKey.import_key(secret))

    def assertion(self, header, key):
        client_id, now = self.client["client_id"], int(time.time())
        claims = {"iss": client_id, "sub": client_id, "aud": self.discovery["issuer"], "iat": now}
        claims |= {"exp": now + 60, "jti": secrets.token_urlsafe(16)}
        return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": jwt.encode(header, claims, key)}

    def redeem(self, callback):
        form = {
            "grant_type": "authorization_code",
            "code": callback.params["code"],
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier,
        }
        return self.post("token_endpoint", form)

    def refresh(self, refresh_token):
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return self.post("token_endpoint", form)

    def keys(self):
        if self.alg == "HS256":
            return OctKey.import_key(self.client["client_secret"])
        usable = [
            key
            for key in self.get_json(self.discovery["jwks_uri"])["keys"]
            if key.get("use") == "sig" and key.get("crv") != "secp256k1"
        ]
        return KeySet.import_key_set({"keys": usable})

    def decode(self, token):
        return jwt.decode(token, self.keys(), algorithms=[self.alg]).claims

    def claims_in(self, token):
        """Signature, issuer, audience, times and nonce checked, or an exception."""
        claims = self.decode(token)
        jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": self.discovery["issuer"]},
            aud={"essential": True, "value": self.client["client_id"]},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": self.nonce},
        ).validate(claims)
        return claims

    def userinfo(self, access_token):
        headers = {"Authorization": f"Bearer {access_token}"}
        return self.http.get(self.discovery["userinfo_endpoint"], headers=headers, timeout=10)
