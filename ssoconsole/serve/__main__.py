"""`python -m ssoconsole.serve`: serve the console until SIGTERM, and then leave in good order."""

import os
import sys

from ssoconsole.plainly import plainly

# Of the server's own allocator, which reads it when it is loaded: memory that is free is given back, and is not kept by
# each thread for itself.
ALLOCATOR, FRUGAL = "_RJEM_MALLOC_CONF", "narenas:1,tcache:false"


@plainly()
def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ssoconsole.settings")
    os.environ.setdefault(ALLOCATOR, FRUGAL)
    from ssoconsole.serve.server import load_before_the_fork, server_of_settings, shared_counters

    server = server_of_settings()
    with shared_counters():
        load_before_the_fork()
        server.serve()
    return 0


if __name__ == "__main__":
    sys.exit(main())
