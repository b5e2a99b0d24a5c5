"""The environment of a console in good order, for programs that tests run."""

import os

SAFE = {
    "PATH": os.environ["PATH"],
    "DEBUG": "false",
    "SECRET_KEY": "kP3vX9mQ2zL7wR5tY8uB1nC4jH6gF0dSaEiOqWxZrTyUvMbNhGkJ",
    "FIELD_ENCRYPTION_KEYS": "q83vEjRWeJASNFZ4kBI0VniQEjRWeJASNFZ4kKvN7xE",
    "BASE_URL": "https://sso.example.com",
}
