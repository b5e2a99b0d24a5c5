"""
The one settings file; nothing else reads the environment.

The table in docs/settings.md says what each variable means. Values that are unsafe in production are found by the
system checks in `ssoconsole/checks.py`, and the console does not start with them.
"""

import io
import re
import sys
from collections.abc import Callable
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any, TypeVar

import drf_spectacular_sidecar  # static files, and no code
import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from ssoconsole.platform import brand, values
from ssoconsole.platform.connections.options import postgresql_for_service, redis_options

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

T = TypeVar("T")


class Environment(environ.FileAwareEnv):
    """
    The environment. FileAware: what NAME_FILE points at counts as NAME, for secrets that are mounted as files.

    A blank value is none, `$` is a character like any other, and a value that cannot be read is refused by the name
    of its variable, with a hint and without the value, which may be a secret.
    """

    def read(self, name: str, reader: Callable[[str], T], default: T) -> T:
        """Return what the variable means by a reader of `ssoconsole.platform.values`. Raises ImproperlyConfigured."""
        try:
            text = (self.ENVIRON.get(name) or "").removeprefix("\N{BYTE ORDER MARK}").strip()
        except (OSError, UnicodeError) as error:
            raise ImproperlyConfigured(
                f"(ssoconsole.E017) {name}_FILE names a file that cannot be read: {type(error).__name__}.\n\tHINT: "
                f"Give the path of a text file that the console's account may read, or set {name} itself."
            ) from None
        if not text:
            return default
        try:
            return reader(text)
        except ValueError as error:
            raise ImproperlyConfigured(f"(ssoconsole.E016) {name} cannot be read.\n\tHINT: {error}") from None

    @classmethod
    def parts_of(cls, what: str, url: str) -> dict[str, Any]:
        """Return the settings that the URL of a db, cache or email stands for."""
        parts: dict[str, Any] = getattr(cls, f"{what}_url_config")(url)
        return parts

    def get_value(self, var: str, cast: Any = None, default: Any = "", parse_default: bool = False) -> Any:
        """Read as the library's own methods ask for it, with the rules above."""
        readers = {bool: values.switch, int: values.whole(), float: values.decimal(), list: values.words}
        return self.read(var, readers.get(cast, str), default)


def lines_of(path: Path) -> str:
    """Return the text of a .env, "" where there is none. Raises ImproperlyConfigured, which repeats no line."""
    wrong = None
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return ""
    except UnicodeError:
        wrong = "is no text"
    except OSError as error:
        wrong = f"cannot be read: {error.strerror}"
    else:
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip() and not _line_of_env.match(line):
                wrong = wrong or f"has no NAME=value in line {number}"
    if wrong:
        raise ImproperlyConfigured(
            f"(ssoconsole.E017) The file {path} {wrong}.\n\tHINT: One NAME=value a line without blanks around the =, "
            "in UTF-8, readable by the console's account; # begins a line that is a comment."
        )
    return text


_line_of_env = re.compile(r"(?:export )?[A-Za-z_0-9]+=|\s*#")

env = Environment()  # type: ignore[no-untyped-call]  # the library is not annotated here
# The environment wins over the file. Not by `env`, which would open what NAME_FILE names, and fail without its name.
environ.Env.read_env(io.StringIO(lines_of(BASE_DIR / ".env")))


