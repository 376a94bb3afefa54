"""How short before, how far ahead and how often a day: the clinic's own rules of when a visit may be booked."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import TextChoices

from clinic.appointments.rules.refusals import InThePast, NotForPatients, TooFarAhead, TooSoon
from programs.rules.services import Service


class Door(TextChoices):
    """Who asks for the time: somebody at the desk, or the patient."""

    DESK = "desk"
    PORTAL = "portal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """As one door keeps them. `daily` is how many visits of any kind a clinician has in a day."""

    door: Door = Door.DESK
    notice: timedelta = timedelta(0)
    horizon: timedelta = timedelta(days=182)  # rosters and leave are not known further ahead
    daily: int | None = None

    def is_open_for(self, service: Service, *, is_new: bool = True) -> bool:
        """Whether this door may give it at all. A visit that the clinic gave may be moved by the patient."""
        return self.door == Door.DESK or service.self_booking or not is_new

    def has_days(self, service: Service) -> bool:
        """Whether a clinician's day can be full before its hours are."""
        return self.daily is not None or service.daily_limit is not None

    def is_full(self, service: Service, *, visits: int, of_this_service: int) -> bool:
        """Whether a clinician who gives that many visits in a day may not give one more of this service."""
        return (self.daily is not None and visits >= self.daily) or (
            service.daily_limit is not None and of_this_service >= service.daily_limit
        )

    def refuse(self, starts_at: datetime, now: datetime) -> None:
        """Raises `InThePast`, `TooSoon` or `TooFarAhead`."""
        if starts_at < now:
            raise InThePast
        if starts_at < now + self.notice:
            raise TooSoon
        if starts_at > now + self.horizon:
            raise TooFarAhead

    def refuse_closed(self, service: Service, *, is_new: bool) -> None:
        """Raises `NotForPatients`."""
        if not self.is_open_for(service, is_new=is_new):
            raise NotForPatients
