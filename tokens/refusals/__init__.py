"""Refusals at the doors for programs: kept with a reference, and explained to administrators."""
