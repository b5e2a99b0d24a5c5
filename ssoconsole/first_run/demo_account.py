"""The one person at the demonstration provider."""

ACCOUNT = "alice@demo.example"
CLAIMS = {
    "email": ACCOUNT,
    "email_verified": True,
    "name": "Alice Demo",
    "preferred_username": "alice",
    "groups": ["demo"],
}
