"""
Every finding there is, by its stable code; `docs/findings.md` has the same table, and a test keeps both complete.
"""

from providers.protocol.preflight.codes.answers import ANSWERS
from providers.protocol.preflight.codes.code import Code, Codes, Severity
from providers.protocol.preflight.codes.documents import DOCUMENTS
from providers.protocol.preflight.codes.experience import EXPERIENCE
from providers.protocol.preflight.codes.offers import OFFERS
from providers.protocol.preflight.codes.reaching import REACHING
from providers.protocol.preflight.codes.registration import REGISTRATION

__all__ = ["CODES", "Code", "Codes", "Severity"]

# In the order of checking.
CODES: Codes = {**REGISTRATION, **REACHING, **DOCUMENTS, **OFFERS, **EXPERIENCE, **ANSWERS}
