"""What every resource of the REST API stands on, whichever app it belongs to."""
