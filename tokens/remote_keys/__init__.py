"""Keys that others publish: fetched, kept as the last good copy, fetched again when they may have rotated."""
