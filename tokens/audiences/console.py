"""The console's own REST API as an audience of its tokens."""

READ = "console.read"
WRITE = "console.write"
CONSOLE_SCOPES = (READ, WRITE)


def console_identifier(base_url: str) -> str:
    """The `aud` of tokens for the REST API."""
    return f"{base_url}/api/v1"
