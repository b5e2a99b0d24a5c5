"""How many forged answers are tried: 500 where somebody waits, FUZZ_CASES where it is set."""

import os
from math import ceil

CASES = int(os.environ.get("FUZZ_CASES", "500"))

# What each test gets of all cases.
PARTS = {
    "claims": 26,
    "header": 14,
    "compact form": 12,
    "signature": 10,
    "token response": 14,
    "callback": 12,
    "posted answer": 6,
    "userinfo": 6,
}


def cases_for(part):
    """How many cases a part has to try; together at least CASES."""
    return ceil(CASES * PARTS[part] / sum(PARTS.values()))
