"""Is this console ready for production? One engine for the page, for `manage.py check --deploy` and for tests."""
