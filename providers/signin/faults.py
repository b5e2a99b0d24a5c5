"""How a fault of ours is told to the log."""

import sys
import traceback


def where(error: Exception) -> dict[str, object]:
    """Say what happened without the exception's own words, which may hold a code, a token or a secret."""
    frames = traceback.extract_tb(error.__traceback__ or sys.exc_info()[2])
    return {
        "exception": type(error).__name__,
        "where": [
            f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames[-8:]
        ],
    }