def make_folder(path: Path, *, mode: int = 0o777) -> None:
    """Make a folder unless it is there. Raises ImproperlyConfigured."""
    try:
        path.mkdir(mode=mode, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(
            f"(ssoconsole.E020) The folder {path} cannot be made: {error.strerror}.\n\tHINT: Make it, and let the "
            "console's account write there."
        ) from None


def required(name: str, check_id: str, hint: str) -> str:
    value: str = env.str(name, default="").strip()
    if not value:
        raise ImproperlyConfigured(f"({check_id}) {name} is not set.\n\tHINT: {hint}")
    return value


DAYS = values.whole(1, 36_500)

# --- Contract ---------------------------------------------------------------------------------------------

DEBUG: bool = env.bool("DEBUG", default=False)
SECRET_KEY = required(
    "SECRET_KEY",
    "ssoconsole.E001",
    "Set it to at least 50 random characters: python3 -c 'import secrets; print(secrets.token_urlsafe(50))'",
)
FIELD_ENCRYPTION_KEYS: list[str] = [
    key.strip()
    for key in required(
        "FIELD_ENCRYPTION_KEYS",
        "ssoconsole.E002",
        "Set it to 32 random bytes in base64url: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'",
    ).split(",")
]
BASE_URL: str = env.str("BASE_URL", default="http://localhost:8000" if DEBUG else "")
if not BASE_URL:
    raise ImproperlyConfigured(
        "(ssoconsole.E003) BASE_URL is not set.\n\tHINT: Set it to the public origin of this console, "
        "for instance https://sso.example.com"
    )
ALLOW_LOOPBACK_PROVIDERS: bool = env.bool("ALLOW_LOOPBACK_PROVIDERS", default=DEBUG)
TRUSTED_PROXIES: list[IPv4Network | IPv6Network] = env.read("TRUSTED_PROXIES", values.networks, [])
# The one header of theirs that is believed: Forwarded, or X-Forwarded-For where they drop names with underscores.
TRUSTED_PROXY_HEADER = env.read("TRUSTED_PROXY_HEADER", values.one_of("Forwarded", "X-Forwarded-For"), "")
LOG_FORMAT = env.read("LOG_FORMAT", values.one_of("console", "json"), "console")
# Where `python -m ssoconsole.serve` listens, in how many processes of how many threads, and for how long it still
# serves after it has said that it is about to leave.
HOST = env.read("HOST", values.address, "127.0.0.1")
PORT = env.read("PORT", values.whole(1, 65_535), 8000)
# Whether another console may listen there too, for a restart that exchanges one for the other on one port.
SHARE_PORT: bool = env.bool("SHARE_PORT", default=False)
WEB_CONCURRENCY = env.read("WEB_CONCURRENCY", values.whole(1, 1_000), 1)
BLOCKING_THREADS = env.read("BLOCKING_THREADS", values.whole(1, 10_000), 8)
DRAIN_SECONDS = env.read("DRAIN_SECONDS", values.decimal(0, 3_600), 5.0)
# Read only to notice several processes that do not share a cache.
SERVER_PROCESSES: int = max(WEB_CONCURRENCY, env.read("GRANIAN_WORKERS", values.whole(1, 1_000), 1))
# Where traces go, by OTLP over http; nothing is traced without it. The other OTEL_ variables hold too.
OTEL_EXPORTER_OTLP_ENDPOINT = env.read("OTEL_EXPORTER_OTLP_ENDPOINT", values.web_address, "")
# How old the last backup may be before the production checklist says so.
BACKUP_WITHIN_DAYS = env.read("BACKUP_WITHIN_DAYS", DAYS, 7)
# Whether this code may use a database that a newer version has migrated: to go back by one version.
ALLOW_NEWER_DATABASE: bool = env.bool("ALLOW_NEWER_DATABASE", default=False)
# Who may read /metrics: whoever shows the token, or calls from one of the networks; without either, this machine.
METRICS_TOKEN: str = env.str("METRICS_TOKEN", default="")
METRICS_NETWORKS: list[IPv4Network | IPv6Network] = env.read("METRICS_NETWORKS", values.networks, [])
# Where the processes of this host put their counters together; `python -m ssoconsole.serve` sees to it itself.
PROMETHEUS_MULTIPROC_DIR = env.read("PROMETHEUS_MULTIPROC_DIR", values.folder, "")
# How many sign-ins one address may start in a minute; each one is a row.
SIGN_INS_PER_MINUTE = env.read("SIGN_INS_PER_MINUTE", values.whole(1, 1_000_000), 600)
# How long the trace of a sign-in is kept; `manage.py cleanup` deletes what is older.
SIGN_IN_TRACE_DAYS = env.read("SIGN_IN_TRACE_DAYS", DAYS, 30)
# How long the record of a token is kept after the token's end; one without an end is kept for ever.
TOKEN_RECORD_DAYS = max(2, env.read("TOKEN_RECORD_DAYS", DAYS, 90))
# How long the trace of a refusal at a door for programs is kept.
TOKEN_REFUSAL_DAYS = env.read("TOKEN_REFUSAL_DAYS", DAYS, SIGN_IN_TRACE_DAYS)
# How many browsers one person may be signed in with; one more ends the oldest session.
SESSIONS_PER_USER = env.read("SESSIONS_PER_USER", values.whole(1, 10_000), 20)
# After how long without a request a session ends; 0 for never.
SESSION_IDLE_MINUTES = env.read("SESSION_IDLE_MINUTES", values.whole(0, 1_000_000), 60)
# The proxy that requests to providers and webhooks go through, and the domains that are reached without it.
OUTBOUND_PROXY = env.read("OUTBOUND_PROXY", values.proxy_url, "")
OUTBOUND_DIRECT: list[str] = env.read("OUTBOUND_DIRECT", values.domains, [])
# The CA certificates that providers' are checked by. OpenSSL reads it itself, and passes over one that is not there.
SSL_CERT_FILE = env.read("SSL_CERT_FILE", values.readable_file, "")
# Whether /signin leaves for the provider at once when there is only one; /signin?choose=1 still shows the page.
SIGN_IN_STRAIGHT_THROUGH: bool = env.bool("SIGN_IN_STRAIGHT_THROUGH", default=False)

# --- Warnings ---------------------------------------------------------------------------------------------
# Who is told before things end, by `manage.py send_warnings`.

_mail = Environment.parts_of("email", env.read("EMAIL_URL", values.email_url, "dummymail://"))
EMAIL_BACKEND: str = _mail["EMAIL_BACKEND"]
EMAIL_HOST: str = _mail["EMAIL_HOST"] or "localhost"
EMAIL_PORT: int = _mail["EMAIL_PORT"] or 25
EMAIL_HOST_USER: str = _mail["EMAIL_HOST_USER"] or ""
EMAIL_HOST_PASSWORD: str = _mail["EMAIL_HOST_PASSWORD"] or ""
EMAIL_USE_TLS: bool = _mail.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL: bool = _mail.get("EMAIL_USE_SSL", False)
EMAIL_FILE_PATH: str | None = _mail["EMAIL_FILE_PATH"] or None
EMAIL_TIMEOUT = 15  # seconds
WARNINGS_EMAIL: list[str] = env.read("WARNINGS_EMAIL", values.words, [])
WARNINGS_FROM: str = env.str("WARNINGS_FROM", default=values.sender_of(BASE_URL))
WARNINGS_WEBHOOK_URL: str = env.str("WARNINGS_WEBHOOK_URL", default="")
WARNINGS_WEBHOOK_SECRET: str = env.str("WARNINGS_WEBHOOK_SECRET", default="")

# --- Brand --------------------------------------------------------------------------------------------------

BRAND_NAME = env.read("BRAND_NAME", values.brand_name, "SSO Console")
BRAND_LOGO = env.read("BRAND_LOGO", brand.logo_file, "")
BRAND_ACCENT = env.read("BRAND_ACCENT", values.colour, "")

# --- Database, cache --------------------------------------------------------------------------------------

make_folder(VAR_DIR, mode=0o700)
_database = env.read("DATABASE_URL", values.database_url, f"sqlite:///{VAR_DIR / 'console.sqlite3'}")
DATABASES = {"default": Environment.parts_of("db", _database)}
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

CACHES = {"default": Environment.parts_of("cache", env.read("CACHE_URL", values.cache_url, "locmemcache://"))}
if CACHES["default"]["BACKEND"] == "django.core.cache.backends.redis.RedisCache":
    CACHES["default"] |= {"BACKEND": "ssoconsole.platform.connections.cache.SharedCache"}
    CACHES["default"]["OPTIONS"] = redis_options(
        CACHES["default"].get("OPTIONS", {}), by_socket=CACHES["default"]["LOCATION"].startswith("unix:")
    )
else:
    CACHES["default"] |= {"BACKEND": "ssoconsole.platform.connections.cache.LocalCache"}

# --- Application ------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "ssoconsole",
    "ssoconsole.apps.AccountsConfig",
    "ssoconsole.apps.EventLogConfig",
    "ssoconsole.apps.ExpiryConfig",
    "ssoconsole.apps.RunsConfig",
    "providers",
    "tokens",
    "ssoconsole.apps.ConsoleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "ssoconsole.apps.ConsoleStaticFilesConfig",
    "mozilla_django_oidc",
    "rest_framework",
    "drf_spectacular",
    "csp",
    "axes",
]

