"""The project's settings with fresh secrets and none of this machine's `.env`."""

import os
import secrets

os.environ["DEBUG"] = "true"  # the test runner itself turns it off again; this admits loopback providers
os.environ["BASE_URL"] = "http://localhost:8000"
os.environ["SECRET_KEY"] = secrets.token_urlsafe(50)
os.environ["FIELD_ENCRYPTION_KEYS"] = secrets.token_urlsafe(32)
os.environ["ALLOW_LOOPBACK_PROVIDERS"] = "true"
os.environ["TRUSTED_PROXIES"] = ""
os.environ["LOG_FORMAT"] = "console"
os.environ.setdefault("DATABASE_URL", "sqlite://:memory:")
os.environ.setdefault("CACHE_URL", "locmemcache://")
if "redis" in os.environ["CACHE_URL"]:
    # Every test worker clears its cache: each has a Redis database of its own.
    server, _, number = os.environ["CACHE_URL"].rpartition("/")
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    os.environ["CACHE_URL"] = f"{server}/{int(number) + worker}"

from ssoconsole.settings import *

# What is tested is who may try, not how slow a try is.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
