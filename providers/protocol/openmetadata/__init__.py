"""OpenMetadata's configuration of sign-in: its names, written and read in the three forms that it has."""
