"""What OpenID Connect says, as pure functions: no database, no settings, no clock."""
