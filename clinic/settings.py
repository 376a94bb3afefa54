"""Settings. Everything that differs between machines comes from the environment (docs/deploy.md lists it)."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from zoneinfo import reset_tzpath

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from clinic.reminders.rules import mail_accounts, push_services

env = environ.Env()

# One time-zone database everywhere: the locked one, not whatever the machine has (Chisinau and Casablanca differed).
reset_tzpath(())

BASE_DIR = Path(__file__).resolve().parent.parent
# embedded: `manage.py up` started the servers. test: throw-away servers. production: somebody else did.
MODE = env("CLINIC_MODE", default="production")
IS_EMBEDDED, IS_TEST, IS_PRODUCTION = (mode == MODE for mode in ("embedded", "test", "production"))
DATA_DIR = Path(env("CLINIC_DATA", default=str(BASE_DIR / "var")))

DEBUG = env.bool("DEBUG", default=False)
if DEBUG and IS_PRODUCTION:
    raise ImproperlyConfigured("DEBUG shows patients' data on error pages: unset it in production.")
SECRET_KEY = env("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
CLINIC_URL = env("CLINIC_URL", default="http://127.0.0.1:8000").rstrip("/")
_HOST = CLINIC_URL.partition("://")[2].partition(":")[0]
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS", default=[_HOST] if IS_PRODUCTION else ["127.0.0.1", "localhost", "testserver"]
)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "crispy_forms",
    "crispy_bootstrap5",
    "csp",
    "django_htmx",
    "phonenumber_field",
    "pgtrigger",
    "template_partials.apps.SimpleAppConfig",
    "people",
    "patients",
    "programs",
    "clinic.appointments",
    "clinic.reminders",
    "clinic.desk",
    "clinic.portal",
    "clinic",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "people.web.middleware.ClinicOfRequest",
    "people.web.middleware.IdleSignOut",
    "people.web.reading.StaffReadEnglish",
    "people.web.middleware.NeverStored",
]

ROOT_URLCONF = "clinic.urls"
WSGI_APPLICATION = "clinic.wsgi.application"

_LOADERS: list[Any] = ["django.template.loaders.filesystem.Loader", "django.template.loaders.app_directories.Loader"]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [("template_partials.loader.Loader", [("django.template.loaders.cached.Loader", _LOADERS)])],
            "builtins": ["template_partials.templatetags.partials", "people.templatetags.clinic"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "people.web.context.clinic",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

DATABASES = {"default": env.db("DATABASE_URL")}
DATABASES["default"] |= {
    "HOST": unquote(DATABASES["default"]["HOST"]),  # a unix socket's folder arrives percent-encoded
    "CONN_MAX_AGE": 60,
    "CONN_HEALTH_CHECKS": True,  # a restarted PostgreSQL costs one reconnect, not an error page
    "ATOMIC_REQUESTS": False,  # actions open their own transactions; a request may hold several
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# One Redis for Celery's pokes and for rate limits. Nothing that must not be lost lives there.
REDIS_URL = env("REDIS_URL")
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}

AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = [
    "people.web.backends.RightsBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"

ACCOUNT_ADAPTER = "people.web.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # an account exists only after its invitation or code came by that mail
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 10 * 60  # seconds; the mail says "10 minutes"
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 3
ACCOUNT_FORMS = {"request_login_code": "people.web.forms.PatientCodeForm"}
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # people/web sends our own: allauth's points to a sign-up page
ACCOUNT_EMAIL_NOTIFICATIONS = True
MFA_ADAPTER = "people.web.second_factor.SealedSecrets"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Rebalance Clinic"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not IS_PRODUCTION  # passkeys on http://localhost
MFA_ALLOW_UNVERIFIED_EMAIL = True  # accounts are only ever made for addresses that the clinic wrote to
USERSESSIONS_TRACK_ACTIVITY = False

SESSION_COOKIE_AGE = int(timedelta(hours=12).total_seconds())
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
STAFF_IDLE_MINUTES = 15  # 45 CFR 164.312(a)(2)(iii), automatic logoff
PATIENT_IDLE_MINUTES = 30  # on a phone that is not remembered
PATIENT_REMEMBERED_DAYS = 30
SHARED_PHONE_IDLE_MINUTES = 10

FILE_UPLOAD_HANDLERS = [
    "people.web.uploads.NotTooMuch",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"  # a link with a token never leaves in a Referer
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "clinic.errors.csrf_failed"
if IS_PRODUCTION:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
    SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds())
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
    CSRF_TRUSTED_ORIGINS = [CLINIC_URL]
    ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https"
    ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXIES", default=1)  # whose X-Forwarded-For rate limits believe

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],  # data: Bootstrap's own check marks and the TOTP square
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

CRISPY_ALLOWED_TEMPLATE_PACKS = CRISPY_TEMPLATE_PACK = "bootstrap5"
PHONENUMBER_DB_FORMAT = "E164"
PHONENUMBER_DEFAULT_REGION = env("CLINIC_COUNTRY", default="US")

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("es", "Español")]  # of patients' pages; the clinic's own are in English
LOCALE_PATHS = [BASE_DIR / "clinic" / "locale"]  # before what packages say, whose words are not ours
FORMAT_MODULE_PATH = ["clinic.formats"]
USE_I18N = True
USE_TZ = True
DEMO_TIME_ZONE = env("DEMO_TIME_ZONE", default="America/New_York")
TIME_ZONE = "UTC"  # every decision about wall-clock time is taken in the site's own zone

STATIC_URL = "static/"
STATIC_ROOT = Path(env("STATIC_ROOT", default=str(DATA_DIR / "static")))
_MODULES = BASE_DIR / "node_modules"
STATICFILES_DIRS = [
    ("bootstrap", _MODULES / "bootstrap" / "dist"),
    ("inter", _MODULES / "@fontsource-variable" / "inter" / "files"),
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if IS_TEST
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = IS_TEST
WHITENOISE_AUTOREFRESH = IS_TEST  # else every client of a test walks through all of them first, for 0.1 s

# Without a mail server the embedded clinic delivers to a folder that only it shows (reminders/channels/mailbox.py).
EMAIL_URL = env("EMAIL_URL", default="")
EMAIL_TIMEOUT = env.float("EMAIL_TIMEOUT", default=10)  # seconds a step
HAS_LOCAL_MAILBOX = not IS_PRODUCTION and not EMAIL_URL
EMAIL_PROVIDER, ANYMAIL = "", dict[str, Any]()  # one that is spoken to over HTTP
if HAS_LOCAL_MAILBOX:
    EMAIL_BACKEND = "clinic.reminders.channels.mailbox.EmailBackend"
elif mail_accounts.is_one(EMAIL_URL):
    try:
        _MAIL = mail_accounts.of(EMAIL_URL, timeout=EMAIL_TIMEOUT)
    except ValueError as problem:
        raise ImproperlyConfigured(str(problem)) from None
    EMAIL_PROVIDER, EMAIL_BACKEND, ANYMAIL = _MAIL.provider, _MAIL.backend, dict(_MAIL.settings)
elif EMAIL_URL:
    globals().update(env.email_url_config(EMAIL_URL))
elif IS_PRODUCTION:
    raise ImproperlyConfigured("Set EMAIL_URL, for example smtp+tls://user:password@mail.example.org:587.")
EMAIL_BOUNCES_TO = env("EMAIL_BOUNCES_TO", default="")  # whoever the mail server tells that a mail came back
OUTBOX_LEASE_SECONDS = env.float("OUTBOX_LEASE_SECONDS", default=60)  # how long a silent worker keeps its messages
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="clinic@example.org")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# Texts: twilio+https://SID:TOKEN@api.twilio.com/?from=+15550100. Empty: there are none.
SMS_URL = env("SMS_URL", default="")
SMS_TIMEOUT = env.float("SMS_TIMEOUT", default=10)  # seconds a step

# Messages on phones' own screens: a key made once with `manage.py push_key`. Empty: there are none.
PUSH_KEY = env("PUSH_KEY", default="")
PUSH_SERVICES = push_services.KNOWN
PUSH_TIMEOUT = env.float("PUSH_TIMEOUT", default=10)  # seconds a step

# kombu names a unix socket differently from redis-py.
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1).replace("?db=", "?virtual_host=")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True  # acks_late alone lost 3 of 200 when the pool child was killed
CELERY_TASK_TIME_LIMIT = 50  # seconds, below the outbox lease of 60
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # for ever: a broker that comes back finds its workers
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False  # a look goes on without the broker
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 120,
    "unacked_restore_interval": 5,  # seconds; with the throttle of 1 kombu 5.7 really looks that often
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 5,
    "socket_timeout": 30,
}
CELERY_TIMEZONE = "UTC"
LOOKOUT_SECONDS = env.float("LOOKOUT_SECONDS", default=30.0)  # how late a dead beat or broker makes a reminder
CELERY_BEAT_SCHEDULE = {
    # Plain intervals only: a beat that lives in local time runs twice or never when clocks change.
    # expires: after a broker outage one look is enough.
    "look": {"task": "clinic.reminders.tasks.look", "schedule": 10.0, "options": {"expires": 10}},
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "filters": {"links": {"()": "clinic.logs.NoSecretsOfLinks"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["links"]}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", default="INFO")},
}
