"""The whole configuration as one YAML file: read, checked, compared with the database, applied, exported."""
