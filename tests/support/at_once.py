"""Several at the same moment, where the database takes several writers."""

import threading
from concurrent.futures import ThreadPoolExecutor

from django.db import connection, connections


def at_once(work, many):
    """
    The results of `work(0)`, `work(1)`, …, each in a thread with a connection of its own.

    One after the other on SQLite, which is one connection in memory here. What one of them raises is raised.
    """
    if connection.vendor == "sqlite":
        return [work(number) for number in range(many)]
    start = threading.Barrier(many)

    def run(number):
        start.wait(timeout=20)
        try:
            return work(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(many) as pool:
        return list(pool.map(run, range(many)))
