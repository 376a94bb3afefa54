"""Celery carries only "look now": every deed waits as a row with a due time (house rule 8)."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")

app = Celery("clinic")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["clinic.reminders"])
# By name: their module needs the apps, which a worker loads only after this one.
app.steps["worker"].update(["clinic.lookout:SafeStart", "clinic.lookout:Lookout"])
