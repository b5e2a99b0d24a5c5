"""The OAuth endpoints for bots (RFC 6749, 7009, 7662, 8414, 8707) and the published keys."""
