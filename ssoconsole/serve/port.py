"""Whether a server may listen where it is told to, asked before it does."""

import errno
import os
import socket

REASONS = {
    errno.EADDRINUSE: "another program listens there",
    errno.EADDRNOTAVAIL: "this machine has no such address",
    errno.EACCES: "ports below 1024 are for root",
}


def problem_with(host: str, port: int, *, shared: bool = False) -> str | None:
    """
    Return why nobody can listen at this address, or None.

    The server itself would share a port with another console in silence, and each would get some of the requests.
    `shared` allows that, and never to share it with a program that has not asked for it as well.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # What is left of closed connections keeps nobody out; whoever listens does.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            number = error.errno or 0
            return REASONS.get(number) or os.strerror(number).lower()
    return None
