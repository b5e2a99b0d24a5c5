"""`python -m ssoconsole.serve`: serve the console until SIGTERM, and then leave in good order."""

import os
import sys

from ssoconsole.plainly import plainly


@plainly()
def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ssoconsole.settings")
    from ssoconsole.serve.server import load_before_the_fork, server_of_settings, shared_counters

    server = server_of_settings()
    with shared_counters():
        load_before_the_fork()
        server.serve()
    return 0


if __name__ == "__main__":
    sys.exit(main())
