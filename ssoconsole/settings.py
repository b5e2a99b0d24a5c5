"""
The one settings file; nothing else reads the environment.

The table in README.md says what each variable means. Values that are unsafe in production are found by the
system checks in `ssoconsole/checks.py`, and the console does not start with them.
"""

import sys
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from ssoconsole.connections.options import REDIS_OPTIONS, postgresql_for_service

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

# FileAware: what NAME_FILE points at counts as NAME, for secrets that are mounted as files.
env = environ.FileAwareEnv()  # type: ignore[no-untyped-call]  # the library is not annotated here
env.read_env(BASE_DIR / ".env")  # the environment wins over the file


def required(name: str, check_id: str, hint: str) -> str:
    value: str = env.str(name, default="").strip()
    if not value:
        raise ImproperlyConfigured(f"({check_id}) {name} is not set.\n\tHINT: {hint}")
    return value


# --- Contract ---------------------------------------------------------------------------------------------

DEBUG: bool = env.bool("DEBUG", default=False)
SECRET_KEY = required(
    "SECRET_KEY",
    "ssoconsole.E001",
    "Set it to at least 50 random characters: python -c 'import secrets; print(secrets.token_urlsafe(50))'",
)
FIELD_ENCRYPTION_KEYS: list[str] = [
    key.strip()
    for key in required(
        "FIELD_ENCRYPTION_KEYS",
        "ssoconsole.E002",
        "Set it to 32 random bytes in base64url: python -c 'import secrets; print(secrets.token_urlsafe(32))'",
    ).split(",")
]
BASE_URL: str = env.str("BASE_URL", default="http://localhost:8000" if DEBUG else "")
if not BASE_URL:
    raise ImproperlyConfigured(
        "(ssoconsole.E003) BASE_URL is not set.\n\tHINT: Set it to the public origin of this console, "
        "for instance https://sso.example.com"
    )
ALLOW_LOOPBACK_PROVIDERS: bool = env.bool("ALLOW_LOOPBACK_PROVIDERS", default=DEBUG)
TRUSTED_PROXIES = [ip_network(network) for network in env.list("TRUSTED_PROXIES", default=[])]
LOG_FORMAT: str = env.str("LOG_FORMAT", default="console")
# Where `python -m ssoconsole.serve` listens, in how many processes of how many threads, and for how long it still
# serves after it has said that it is about to leave.
HOST: str = env.str("HOST", default="127.0.0.1")
PORT: int = env.int("PORT", default=8000)
WEB_CONCURRENCY: int = max(1, env.int("WEB_CONCURRENCY", default=1))
BLOCKING_THREADS: int = max(1, env.int("BLOCKING_THREADS", default=8))
DRAIN_SECONDS: float = max(0.0, env.float("DRAIN_SECONDS", default=5.0))
# Read only to notice several processes that do not share a cache.
SERVER_PROCESSES: int = max(WEB_CONCURRENCY, env.int("GRANIAN_WORKERS", default=1))
# Where traces go, by OTLP over http; nothing is traced without it. The other OTEL_ variables hold too.
OTEL_EXPORTER_OTLP_ENDPOINT: str = env.str("OTEL_EXPORTER_OTLP_ENDPOINT", default="")
# How old the last backup may be before the production checklist says so.
BACKUP_WITHIN_DAYS: int = env.int("BACKUP_WITHIN_DAYS", default=7)
# Whether this code may use a database that a newer version has migrated: to go back by one version.
ALLOW_NEWER_DATABASE: bool = env.bool("ALLOW_NEWER_DATABASE", default=False)
# Who may read /metrics: whoever shows the token, or calls from one of the networks; without either, this machine.
METRICS_TOKEN: str = env.str("METRICS_TOKEN", default="")
METRICS_NETWORKS = [ip_network(network) for network in env.list("METRICS_NETWORKS", default=[])]
# Where the processes of this host put their counters together; `python -m ssoconsole.serve` sees to it itself.
PROMETHEUS_MULTIPROC_DIR: str = env.str("PROMETHEUS_MULTIPROC_DIR", default="")
# How many sign-ins one address may start in a minute; each one is a row.
SIGN_INS_PER_MINUTE: int = env.int("SIGN_INS_PER_MINUTE", default=600)
# How long the trace of a sign-in is kept; `manage.py cleanup` deletes what is older.
SIGN_IN_TRACE_DAYS: int = env.int("SIGN_IN_TRACE_DAYS", default=30)
# How long the record of a token is kept after the token's end; one without an end is kept for ever.
TOKEN_RECORD_DAYS: int = max(2, env.int("TOKEN_RECORD_DAYS", default=90))
# How long the trace of a refusal at a door for programs is kept.
TOKEN_REFUSAL_DAYS: int = env.int("TOKEN_REFUSAL_DAYS", default=SIGN_IN_TRACE_DAYS)
# How many browsers one person may be signed in with; one more ends the oldest session.
SESSIONS_PER_USER: int = env.int("SESSIONS_PER_USER", default=20)
# After how long without a request a session ends; 0 for never.
SESSION_IDLE_MINUTES: int = max(0, env.int("SESSION_IDLE_MINUTES", default=60))
# Whether /signin leaves for the provider at once when there is only one; /signin?choose=1 still shows the page.
SIGN_IN_STRAIGHT_THROUGH: bool = env.bool("SIGN_IN_STRAIGHT_THROUGH", default=False)

