"""The project package: settings, doors, and the houses that look left at people, patients and programs."""

from clinic.celery import app as celery_app

__all__ = ["celery_app"]
