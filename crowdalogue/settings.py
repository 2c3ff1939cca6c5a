"""Settings: everything comes from a few CROWDALOGUE_ variables, and nothing has to be set.

A value that is not understood is refused at start, with a hint; see `ENVIRONMENT` for all of them.
"""

from __future__ import annotations

import base64
import os
import secrets
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from crowdalogue.errors import Failure

# name -> what it does; docs/operating.md is checked against this table.
ENVIRONMENT = {
    "CROWDALOGUE_HOME": "Where data lives: the SQLite store, files, columns, models, secret.key.",
    "CROWDALOGUE_DATABASE_URL": "postgresql://user:password@host:port/name for a team; empty: SQLite in the home.",
    "CROWDALOGUE_URL": "The address people open, such as https://care.example.com. Default http://127.0.0.1:8000.",
    "CROWDALOGUE_BIND": "host:port the web server listens on. Default: those of CROWDALOGUE_URL on this machine.",
    "CROWDALOGUE_LOG": "How much is logged: debug, info, warning or error. Default info.",
    "CROWDALOGUE_PRIVATE_ADDRESSES": "yes: channels may call addresses inside your network. Default no, but loopback.",
    "CROWDALOGUE_ENCODER_THREADS": "How many cores one process uses to turn text into vectors. Default 1.",
    "CROWDALOGUE_DATA": "Where tests find example data. The product does not read it.",
}


class WrongSetting(Failure):
    """A setting that was not understood. Shown by every command before anything else happens."""


def read_environment() -> dict[str, str]:
    given = {k: v.strip() for k, v in os.environ.items() if k.startswith("CROWDALOGUE_")}
    for name in given:
        if name not in ENVIRONMENT:
            near = ", ".join(sorted(ENVIRONMENT))
            raise WrongSetting(f"{name} is not a setting of Crowdalogue. Settings are: {near}.")
    return given


def read_home(given: str) -> Path:
    home = Path(given or os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share")
    home = (home if given else home / "crowdalogue").expanduser().absolute()
    try:
        for part in ("files", "columns", "models", "imports"):
            (home / part).mkdir(parents=True, exist_ok=True)
        home.chmod(0o700)
    except OSError as error:
        raise WrongSetting(
            f"CROWDALOGUE_HOME {home} cannot be written ({error.strerror}). Choose a folder you own."
        ) from None
    return home


def read_secret(home: Path) -> bytes:
    """32 random bytes, made once; sessions and stored passwords hang on them, so back the file up."""
    path = home / "secret.key"
    try:
        with path.open("x") as file:
            path.chmod(0o600)
            file.write(secrets.token_hex(32))
    except FileExistsError:
        pass
    try:
        key = bytes.fromhex(path.read_text().strip())
    except ValueError:
        key = b""
    if len(key) != 32:
        raise WrongSetting(f"{path} is damaged. Put back the one from your backup; it opens the stored passwords.")
    return key


def read_database(url: str, home: Path) -> dict[str, Any]:
    if not url or url == "sqlite":
        return sqlite(home / "crowdalogue.sqlite3")
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return sqlite(Path(unquote(parts.path)))
    if parts.scheme not in ("postgresql", "postgres"):
        raise WrongSetting(
            "CROWDALOGUE_DATABASE_URL must look like postgresql://user:password@host:5432/name. "
            "Leave it empty to use SQLite."
        )
    if not parts.path.strip("/"):
        raise WrongSetting("CROWDALOGUE_DATABASE_URL names no database. Add /crowdalogue at its end.")
    options: dict[str, Any] = {"connect_timeout": 10}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }


def sqlite(path: Path) -> dict[str, Any]:
    return {
        "ENGINE": "crowdalogue.sqlite",
        "NAME": str(path),
        "CONN_MAX_AGE": 600,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            # A page cache of 64 MB and mapped reads keep lists flat to a million conversations.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-65536; "
            "PRAGMA mmap_size=1073741824; PRAGMA temp_store=MEMORY;",
        },
        "TEST": {"NAME": str(path.with_suffix(".test.sqlite3"))},
    }


def read_url(given: str) -> str:
    parts = urlsplit(given or "http://127.0.0.1:8000")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
        raise WrongSetting("CROWDALOGUE_URL must be an address without a path, such as https://care.example.com.")
    return f"{parts.scheme}://{parts.netloc}"


