"""
Every finding there is, by its stable code; `docs/findings.md` has the same table, and a test keeps both complete.
"""

from providers.protocol.preflight.codes.answers import ANSWERS, EXPERIENCE, REACHING, REGISTRATION
from providers.protocol.preflight.codes.code import Code, Codes, Severity
from providers.protocol.preflight.codes.documents import DOCUMENTS, OFFERS

__all__ = ["CODES", "Code", "Codes", "Severity"]

# In the order of checking.
CODES: Codes = {**REGISTRATION, **REACHING, **DOCUMENTS, **OFFERS, **EXPERIENCE, **ANSWERS}
