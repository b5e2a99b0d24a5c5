"""A failure, or somebody else, in the middle of what is being done."""

from contextlib import contextmanager

from django.db import OperationalError, connection


@contextmanager
def event_refused(action, *, after=0):
    """Let the database refuse the event `action`, but for the first `after` of them: a failure in the middle."""
    left = [after]

    def refuse(execute, sql, params, many, context):
        if 'INSERT INTO "eventlog_event"' in sql and action in (params or ()):
            if not left[0]:
                raise OperationalError("disk full")
            left[0] -= 1
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse):
        yield


@contextmanager
def just_before(verb, table, deed):
    """Let somebody else do `deed` just before the first statement that begins with `verb` and names `table`."""
    waiting = [deed]

    def watch(execute, sql, params, many, context):
        if waiting and sql.startswith(verb) and f'"{table}"' in sql:
            waiting.pop()()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        yield
    assert not waiting, f"there was no {verb} of {table}"
