"""The one place where a JWT is read, verified or signed; it knows no database, no settings and no clock."""
