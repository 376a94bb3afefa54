"""What a session costs in the demo, and who has paid for some in advance."""

from collections.abc import Collection
from datetime import datetime, timedelta
from decimal import Decimal

from clinic.appointments.actions import packages
from patients.models import Patient
from people.models import User
from programs.actions import offering
from programs.models import PlannedSession

PRICES = {
    "first_assessment": 140, "review": 70, "laser_therapy": 65, "chiropractic_care": 75, "dry_needling": 70,
    "exercise_program": 60, "posture_guidance": 55, "shockwave": 95, "prolotherapy": 180, "prp": 480,
}  # fmt: skip
SOLD = 4  # sessions
LAPSES_AFTER = timedelta(days=180)


def set_prices(*, by: User, now: datetime) -> None:
    for code, price in PRICES.items():
        offering.change(code, by=by, now=now, price=Decimal(price))


def sell_some(patients: Collection[Patient], *, by: User, now: datetime) -> None:
    """Each pays for four of the sessions that come next, a tenth cheaper than one by one."""
    services = offering.current()
    coming = PlannedSession.objects.of_active_plans().filter(plan__patient__in=patients, due_on__gte=now.date())
    for session in coming.order_by("plan__patient", "due_on").distinct("plan__patient").select_related("plan__patient"):
        service = services[session.modality]
        if service.price is not None:
            packages.sell(
                session.plan.patient, service=service, sessions=SOLD, price=service.price * SOLD * 9 / 10, by=by,
                now=now, expires_on=now.date() + LAPSES_AFTER,
            )  # fmt: skip
