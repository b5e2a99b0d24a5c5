"""Several at the same moment, where the database takes several writers."""

import threading
from concurrent.futures import ThreadPoolExecutor

from django.db import OperationalError, connection, connections, transaction
from django.db.models.sql.compiler import SQLCompiler


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


def is_held(row):
    """
    Whether somebody else who wanted to change `row` at this moment would have to wait.

    On SQLite he always has to: it has one writer at a time. The row must be committed.
    """
    if connection.vendor == "sqlite":
        return True

    def look():
        try:
            with transaction.atomic():
                rows = type(row)._base_manager.select_for_update(nowait=True, no_key=True)
                return rows.filter(pk=row.pk).first() is None
        except OperationalError:
            return True
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(look).result()


def looking_when(monkeypatch, module, name, *rows):
    """
    Note, each time that `module` calls its function `name`, whether these rows are held; the list of it.

    On SQLite, whether rows of these models have been read to be held, of which it makes nothing.
    """
    seen, call, asked, as_sql = [], getattr(module, name), set(), SQLCompiler.as_sql

    def noted(compiler, *args, **kwargs):
        query = compiler.query
        if query.select_for_update:
            paths = query.select_for_update_of or ("self",)
            asked.update(_model_at(query.model, path) for path in paths)
            transaction.on_commit(asked.clear)
        return as_sql(compiler, *args, **kwargs)

    def called(*args, **kwargs):
        on_sqlite = connection.vendor == "sqlite"
        seen.append([type(row) in asked if on_sqlite else is_held(row) for row in rows])
        return call(*args, **kwargs)

    monkeypatch.setattr(SQLCompiler, "as_sql", noted)
    monkeypatch.setattr(module, name, called)
    return seen


def _model_at(model, path):
    return model if path == "self" else model._meta.get_field(path).related_model
