"""
How the values of settings are read: each reader returns what a text means, or raises ValueError with a sentence.

Pure; no sentence repeats a value, which may be a secret. `settings.py` adds the name and the check's id.
"""

import os
import re
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, urlsplit

ON = frozenset({"1", "true", "yes", "on", "y", "t", "ok"})
OFF = frozenset({"0", "false", "no", "off", "n", "f"})
CACHE_OPTIONS = frozenset(
    {"db", "password", "username", "key_prefix", "timeout", "socket_timeout", "socket_connect_timeout"}
    | {"max_connections", "health_check_interval", "ssl_ca_certs", "ssl_certfile", "ssl_keyfile"}
    | {"ssl_cert_reqs", "ssl_check_hostname"}
)
MAIL_OPTIONS = frozenset({"email_use_tls", "email_use_ssl", "email_timeout"})
MAIL_SCHEMES = frozenset({"smtp", "smtps", "smtp+tls", "smtp+ssl", "consolemail", "filemail", "dummymail"})
LONGEST_BRAND = 40
_DOMAIN = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63}){0,30}")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_INTEGER = re.compile(r"[+-]?[0-9]{1,12}")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,12}(\.[0-9]{1,12})?")


def switch(text: str) -> bool:
    """Read a switch: true or false, in the usual words."""
    word = text.lower()
    if word not in ON | OFF:
        raise ValueError("It is true or false.")
    return word in ON


def whole(least: int | None = None, most: int | None = None) -> Callable[[str], int]:
    """Return a reader of whole numbers within these bounds."""

    def read(text: str) -> int:
        if not _INTEGER.fullmatch(text):
            raise ValueError("It is a whole number, such as 8.")
        _refuse_beyond(int(text), least, most)
        return int(text)

    return read


def decimal(least: float | None = None, most: float | None = None) -> Callable[[str], float]:
    """Return a reader of numbers within these bounds."""

    def read(text: str) -> float:
        if not _DECIMAL.fullmatch(text):
            raise ValueError("It is a number, such as 5 or 2.5.")
        _refuse_beyond(float(text), least, most)
        return float(text)

    return read


def one_of(*words: str) -> Callable[[str], str]:
    """Return a reader of one of these words, whatever their case."""

    def read(text: str) -> str:
        for word in words:
            if word.lower() == text.lower():
                return word
        raise ValueError(f"It is {' or '.join(words)}.")

    return read


def words(text: str) -> list[str]:
    """Read a list with commas; blanks around its members, and empty members, mean nothing."""
    return [word for part in text.split(",") if (word := part.strip())]


def networks(text: str) -> list[IPv4Network | IPv6Network]:
    """Read networks in CIDR notation, or single addresses, with commas between them."""
    return [_network(word) for word in words(text)]


def address(text: str) -> str:
    """Read an address to listen at."""
    try:
        return str(ip_address("127.0.0.1" if text.lower() == "localhost" else text.strip("[]")))
    except ValueError:
        raise ValueError("It is an IP address of this machine: 127.0.0.1, or 0.0.0.0 for all.") from None


def folder(text: str) -> str:
    """Read the path of a folder that exists."""
    if not Path(text).is_dir():
        raise ValueError("It is the path of a folder, and there is none.")
    return text


def web_address(text: str) -> str:
    """Read an absolute URL of http or https."""
    parts = _split(text, example="https://collector.example.com:4318")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("It is a URL, such as https://collector.example.com:4318")
    return text


def proxy_url(text: str) -> str:
    """Read the URL of a proxy that tunnels (CONNECT)."""
    example = "http://proxy.example.com:3128, with user:password@ before the host where it wants them"
    parts = _split(text, example=example)
    if parts.scheme != "http" or not parts.hostname or not parts.port or parts.path.strip("/") or parts.query:
        raise ValueError(f"It is a URL like {example}")
    return text


def domains(text: str) -> list[str]:
    """Read domain names with commas between them, with or without a dot before each."""
    names = [word.lower().removeprefix(".") for word in words(text)]
    if not all(_DOMAIN.fullmatch(name) for name in names):
        raise ValueError("Each is a domain name such as corp.example.com; its subdomains are meant as well.")
    return names


def readable_file(text: str) -> str:
    """Read the path of a file that can be read."""
    if not os.access(text, os.R_OK) or not Path(text).is_file():
        raise ValueError("It is the path of a file that the console's account may read, and there is none.")
    return text


