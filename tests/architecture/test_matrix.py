"""Every URL x every role x whose object: generated from the resolver, so that no new page can be forgotten."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import URLResolver, get_resolver, reverse
from django.utils import timezone
from factories import a_clinician, a_patient, a_portal_patient, a_room, a_site, a_user, the_clinic

from clinic.appointments.models import (
    Absence,
    Appointment,
    Closure,
    GroupSession,
    Package,
    Reservation,
    Shift,
    SlotOffer,
    WaitlistEntry,
)
from clinic.reminders.models import InboundText, Message
from patients.models import Assessment, Attachment, Consent, Correction, Erasure, Intake, Post, RedFlag, Thread
from people.models import Invitation, User
from people.rules.permissions import Permission, Role
from programs.models import AdverseEvent, Override, Phase, Plan, PlanExercise, PlannedSession, TreatmentGiven

NOBODY = UUID(int=7)


@dataclass(frozen=True)
class Door:
    name: str
    keys: tuple[str, ...]
    permission: Permission | None
    anyone: bool

    def url(self, objects: dict[str, Any]) -> str:
        return reverse(self.name, kwargs={key: objects[key] for key in self.keys})


def doors(resolver: URLResolver | None = None, space: str = "") -> Iterator[Door]:
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            inner = f"{space}{entry.namespace}:" if entry.namespace else space
            yield from doors(entry, inner)
        else:
            guard = entry.callback.guard
            keys = tuple(entry.pattern.converters) or tuple(entry.pattern.regex.groupindex)
            yield Door(f"{space}{entry.name}", keys, guard.permission, guard.anyone)


DOORS = list(doors())
GUARDED = [door for door in DOORS if not door.anyone]
IDS_OF_PATIENTS = {
    "patient_id", "visit_id", "plan_id", "exercise_id", "session_id", "intake_id", "assessment_id", "flag_id",
    "message_id", "text_id", "entry_id", "offer_id", "reservation_id", "override_id", "consent_id", "package_id",
    "treatment_id", "event_id", "thread_id", "attachment_id", "correction_id", "erasure_id",
}  # fmt: skip


def ids(door: Door) -> str:
    return door.name


@pytest.fixture
def somebody_elses(db: None) -> dict[str, Any]:
    """One of everything, all of it about a patient who is not signed in."""
    now = timezone.now()
    the_clinic()
    patient, author = a_portal_patient(), a_user(Role.CLINICIAN)
    clinician, site = a_clinician(), a_site()
    visit = Appointment.objects.create(
        patient=patient, service_code="first_assessment", clinician=clinician, site=site, booked_at=now, timed_at=now,
        starts_at=now + timedelta(days=2), ends_at=now + timedelta(days=2, minutes=45),
    )  # fmt: skip
    day = now.date()
    plan = Plan.objects.create(
        patient=patient, template_code="tpl_acute_spasm_conservative", rulebook_version="x", name="Neck", starts_on=day,
        ends_on=day + timedelta(days=21), started_by=author, started_at=now,
    )  # fmt: skip
    phase = Phase.objects.create(plan=plan, ordinal=1, code="p1", name="Calm", starts_on=day, ends_on=day)
    exercise = PlanExercise.objects.create(plan=plan, phase=phase, code="ex_chin_tuck_sitting", ordinal=1, dosage={})
    session = PlannedSession.objects.create(
        plan=plan,
        phase=phase,
        modality="laser_therapy",
        ordinal=1,
        course_length=1,
        due_from=day,
        due_on=day,
        due_until=day,
    )
    intake = Intake.objects.create(patient=patient, started_at=now)
    entry = WaitlistEntry.objects.create(
        patient=patient, service_code="review", from_on=day, until_on=day, added_by=author, added_at=now
    )
    offer = SlotOffer.objects.create(
        entry=entry, round=NOBODY, offer="x", starts_at=now, offered_by=author, offered_at=now, lapses_at=now
    )
    group = GroupSession.objects.create(
        name="Neck group", service_code="exercise_class", clinician=clinician, site=site, places=6,
        starts_at=now + timedelta(days=3), ends_at=now + timedelta(days=3, minutes=45),
    )  # fmt: skip
    reservation = Reservation.objects.create(patient=patient, by=author, offer="x", expires_at=now)
    treatment = TreatmentGiven.objects.create(
        patient=patient, modality="laser_therapy", technique="lllt_3b", by=author, at=now,
        assessment=Assessment.objects.create(patient=patient, author=author, started_at=now),
    )  # fmt: skip
    event = AdverseEvent.objects.create(
        patient=patient, treatment=treatment, severity="severe", noticed_on=day, text="x", by=author, at=now
    )
    thread = Thread.objects.create(
        patient=patient, subject="visit", audience="desk", opened_at=now, last_at=now, waiting_since=now
    )
    post = Post.objects.create(thread=thread, key=NOBODY, text="x", by=author, is_ours=False, at=now)
    return {
        "patient_id": patient.pk,
        "thread_id": thread.pk,
        "attachment_id": Attachment.objects.create(
            post=post, name="x", kind="image/png", ending="png", size=1, digest="x", content=b"x"
        ).pk,
        "correction_id": Correction.objects.create(
            patient=patient, about="contact", audience="desk", says="x", should_say="y", asked_by=author, asked_at=now
        ).pk,
        "erasure_id": Erasure.objects.create(patient=patient, asked_by=author, asked_at=now).pk,
        "treatment_id": treatment.pk,
        "event_id": event.pk,
        "visit_id": visit.pk,
        "plan_id": plan.pk,
        "exercise_id": exercise.pk,
        "session_id": session.pk,
        "intake_id": intake.pk,
        "entry_id": entry.pk,
        "offer_id": offer.pk,
        "group_id": group.pk,
        "reservation_id": reservation.pk,
        "override_id": Override.objects.create(
            patient=patient, modality="prp", rules=["x"], reason="x", by=author, at=now, on=day, until=day
        ).pk,
        "consent_id": Consent.objects.create(
            patient=patient,
            code="consent_laser",
            text="x",
            text_version="x",
            language="en",
            signed_name="x",
            signed_at=now,
            valid_from=day,
            valid_until=day,
            taken_by=author,
        ).pk,
        "package_id": Package.objects.create(
            patient=patient,
            service="review",
            sessions=1,
            left=1,
            price=1,
            currency="USD",
            bought_on=day,
            by=author,
            at=now,
        ).pk,
        "document_id": NOBODY,
        "run_id": NOBODY,
        "service_code": "review",
        "week": "2026-W38",
        "assessment_id": Assessment.objects.create(patient=patient, author=author, started_at=now).pk,
        "flag_id": RedFlag.objects.create(patient=patient, code="rf_fever", urgency="same_day", raised_at=now).pk,
        "message_id": Message.objects.create(
            occasion="x", kind="reminder", patient=patient, appointment=visit, due_at=now, not_before=now, not_after=now
        ).pk,
        "user_id": author.pk,
        "invitation_id": Invitation.objects.create(
            email="new@example.org",
            name="New",
            role=Role.MANAGER,
            token_digest="x",
            invited_at=now,
            expires_at=now + timedelta(1),
        ).pk,
        "site_id": site.pk,
        "resource_id": a_room().pk,
        "shift_id": Shift.objects.all()[0].pk,
        "closure_id": Closure.objects.create(on=day, reason="Holiday").pk,
        "absence_id": Absence.objects.create(resource=clinician, during=(now, now + timedelta(hours=1))).pk,
        "day": day.isoformat(),
        "part": "story",
        "code": "ex_chin_tuck_sitting",
        "kind": "exercises",
        "token": "no-such-token",
        "reference": "no-such-try",
        "text_id": InboundText.objects.create(
            provider="x", provider_id="x", patient=patient, body="x", meaning="other", received_at=now
        ).pk,
        "letter": "no-such-letter",
        "language": "es",
        "size": 150,
        "pk": 1,
        "template_id": 1,
        "uidb36": "1",
        "key": "no-such-key",
    }


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def said(answer: HttpResponse) -> bytes:
    """What a page says, without the token that is new on every page."""
    return re.sub(rb"[A-Za-z0-9]{64}", b"", answer.content)


@pytest.mark.parametrize("door", GUARDED, ids=ids)
def test_a_stranger_is_asked_to_sign_in(door: Door, somebody_elses: dict[str, Any]) -> None:
    for method in ("get", "post"):
        answer = getattr(Client(), method)(door.url(somebody_elses))

        entrance = "account_request_login_code" if door.permission == Permission.OWN_RECORD else "account_login"
        assert (answer.status_code, answer.url.split("?")[0]) == (302, reverse(entrance)), method


@pytest.mark.parametrize("door", [door for door in GUARDED if door.permission], ids=ids)
def test_a_wrong_role_is_told_there_is_nothing(door: Door, somebody_elses: dict[str, Any]) -> None:
    wrong = [role for role in Role if not a_role_may(role, door.permission)]
    assert wrong, "a page that everybody may open needs @signed_in, not a permission"

    for role in wrong:
        client = signed_in(a_user(role, profession="" if role != Role.CLINICIAN else "physician"))
        for method in ("get", "post"):
            assert getattr(client, method)(door.url(somebody_elses)).status_code == 404, (role, method)


def a_role_may(role: Role, permission: Permission | None) -> bool:
    user = User(role=role, profession="physician" if role == Role.CLINICIAN else "", is_active=True)
    return permission is not None and user.may(permission)


@pytest.mark.parametrize("door", [door for door in GUARDED if IDS_OF_PATIENTS & set(door.keys)], ids=ids)
def test_a_patient_never_reaches_anothers_record(door: Door, somebody_elses: dict[str, Any]) -> None:
    me = a_portal_patient(family_name="Other")
    assert me.user
    client = signed_in(me.user)
    nobodys = somebody_elses | dict.fromkeys(IDS_OF_PATIENTS, NOBODY)

    for method in ("get", "post"):
        anothers = getattr(client, method)(door.url(somebody_elses))
        missing = getattr(client, method)(door.url(nobodys))

        assert (anothers.status_code, missing.status_code) == (404, 404), method
        assert said(anothers) == said(missing), "the page tells that the record exists"


@pytest.mark.parametrize(
    "door", [door for door in GUARDED if {key for key in door.keys if key.endswith("_id")}], ids=ids
)
def test_an_id_that_does_not_exist_is_not_found_by_anyone(door: Door, somebody_elses: dict[str, Any]) -> None:
    nobodys = {key: NOBODY if isinstance(value, UUID) else value for key, value in somebody_elses.items()}
    role = next(role for role in Role if door.permission is None or a_role_may(role, door.permission))
    profession = "physician" if role == Role.CLINICIAN else ""

    answer = signed_in(a_user(role, profession=profession)).get(door.url(nobodys))

    assert answer.status_code in {404, 405}


@pytest.mark.parametrize("door", [door for door in DOORS if door.anyone], ids=ids)
def test_an_open_door_shows_nothing_of_anybody(door: Door, somebody_elses: dict[str, Any]) -> None:
    somebody = a_patient(given_name="Zebedee", family_name="Quillfeather")

    answer = Client().get(door.url(somebody_elses), follow=True)
    shown = b"".join(iter(answer))  # of a picture too, which is sent in parts
    answer.close()

    assert answer.status_code < 500
    assert somebody.family_name.encode() not in shown


def test_the_matrix_is_large_enough_to_mean_something() -> None:
    assert len(GUARDED) * len(Role) * 2 >= 300
