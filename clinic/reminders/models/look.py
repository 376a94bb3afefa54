"""When somebody last looked at what is owed."""

from datetime import datetime, timedelta
from typing import Final

from django.db import models

# Somebody looks every ten seconds, and at least every thirty: longer than this, nobody does.
_MISSED_AFTER: Final = timedelta(minutes=3)


class LastLook(models.Model):
    """One row: the moment for which everything was last planned, by the clock of whoever did it.

    The next look does that anew in another minute; and who asks why nothing goes out sees since when nobody looked.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    planned_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(name="there_is_one_last_look", condition=models.Q(id=1))]

    def __str__(self) -> str:
        return f"{self.planned_at:%Y-%m-%d %H:%M:%S}"

    @classmethod
    def missed_since(cls, now: datetime) -> datetime | None:
        """Since when nobody looks; None while somebody does, or before anybody ever did. One query."""
        last = cls.objects.filter(planned_at__lt=now - _MISSED_AFTER).first()
        return last.planned_at if last else None
