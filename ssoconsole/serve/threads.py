"""
What a thread leaves behind that has ended: its connections to the database and to the cache.

The server ends threads that have nothing to do. What was theirs hangs together in circles, which Python looks for when
much has come to be since; in a server that answers one request like the other that is hardly ever.
"""

import gc
import threading
from collections.abc import Iterable
from typing import Any

from ssoconsole.serve.drain import Application, StartResponse


def collecting_for_new_threads(application: Application) -> Application:
    """Wrap a WSGI application: before a thread answers for the first time, what ended ones have left is collected."""
    mine = threading.local()

    def answering(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        if not hasattr(mine, "answers"):
            mine.answers = True
            gc.collect()
        return application(environ, start_response)

    return answering
