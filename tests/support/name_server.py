"""A machine whose name server knows nobody: what a test registers by chance is asked for nowhere."""

import socket

OWN = ("localhost", "127.0.0.1", "::1")


def know_only_this_machine(monkeypatch):
    def getaddrinfo(host, *args, ask=socket.getaddrinfo, **options):
        if host in OWN:
            return ask(host, *args, **options)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
