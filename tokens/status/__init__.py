"""Status lists: whether tokens still count, for APIs that do not ask about each one."""