def read_bind(given: str, url: str) -> tuple[str, int]:
    if not given:
        parts = urlsplit(url)
        local = parts.hostname in ("127.0.0.1", "localhost", "::1")
        return "127.0.0.1", (parts.port or 8000) if local else 8000
    host, _, port = given.rpartition(":")
    if not host or not port.isdigit() or not 0 <= int(port) < 65536:
        raise WrongSetting("CROWDALOGUE_BIND must be host:port, such as 127.0.0.1:8000 or 0.0.0.0:8000.")
    return host.strip("[]"), int(port)


def read_log(given: str) -> str:
    level = given or "info"
    if level not in ("debug", "info", "warning", "error"):
        raise WrongSetting("CROWDALOGUE_LOG must be debug, info, warning or error.")
    return level.upper()


def read_flag(name: str, given: str) -> bool:
    if given not in ("", "yes", "no"):
        raise WrongSetting(f"{name} must be yes or no.")
    return given == "yes"


try:
    _given = read_environment()
    HOME = read_home(_given.get("CROWDALOGUE_HOME", ""))
    _secret = read_secret(HOME)
    DATABASES = {"default": read_database(_given.get("CROWDALOGUE_DATABASE_URL", ""), HOME)}
    URL = read_url(_given.get("CROWDALOGUE_URL", ""))
    BIND = read_bind(_given.get("CROWDALOGUE_BIND", ""), URL)
    LOG_LEVEL = read_log(_given.get("CROWDALOGUE_LOG", ""))
    PRIVATE_ADDRESSES = read_flag("CROWDALOGUE_PRIVATE_ADDRESSES", _given.get("CROWDALOGUE_PRIVATE_ADDRESSES", ""))
except WrongSetting as _wrong:
    sys.exit(f"crowdalogue: {_wrong.text}")

# Whoever has one of the two keys learns nothing of the other.
SECRET_KEY = base64.b64encode(_secret).decode()
FIELD_KEY = base64.urlsafe_b64encode(bytes(b ^ 0x5A for b in _secret[::-1])).decode()

HTTPS = URL.startswith("https://")
DEBUG = False
ALLOWED_HOSTS = [urlsplit(URL).hostname or "", "127.0.0.1", "localhost", "[::1]"]
CSRF_TRUSTED_ORIGINS = [URL]

INSTALLED_APPS = [
    "crowdalogue",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "crowdalogue.web.frame.Frame",
]
ROOT_URLCONF = "crowdalogue.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parent / "web" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "crowdalogue.web.frame.rail",
            ],
            "builtins": ["crowdalogue.web.words"],
        },
    }
]
WSGI_APPLICATION = "crowdalogue.web.server.wsgi"
ASGI_APPLICATION = "crowdalogue.web.server.application"

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
MIGRATION_MODULES = {"crowdalogue": "crowdalogue.models.migrations"}
AUTH_USER_MODEL = "crowdalogue.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "crowdalogue.web.signin.Adapter"
ACCOUNT_FORMS = {
    "login": "crowdalogue.web.signin.LoginForm",
    "change_password": "crowdalogue.web.signin.ChangePasswordForm",
    "reset_password_from_key": "crowdalogue.web.signin.FirstPasswordForm",
    "reauthenticate": "crowdalogue.web.signin.ReauthenticateForm",
}
ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": "10/m/ip,5/5m/key"}
ACCOUNT_LOGOUT_ON_GET = False
# Accounts are made and passwords given by people (Settings, Team): nothing here sends mail behind their back.
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_ADAPTER = "crowdalogue.web.signin.SecondFactor"
# A link under Settings, Team leaves an address unconfirmed; it must not keep anybody from a second factor.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_FORMS = {
    "authenticate": "crowdalogue.web.signin.CodeForm",
    "reauthenticate": "crowdalogue.web.signin.CodeAgainForm",
    "activate_totp": "crowdalogue.web.signin.FirstCodeForm",
}

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_AGE = 14 * 24 * 3600
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "crowdalogue.web.faults.csrf"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
X_FRAME_OPTIONS = "SAMEORIGIN"

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"

STATIC_URL = "/static/"
STATICFILES_DIRS = [Path(__file__).parent / "web" / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
DATA_UPLOAD_MAX_MEMORY_SIZE = 30 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000
FILE_UPLOAD_TEMP_DIR = str(HOME / "imports")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "crowdalogue.logs.Line", "format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {"crowdalogue": {"level": LOG_LEVEL}},
}
SILENCED_SYSTEM_CHECKS: list[str] = []
