"""
Whether this server is about to leave, told by the process that launched it to each one that answers requests.

One byte of memory that the launcher shares with the processes that it forks: no file that could be left behind
and no signal that could come before its handler. A process that nobody launched in this way never drains.
"""

import mmap
from collections.abc import Callable, Iterable
from typing import Any

_flag = mmap.mmap(-1, 1)

StartResponse = Callable[..., Any]
Application = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]


def start_draining() -> None:
    """Let every process of this server say that it is about to leave."""
    _flag[0] = 1


def is_draining() -> bool:
    """Tell whether this server is about to leave."""
    return _flag[0] == 1


def closing_while_draining(application: Application) -> Application:
    """
    Wrap a WSGI application: while draining, each answer says that it is the last one on its connection.

    A client that keeps connections alive would otherwise send its next request just when the connection is
    closed, and could not tell whether that request was carried out.
    """

    def answering(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        def starting(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            if is_draining():
                headers = [*headers, ("Connection", "close")]
            return start_response(status, headers, *rest)

        return application(environ, starting)

    return answering
