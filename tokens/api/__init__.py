"""The REST API: bots, their secrets and tokens, audiences, signing keys and the event log."""
