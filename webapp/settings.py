"""Settings, all from the environment with defaults that serve the one-command start.

Every variable is described in the README's configuration table.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

from webapp import logs

logs.configure()
env = environ.FileAwareEnv()
BASE_DIR = Path(__file__).resolve().parent.parent
environ.FileAwareEnv.read_env(BASE_DIR / ".env", overwrite=False)

RUN_DIR = Path(env.str("WAYMEET_RUN_DIR", default=str(BASE_DIR / ".run")))
CACHE_DIR = Path(env.str("WAYMEET_CACHE_DIR", default=str(BASE_DIR / ".cache")))
RUN_DIR.mkdir(parents=True, exist_ok=True)

INSECURE_SECRET_KEY = "insecure-local-only-key"
SECRET_KEY = env.str("SECRET_KEY", default=INSECURE_SECRET_KEY)
DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]", "testserver"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "channels",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "axes",
    "intents.apps.IntentsConfig",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "intents.web.failures.WrongMethodMiddleware",
    "intents.web.failures.TooManyMiddleware",
    "intents.web.ready.NotStartedMiddleware",
]

ROOT_URLCONF = "webapp.urls"
ASGI_APPLICATION = "webapp.asgi.application"

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
                "django.template.context_processors.i18n",
                "intents.web.context.site",
            ],
            "libraries": {"waymeet": "intents.web.tags", "console": "intents.console.tags"},
        },
    },
]

DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{RUN_DIR / 'waymeet.sqlite3'}")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 10,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# A system that runs from this folder with a Redis of its own says here where that is.
REDIS_FILE = RUN_DIR / "redis-url"
_redis_here = REDIS_FILE.read_text("utf-8").strip() if REDIS_FILE.is_file() else "redis://127.0.0.1:6379/0"
# memory:// keeps queue and channels inside one process: enough for tests and for looking at pages.
REDIS_URL = env.str("REDIS_URL", default=_redis_here)
CHANNEL_LAYERS: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        # Hints are sent on the way of what they are about, which must not wait for a Redis that hangs.
        "CONFIG": {"hosts": [{"address": REDIS_URL, "socket_timeout": 2}], "prefix": "waymeet"},
    }
}
if REDIS_URL == "memory://":
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [BASE_DIR / "intents" / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True

HTTPS_ONLY = env.bool("HTTPS_ONLY", default=False)
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS_ONLY
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = HTTPS_ONLY
CSRF_FAILURE_VIEW = "intents.web.failures.csrf_failure"
LANGUAGE_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = HTTPS_ONLY
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS_ONLY else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS_ONLY else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024
STAFF_PATH = env.str("STAFF_PATH", default="staff/").strip("/") + "/"
CONSOLE_PATH = env.str("CONSOLE_PATH", default="console/").strip("/") + "/"
CONSOLE_HIGH_VALUE_USD = env.int("WAYMEET_HIGH_VALUE_USD", default=10_000)

# Staff: “auto” asks for the second factor unless every connected chain is local, “always” asks everywhere.
STAFF_SECOND_FACTOR = env.str("WAYMEET_SECOND_FACTOR", default="auto")
if STAFF_SECOND_FACTOR not in ("auto", "always"):
    raise ImproperlyConfigured(f"WAYMEET_SECOND_FACTOR={STAFF_SECOND_FACTOR}: write auto or always")
# A login of staff ends after so long without use, and after a working day at most.
STAFF_IDLE_SECONDS = env.int("WAYMEET_STAFF_IDLE_SECONDS", default=2 * 3600)
STAFF_SESSION_SECONDS = env.int("WAYMEET_STAFF_SESSION_SECONDS", default=10 * 3600)
OTP_TOTP_ISSUER = "Waymeet"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
# One name from one address: nobody can lock a colleague out from elsewhere.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_DISABLE_ACCESS_LOG = True
# The login page says itself that it is locked; without ASGI the middleware would say it in plain English.
SILENCED_SYSTEM_CHECKS = ["axes.W002"]

# Every script and style is a file of ours. Pages add the endpoints of local chains to connect-src.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "manifest-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}


def _limit(variable: str, default: str) -> tuple[int, int]:
    """Requests and seconds, written as 60/60."""
    text = env.str(variable, default=default)
    most, _, seconds = text.partition("/")
    if not (most.isdigit() and seconds.isdigit() and int(seconds)):
        raise ImproperlyConfigured(f"{variable}={text}: write requests/seconds, such as {default}")
    return int(most), int(seconds)


# Per client address; a hundredfold while every connected chain is local.
RATE_LIMITS = {
    "quotes": _limit("WAYMEET_LIMIT_QUOTES", "120/60"),
    "orders": _limit("WAYMEET_LIMIT_ORDERS", "30/60"),
    "logins": _limit("WAYMEET_LIMIT_LOGINS", "20/60"),
    "balances": _limit("WAYMEET_LIMIT_BALANCES", "60/60"),
    "lookups": _limit("WAYMEET_LIMIT_LOOKUPS", "60/60"),
    "tables": _limit("WAYMEET_LIMIT_TABLES", "20/60"),
    "messages": _limit("WAYMEET_LIMIT_MESSAGES", "20/300"),
}
MOST_SOCKETS = env.int("WAYMEET_LIMIT_SOCKETS", default=50)

# Sites that may show the “bring funds here” frame, and nothing else of ours, inside their pages.
EMBED_ANCESTORS = env.list("WAYMEET_EMBED_ANCESTORS", default=["'self'"])

NETWORK_DIR = Path(env.str("WAYMEET_NETWORK_DIR", default=str(RUN_DIR / "network")))
# Given by the supervisor of the local system to its own page: where to ask for something to be broken.
BREAK_URL = env.str("WAYMEET_BREAK_URL", default="")
BREAK_TOKEN = env.str("WAYMEET_BREAK_TOKEN", default="")
# The longest a settlement waits for others to share its transactions with, in seconds; 0 is not at all.
SETTLE_TOGETHER_SECONDS = env.float("WAYMEET_SETTLE_TOGETHER_SECONDS", default=60.0)
FILL_ENABLED = env.bool("WAYMEET_FILL", default=True)
REBALANCE_ENABLED = env.bool("WAYMEET_REBALANCE", default=True)
# Where our own stock may be withdrawn to; while every chain is local and none is named, to the owner itself.
TREASURY_ADDRESSES = env.list("WAYMEET_TREASURY", default=[])
# The most that staff may give one order out of goodwill, and never more than it was worth.
GOODWILL_MOST_USD = env.int("WAYMEET_GOODWILL_MOST_USD", default=50)
# A chain that joins: the most that its starting inventory is worth, and what may leave our account there in an hour.
JOIN_GRANT_USD = env.int("WAYMEET_JOIN_GRANT_USD", default=25_000)
JOIN_HOURLY_USD = env.int("WAYMEET_JOIN_HOURLY_USD", default=100_000)
# And the most of each of its tokens that we take in beyond what goes out of our hands again, for as long as it is here.
JOIN_HELD_USD = env.int("WAYMEET_JOIN_HELD_USD", default=100_000)
# How long no node of a chain must have answered before two people may declare it gone.
CHAIN_GONE_SECONDS = env.int("WAYMEET_CHAIN_GONE_SECONDS", default=86_400)
# Contracts that a chain's manifest may name although nobody can tell what they are, as "chain id:address".
TRUSTED_CONTRACTS = env.list("WAYMEET_TRUSTED_CONTRACTS", default=[])
BLOCKED_ADDRESSES = env.list("WAYMEET_BLOCKED_ADDRESSES", default=[])
# Deposit addresses of exchanges, by address: people are warned before they send there.
EXCHANGE_ADDRESSES = env.dict("WAYMEET_EXCHANGE_ADDRESSES", default={})