def brand_name(text: str) -> str:
    """Read the name that the console bears on its pages."""
    if len(text) > LONGEST_BRAND or not text.isprintable():
        raise ValueError(f"It is a name of 1 to {LONGEST_BRAND} printable characters.")
    return text


def colour(text: str) -> str:
    """Read a colour."""
    if not _COLOUR.fullmatch(text):
        raise ValueError("It is a colour as #rrggbb, such as #0f5b53.")
    return text.lower()


def database_url(text: str) -> str:
    """Read the URL of a PostgreSQL or SQLite database."""
    if text == "sqlite://:memory:":
        return text
    example = "postgres://user:password@host:5432/name, or sqlite:////absolute/path"
    parts = _split(text, example=example, hosts=True)
    if parts.scheme == "sqlite" and not parts.netloc and len(parts.path) > 1:
        return text
    if parts.scheme not in ("postgres", "postgresql", "pgsql") or len(parts.path) < 2:
        raise ValueError(f"It is a URL like {example}")
    from psycopg.pq import Conninfo

    known = {option.keyword.decode() for option in Conninfo.get_defaults()}
    _check_options(parts, known | {"conn_max_age", "conn_health_checks", "disable_server_side_cursors"})
    return text


def cache_url(text: str) -> str:
    """Read the URL of a Redis, or of the cache that each process has for itself."""
    if text.startswith("locmemcache://"):
        return text
    example = "redis://:password@host:6379/0, rediss:// for TLS, or redis:///path/of/its/socket"
    parts = _split(text, example=example)
    number = parts.path.strip("/")
    if "," in parts.netloc:
        raise ValueError(f"It names one Redis, and a comma in the password is %2C: {example}")
    if parts.scheme not in ("redis", "rediss", "rediscache"):
        raise ValueError(f"It is a URL like {example}")
    if parts.hostname and number and not (number.isascii() and number.isdecimal()):
        raise ValueError(f"Behind the host stands the number of the database: {example}")
    if not parts.hostname and not number:
        raise ValueError(f"It names no host: {example}")
    # Never a class of another's choosing: a serializer is code.
    _check_options(parts, CACHE_OPTIONS)
    return text


def email_url(text: str) -> str:
    """Read the URL of a mail server."""
    parts = _split(text, example="smtp+tls://user:password@mail.example.com:587")
    if parts.scheme not in MAIL_SCHEMES:
        raise ValueError("It is a URL like smtp+tls://user:password@mail.example.com:587")
    _check_options(parts, MAIL_OPTIONS)
    return text


def host_of(url: str) -> str:
    """Return the host of a URL as a Host header spells it, without the port; "" where there is none."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return f"[{host}]" if ":" in host else host


def sender_of(url: str) -> str:
    """Return the console's mail address at the host of a URL; an IPv4 address is a literal (RFC 5321 4.1.3)."""
    host = host_of(url) or "localhost"
    try:
        ip_address(host)
    except ValueError:  # a name, or the brackets that an IPv6 address has already
        return f"sso-console@{host}"
    return f"sso-console@[{host}]"


def _network(word: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(word)
    except ValueError:
        pass
    try:
        network = ip_network(word, strict=False)
    except ValueError:
        raise ValueError("Each is a network such as 10.0.0.0/8 or 2001:db8::/32, or an address.") from None
    raise ValueError(f"A network has no bits behind its prefix: {network}, or the address without a prefix.")


def _split(text: str, *, example: str, hosts: bool = False) -> SplitResult:
    """Take a URL apart; `hosts`: of several hosts with commas each may have a port."""
    try:
        parts = urlsplit(text)
        if not (hosts and "," in parts.netloc):
            _ = parts.port
        readable = "#" not in text  # in a password, whose beginning would be taken for a port
    except ValueError:
        readable = False
    if not readable:
        raise ValueError(
            f"It is a URL like {example}; in a password write what is no letter or digit as %2F and so on"
        )
    return parts


def _check_options(parts: SplitResult, known: frozenset[str] | set[str]) -> None:
    if unknown := {name.lower() for name, _ in parse_qsl(parts.query)} - known:
        # A password that has a ? in it would stand here.
        raise ValueError(
            f"{len(unknown)} of its options behind the ? are not known; possible are {_list(known)}"
        )


def _list(known: frozenset[str] | set[str]) -> str:
    return ", ".join(sorted(known))


def _refuse_beyond(number: float, least: float | None, most: float | None) -> None:
    if (least is not None and number < least) or (most is not None and number > most):
        bounds = [f"at least {least}"] * (least is not None) + [f"at most {most}"] * (most is not None)
        raise ValueError(f"It is {' and '.join(bounds)}.")
