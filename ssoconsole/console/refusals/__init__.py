"""From the reference of a refusal, whatever its kind, to its explanation."""
