"""The preflight: why does this registration not work? One engine for the command, the admin and the API."""