MIDDLEWARE = [
    "ssoconsole.console.languages.LanguageMiddleware",
    "ssoconsole.platform.http.request_log.RequestMiddleware",
    "ssoconsole.platform.tracing.TracingMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "ssoconsole.platform.http.bounds.BoundsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "providers.middleware.ConsoleSessionMiddleware",
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
            "builtins": ["django.templatetags.i18n", "ssoconsole.console.branding"],
        },
    }
]

# --- People -----------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "ssoconsole.platform.accounts.passwords.LockoutBackend",  # first: it stops the others
    "providers.signin.backend.ProviderBackend",
    "ssoconsole.platform.accounts.passwords.PasswordBackend",
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
# django-axes calls; which failures count, for whom and how long, says ssoconsole/platform/accounts/passwords.py.

AXES_HANDLER = "ssoconsole.platform.accounts.passwords.PasswordDoorHandler"
AXES_ENABLE_ADMIN = False
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # who is impatient does not wait longer
# Never a name alone: a stranger could lock its owner out.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_CALLABLE = "ssoconsole.platform.accounts.passwords.come_back_later"
AXES_CLIENT_IP_CALLABLE = "ssoconsole.platform.accounts.passwords.source_of"
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address"]
AXES_VERBOSE = False

# --- Browser security -------------------------------------------------------------------------------------

