"""
How many refusals a minute are put on record.

Anybody may be refused, and each record is a row. What ends is the record, never the answer.
"""

from ssoconsole.platform.limits import may_try

PER_CLIENT = 20
PER_ADDRESS = 30
ALTOGETHER = 300


def is_worth_a_record(*, proven: str, client_id: str, source: str | None) -> bool:
    """
    Count one more; False past so many in a minute.

    Whoever has proven who he is (`proven`, an actor) is counted by that alone: no stranger's noise keeps the trace of
    a known bot away. Everybody else is counted by `source` (`ssoconsole.platform.limits`), by the name he gives,
    and all of them together.
    """
    if proven:
        return may_try(f"refusals:of:{proven}", tries=PER_CLIENT)
    return (
        may_try(f"refusals:from:{source}", tries=PER_ADDRESS)
        and (not client_id or may_try(f"refusals:named:{client_id}", tries=PER_CLIENT))
        and may_try("refusals:of:strangers", tries=ALTOGETHER)
    )
