"""Reading YAML that a stranger may have written: every line known, nothing in it can hurt."""
