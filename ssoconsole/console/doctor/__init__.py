"""The token doctor, whole: bots' tokens, what providers have signed, and references of refusals."""
