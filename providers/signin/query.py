"""URLs of a provider with our parameters added."""

from urllib.parse import urlsplit, urlunsplit


def add_query(endpoint: str, query: str) -> str:
    """
    Return `endpoint` with `query` added to whatever query it has already (RFC 6749 section 3.1).

    The library would add a second question mark.
    """
    parts = urlsplit(endpoint)
    joined = "&".join(filter(None, (parts.query, query)))
    return urlunsplit(parts._replace(query=joined, fragment=""))
