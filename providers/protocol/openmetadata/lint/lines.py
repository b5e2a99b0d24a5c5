"""What can be seen in a line whatever it sets: known demonstration keys, tokens, where not to paste them."""

import re
from collections.abc import Iterator, Mapping

from providers.protocol.openmetadata.findings import Code, Finding
from providers.protocol.openmetadata.schema import DEMO_FERNET_KEY, DEMO_KEY_IDS, OWN_KEY_ID

DEMO_KEY_ID = "This key id is in everybody's hands, as is the key of the shipped one: make your own."
# From the beginning of a word on, so that a long line of beginnings costs no more than its length.
_jwt = re.compile(r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}")
_jwt_io = re.compile(r"(?<![\w-])jwt\.io(?!\.?[\w-])", re.IGNORECASE)


def own_key_id(text: str) -> str:
    """Return the text without a demonstration's key id."""
    for key_id in DEMO_KEY_IDS:
        text = text.replace(key_id, OWN_KEY_ID)
    return text


def check_lines(lines: list[str], fixes: Mapping[int, str]) -> Iterator[Finding]:
    """
    Give findings for what stands in a line; of a line with a token nothing is repeated.

    `fixes` are what takes the place of other lines: there is no demonstration's key in them any more.
    """
    for number, line in enumerate(lines, start=1):
        if _jwt_io.search(line):
            message = (
                "A token pasted at jwt.io is known to a stranger from then on, and bots' tokens live long."
            )
            fix = "# manage.py explain_token - tells what is in a token, on this machine"
            yield Finding(number, Code.TOKEN_SHOWN_ELSEWHERE, message, fix)
        if _jwt.search(line):
            message = "A token stands here in clear: whoever has this file is that bot. Revoke it."
            yield Finding(number, Code.TOKEN_IN_CLEAR, message, "# give the token by reference")
        if line.lstrip().startswith("#"):
            continue
        for key_id in DEMO_KEY_IDS:
            if key_id in line:
                fix = fixes.get(number) or _without(line, key_id, OWN_KEY_ID)
                yield Finding(number, Code.DEMO_KEY_ID, DEMO_KEY_ID, fix)
        if DEMO_FERNET_KEY in line:
            message = "This is the shipped Fernet key: everybody can read what it encrypts."
            fix = _without(line, DEMO_FERNET_KEY, "<a Fernet key of your own>")
            yield Finding(number, Code.DEMO_FERNET_KEY, message, fix)


def _without(line: str, old: str, new: str) -> str:
    """The line with the demonstration value replaced; the value's own name is all that is repeated."""
    found = re.match(r"\s*(?:- )?[\"']?(?:export\s+)?[\w.-]+[\"']?\s*[:=]\s*", line)
    rest = line[found.end() :] if found else ""
    plain = re.fullmatch(rf"(\$\{{\w+:-)?[\"']?{re.escape(old)}[\"']?(\}})?[\"']?", rest.strip())
    return line.replace(old, new) if plain else (found[0] if found else "") + new
