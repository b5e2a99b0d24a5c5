"""The smallest application that the process helper can start."""

import os


def application(environ, start_response):
    if environ["PATH_INFO"] == "/healthz":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [os.environ.get("GREETING", "nothing").encode()]
    start_response("404 Not Found", [])
    return []