_secure = BASE_URL.startswith("https://")
_host = values.host_of(BASE_URL) or "localhost"
ALLOWED_HOSTS = [*dict.fromkeys([_host, "localhost", "127.0.0.1", "[::1]"])] if DEBUG else [_host]
CSRF_TRUSTED_ORIGINS = [BASE_URL]
# Not a header: what `http.forwarding` believes of one.
SECURE_PROXY_SSL_HEADER = ("console.scheme", "https")
SECURE_HSTS_SECONDS = 31_536_000 if _secure else 0
# What else browsers shall insist on is for who owns the domain to say: it binds hosts that are not the console's.
_hsts = env.read("HSTS", values.one_of("host", "subdomains", "preload"), "host")
SECURE_HSTS_INCLUDE_SUBDOMAINS = _hsts in ("subdomains", "preload")
SECURE_HSTS_PRELOAD = _hsts == "preload"
# W005, W021: see HSTS. W008: whoever speaks TLS, the proxy, redirects; the console sees plain http alone.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W008", "security.W021"]
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
CSRF_FAILURE_VIEW = "ssoconsole.console.refusals.csrf_failure"
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
# Of any body, whatever reads it (platform/http/bounds.py): JSON around the largest file that the linter takes.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_097_152
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
    "DEFAULT_PERMISSION_CLASSES": ["tokens.api.authentication.ConsoleAdministrator"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["ssoconsole.platform.rest.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "ssoconsole.platform.rest_schema.ProblemSchema",
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
make_folder(STATIC_ROOT)
STATICFILES_DIRS = [
    BASE_DIR / "static",
    # Not by INSTALLED_APPS: the package has Redoc as well. What is collected of it, ConsoleStaticFilesConfig says.
    (
        "swagger-ui",
        Path(drf_spectacular_sidecar.__path__[0], "static/drf_spectacular_sidecar/swagger-ui-dist"),
    ),
]
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
FORMAT_MODULE_PATH = "ssoconsole.formats"
LANGUAGE_CODE = "en"
# Of people's pages (console/languages.py); everything else is English.
LANGUAGES = [
    ("en", "English"),
    ("de", "German"),
    ("fr", "French"),
    ("es", "Spanish"),
    ("ja", "Japanese"),
    ("zh-hans", "Simplified Chinese"),
]
LANGUAGE_COOKIE_NAME = "__Host-language" if _secure else "language"
LANGUAGE_COOKIE_AGE = 31_536_000
LANGUAGE_COOKIE_SECURE = _secure
LANGUAGE_COOKIE_HTTPONLY = True

# --- Logs: request id, never a query string, a token, a code or a secret ------------------------------------

LOGGING_CONFIG = "ssoconsole.platform.logs.configure"
LOGGING = {"format": LOG_FORMAT, "level": "DEBUG" if env.bool("LOG_DEBUG", default=False) else "INFO"}
