"""The web server's way in."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")

application = get_wsgi_application()

from clinic.checks import refuse_unsafe_start  # noqa: E402  (needs the app registry that the line above fills)

refuse_unsafe_start()
