"""
The demonstration provider: oidc-provider-mock on loopback, a process of its own, never in production.

It knows one person.
"""

import argparse
import logging
import warnings

from ssoconsole.plainly import plainly

ACCOUNT = "alice@demo.example"
CLAIMS = {
    "email": ACCOUNT,
    "email_verified": True,
    "name": "Alice Demo",
    "preferred_username": "alice",
    "groups": ["demo"],
}

# Warnings are about the provider's own dependencies: the person at the terminal can do nothing about them.
with plainly(), warnings.catch_warnings(record=True):
    from oidc_provider_mock import User, app
    from werkzeug.serving import make_server


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    port = parser.parse_args().port
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # request lines hold codes and states
    application = app(user_claims=[User(sub=ACCOUNT, claims=CLAIMS)])
    application.debug = False
    make_server("127.0.0.1", port, application, threaded=True).serve_forever()


if __name__ == "__main__":
    main()