# --- Warnings ---------------------------------------------------------------------------------------------
# Who is told before things end, by `manage.py send_warnings`.

_mail = env.email_url("EMAIL_URL", default="dummymail://")
EMAIL_BACKEND: str = _mail["EMAIL_BACKEND"]
EMAIL_HOST: str = _mail["EMAIL_HOST"] or "localhost"
EMAIL_PORT: int = _mail["EMAIL_PORT"] or 25
EMAIL_HOST_USER: str = _mail["EMAIL_HOST_USER"] or ""
EMAIL_HOST_PASSWORD: str = _mail["EMAIL_HOST_PASSWORD"] or ""
EMAIL_USE_TLS: bool = _mail.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL: bool = _mail.get("EMAIL_USE_SSL", False)
EMAIL_FILE_PATH: str | None = _mail["EMAIL_FILE_PATH"] or None
EMAIL_TIMEOUT = 15  # seconds
WARNINGS_EMAIL: list[str] = [
    address.strip() for address in env.list("WARNINGS_EMAIL", default=[]) if address.strip()
]
WARNINGS_FROM: str = env.str(
    "WARNINGS_FROM", default=f"sso-console@{urlsplit(BASE_URL).hostname or 'localhost'}"
)
WARNINGS_WEBHOOK_URL: str = env.str("WARNINGS_WEBHOOK_URL", default="")
WARNINGS_WEBHOOK_SECRET: str = env.str("WARNINGS_WEBHOOK_SECRET", default="")

# --- Database, cache --------------------------------------------------------------------------------------

VAR_DIR.mkdir(mode=0o700, exist_ok=True)
DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'console.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # IMMEDIATE: a transaction that reads and then writes waits for its turn instead of failing half way.
    # FULL: an acknowledged revocation survives a power cut, not only a crash.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
    }
else:
    DATABASES["default"] |= postgresql_for_service(
        DATABASES["default"].get("OPTIONS", {}), pooler=env.str("DATABASE_POOLER", default="")
    )
DATABASES["default"]["CONN_MAX_AGE"] = (
    60  # seconds; to connect anew for each request costs more than its queries
)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {"default": env.cache_url("CACHE_URL", default="locmemcache://")}
if CACHES["default"]["BACKEND"] == "django.core.cache.backends.redis.RedisCache":
    CACHES["default"] |= {"BACKEND": "ssoconsole.connections.cache.SharedCache"}
    CACHES["default"]["OPTIONS"] = REDIS_OPTIONS | CACHES["default"].get("OPTIONS", {})

