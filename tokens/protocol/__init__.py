"""Claims, grammars and header forms: pure functions that know no database, no settings and no clock."""
