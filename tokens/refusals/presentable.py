"""What of a stranger's request may be kept: one line, no secret, nothing that a database refuses."""

import re
from collections.abc import Mapping
from typing import Any

from ssoconsole.platform.eventlog.services import MASK
from ssoconsole.platform.jose.errors import shown
from ssoconsole.platform.jose.verify import REFUSED_MEMBERS
from tokens.models.bot import BOT_NAME
from tokens.protocol.client_authentication import PREFIX
from tokens.protocol.examination.text import Unverified

# People paste secrets and tokens into wrong fields: ours, JWTs, and whatever is long and looks random.
_SECRET_LIKE = re.compile(rf"{PREFIX}\w*|eyJ[\w-]*\.[\w.-]*|[\w-]{{40,}}")
_HEADER = ("alg", "typ", "kid")
_CLAIMS = ("iss", "sub", "aud", "exp", "iat", "nbf", "jti", "scope", "client_id")
MOST_AUDIENCES = 5


def presentable(text: object) -> str:
    """Return one printable line of at most 200 characters, with whatever looks like a secret masked."""
    return shown(_SECRET_LIKE.sub(MASK, text if isinstance(text, str) else str(text)))


def plausible_name(unverified_client_id: str | None) -> str:
    """Return a name as it was given if it could be a bot's, else ""."""
    name = unverified_client_id or ""
    return name if re.match(BOT_NAME, name) and PREFIX not in name else ""


def kept_of(unverified: Unverified) -> dict[str, Any]:
    """Return the members of a token by which its record, key and end can be found later; never its signature."""
    header = unverified.header or {}
    kept: dict[str, Any] = {name: _value(header[name]) for name in _HEADER if name in header}
    kept |= {name: "present" for name in REFUSED_MEMBERS if name in header}
    if unverified.claims is None:
        return {"header": kept, "claims": None}
    claims = {name: _value(unverified.claims[name]) for name in _CLAIMS if name in unverified.claims}
    if place := _place(unverified.claims.get("status")):
        claims["status"] = place
    return {"header": kept, "claims": claims}


def _value(value: Any) -> Any:
    if isinstance(value, bool | int | None):
        return value
    if isinstance(value, list):
        return [shown(each) for each in value[:MOST_AUDIENCES]]
    return shown(value)


def _place(status: Any) -> dict[str, Any] | None:
    """A reference into a status list, if it is one (IETF Token Status List section 6.1)."""
    place = status.get("status_list") if isinstance(status, Mapping) else None
    if not isinstance(place, Mapping) or not isinstance(place.get("idx"), int):
        return None
    return {"status_list": {"idx": place["idx"], "uri": shown(place.get("uri", ""))}}