# --- Application ------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "ssoconsole",
    "ssoconsole.accounts",
    "ssoconsole.eventlog",
    "ssoconsole.expiry",
    "ssoconsole.operation",
    "providers",
    "tokens",
    "ssoconsole.apps.ConsoleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "mozilla_django_oidc",
    "rest_framework",
    "drf_spectacular",
    "csp",
    "axes",
]

MIDDLEWARE = [
    "ssoconsole.http.forwarding.ForwardingHeadersMiddleware",
    "ssoconsole.http.probes.ProbeHostMiddleware",
    "ssoconsole.http.request_log.RequestLogMiddleware",
    "ssoconsole.tracing.middleware.TracingMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "providers.sessions.middleware.ConsoleSessionMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "ssoconsole.urls"
WSGI_APPLICATION = "ssoconsole.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# --- People -----------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "ssoconsole.accounts.backend.LockoutBackend",  # first: it stops the others
    "providers.signin.backend.ProviderBackend",
    "ssoconsole.accounts.backend.PasswordBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/signin"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/signed-out"

# --- Guessing at the password door --------------------------------------------------------------------------
# django-axes calls; which failures count, for whom and for how long stands in ssoconsole/accounts/lockout.py.

AXES_HANDLER = "ssoconsole.accounts.axes_handler.PasswordDoorHandler"
AXES_ENABLE_ADMIN = False
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # who is impatient does not wait longer
# Never a name alone: a stranger could lock its owner out.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_CALLABLE = "ssoconsole.accounts.lockout_page.come_back_later"
AXES_CLIENT_IP_CALLABLE = "ssoconsole.accounts.lockout.source_of"
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address"]
AXES_VERBOSE = False

# --- Browser security -------------------------------------------------------------------------------------

_secure = BASE_URL.startswith("https://")
_host = urlsplit(BASE_URL).hostname or "localhost"
ALLOWED_HOSTS = [_host, "localhost", "127.0.0.1", "[::1]"] if DEBUG else [_host]
CSRF_TRUSTED_ORIGINS = [BASE_URL]
SECURE_PROXY_SSL_HEADER = (
    "HTTP_X_FORWARDED_PROTO",
    "https",
)  # removed first when the peer is not a trusted proxy
SECURE_HSTS_SECONDS = 31_536_000 if _secure else 0
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SESSION_ENGINE = (
    "providers.sessions.store"  # Django's in the database: server-side, so that a session can be ended
)
SESSION_COOKIE_NAME = "__Host-session" if _secure else "session"
SESSION_COOKIE_SECURE = _secure
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "__Host-csrf" if _secure else "csrf"
CSRF_COOKIE_SECURE = _secure
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "ssoconsole.refusals.csrf.csrf_failure"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000

# --- mozilla-django-oidc ----------------------------------------------------------------------------------
# Everything that differs between providers comes from their rows; these hold for all of them.

OIDC_STORE_ACCESS_TOKEN = False
OIDC_STORE_ID_TOKEN = False
OIDC_CREATE_USER = True

# --- REST API ---------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "tokens.api.authentication.ConsoleTokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["tokens.api.permissions.ConsoleAdministrator"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "tokens.api.problems.problem_details",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "SSO Console API",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {"ProviderKindEnum": "providers.api.serializers.kind_names"},
}

# --- Static files, time, language -------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
STATICFILES_DIRS = [BASE_DIR / "static"]
# Served with fingerprints for ever once `collectstatic` has run, which makes them; from the sources until then.
_collecting = "collectstatic" in sys.argv[1:2]
_collected = not DEBUG and (_collecting or (STATIC_ROOT / "staticfiles.json").exists())
WHITENOISE_USE_FINDERS = not _collected
WHITENOISE_AUTOREFRESH = DEBUG
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if _collected
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
USE_I18N = False

# --- Logs: request id, never a query string, a token, a code or a secret ------------------------------------

LOGGING_CONFIG = "ssoconsole.logs.configure"
LOGGING = {"format": LOG_FORMAT, "level": "DEBUG" if env.bool("LOG_DEBUG", default=False) else "INFO"}
