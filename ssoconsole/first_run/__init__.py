"""From nothing to a console in the browser: `make run`, in development only."""
