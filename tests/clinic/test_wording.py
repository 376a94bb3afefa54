"""No message says anything about health: neither in its own words nor through what it is filled in with."""

import re
from datetime import date, datetime, timedelta

import pytest
from django.conf import settings
from factories import NOW, a_clinician, a_patient, a_room, a_site, a_user, the_clinic
from outbox_cast import THURSDAY, a_plan, a_visit, at, cancel, move

from clinic.appointments.models import Appointment, FollowUp, Resource, SlotOffer, WaitlistEntry
from clinic.reminders.actions import planning, truth
from clinic.reminders.channels import letters
from clinic.reminders.models import Message
from clinic.reminders.rules.wording import REASONS
from patients.models import Intake, Patient, RedFlag
from patients.rules.rulebook import rulebook as patients_rulebook
from people.models import Clinic, Site
from people.rules import professions
from people.rules.permissions import Role
from programs.rules.rulebook import rulebook

KINDS = list(Message.Kind.values)
# Every word of these is forbidden; what is clinical in the knowledge files is added to them below.
PLAIN = """
    pain ache hurt injection injections needle symptom symptoms diagnosis diagnoses result results finding findings
    treatment treatments therapy therapist physician doctor surgeon exercise exercises posture program programme rehab
    neck back spine lumbar cervical shoulder hip knee head arm leg muscle nerve disc joint score assessment red flag
    medicine medication consent balance invoice test screening condition plan session clinician
"""
# "Someone's answers need a clinician now" goes to staff only and names nobody.
ALLOWED = {Message.Kind.ALERT: {"clinician"}}
# Words of clinical names that mean nothing by themselves.
HARMLESS = {
    "a", "an", "and", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to", "with", "no", "not", "first",
    "your", "you", "it", "is", "day", "one", "two", "time", "up", "out", "visit", "other", "before", "can", "book",
    "have", "new", "list", "today", "sign", "change", "yes", "say", "call", "there", "now", "form", "about", "this",
    "are", "come", "ready", "off", "minutes", "if", "any", "need", "take", "takes",
    "short", "break",
}  # fmt: skip


def words_of(text: str) -> set[str]:
    return set(re.findall(r"[a-zé]+", re.sub(r"https?://\S+", "", text).lower()))


def forbidden() -> set[str]:
    book, patients = rulebook(), patients_rulebook()
    tables = [book.services, book.modalities, book.exercises, book.templates, professions.professions()]
    tables += [patients.body_regions, patients.symptoms, patients.causes]
    names = [getattr(entry, "name", "") or entry.label for table in tables for entry in table.values()]
    names += [technique.name for modality in book.modalities.values() for technique in modality.techniques.values()]
    return (words_of(" ".join(names)) | words_of(PLAIN)) - HARMLESS


CANARIES = {"desk_note": "Canarynote", "family_name": "Canaryfamily", "address": "Canarystreet", "city": "Canarycity"}


def followed_up(visit: Appointment, task: str) -> None:
    """The desk asks for a letter about it."""
    by = a_user(Role.FRONT_DESK, name="Rosa Canarydesk")
    FollowUp.objects.create(appointment=visit, task=task, how="wrote", note="Canaryfollow", by=by, at=NOW)


def offered(patient: Patient, site: Site) -> None:
    """A free time, to somebody whose wish says much about them."""
    by, day = a_user(Role.FRONT_DESK, name="Rosa Canaryoffer"), NOW.date()
    entry = WaitlistEntry.objects.create(
        patient=patient,
        service_code="laser_therapy",
        note="Canarywish",
        from_on=day,
        until_on=day,
        added_by=by,
        added_at=NOW,
    )
    room, clinician = a_room("Canaryroom", site=site), Resource.objects.clinicians()[0]
    SlotOffer.objects.create(
        entry=entry, round=entry.pk, offer=f"20260917T1430~{clinician.pk.hex}~{room.pk.hex}", starts_at=THURSDAY,
        offered_by=by, offered_at=NOW, lapses_at=NOW + timedelta(hours=2),
    )  # fmt: skip


def every_message() -> list[Message]:
    """One of each kind, for a patient whose every other field holds a canary."""
    the_clinic()
    a_clinician("Sara Canaryhaddad", profession="physical_therapist")
    patient = a_patient(email="leila@example.org", birth_date=date(1943, 2, 1), title="Canarytitle", **CANARIES)
    site = a_site("Canarysite", address="Canaryaddress")
    a_visit(patient=patient, booked_at=NOW, site=site, service_code="svc_first_assessment")
    move(a_visit(THURSDAY + timedelta(days=5), patient=patient, site=site), at(23, 9), now=NOW)
    cancel(a_visit(THURSDAY + timedelta(days=6), patient=patient, site=site), now=NOW)
    Appointment.objects.update(cancel_reason="Canaryreason")
    plan = a_plan(patient, remind_at=NOW.time().replace(hour=3))
    plan.name = "Canaryplan"
    plan.save()
    a_user(Role.CLINICIAN, name="Omar Canaryname")
    RedFlag.objects.create(patient=patient, code="rf_canary", urgency="emergency_now", raised_at=NOW)
    followed_up(a_visit(THURSDAY + timedelta(days=7), patient=patient, site=site), "form")
    followed_up(a_visit(NOW - timedelta(hours=1), patient=patient, site=site, status="missed"), "missed")
    offered(patient, site)
    planning.plan(now=NOW)
    found = {message.kind: message for message in Message.objects.for_ledger()}
    visit = Appointment.objects.expected().select_related("patient", "site")[0]
    about = {"patient": visit.patient, "appointment": visit, "starts_at": visit.starts_at}
    for kind in set(KINDS) - set(found):
        found[kind] = Message(occasion=kind, kind=kind, due_at=NOW, not_before=NOW, not_after=THURSDAY, **about)
    return list(found.values())


@pytest.mark.django_db
def test_no_message_says_anything_about_health() -> None:
    banned = forbidden()

    for message in every_message():
        mail = letters.letter(message, Clinic.objects.get())
        said = words_of(f"{mail.subject} {mail.body}") | words_of(re.sub("<[^>]+>", " ", str(mail.alternatives[0][0])))
        assert said & banned - ALLOWED.get(message.kind, set()) == set(), message.kind


def test_the_linter_of_words_would_notice() -> None:
    assert {"laser", "neck", "injection", "therapist", "pain"} <= forbidden()


@pytest.mark.django_db
def test_nothing_but_the_allowed_words_reaches_a_message() -> None:
    for message in every_message():
        mail = letters.letter(message, Clinic.objects.get())
        everything = mail.message().as_string() + mail.body + str(mail.alternatives[0][0])

        assert "canary" not in everything.lower(), message.kind
        assert not re.search(r"\b1943\b", everything)  # a word: the ids in links are numbers by chance


@pytest.mark.django_db
def test_the_confirmation_reads_as_a_person_would_say_it() -> None:
    visit = a_visit(booked_at=NOW)
    planning.plan(now=NOW)

    mail = letters.letter(Message.objects.get(kind="booked"), Clinic.objects.get())

    link = f"{settings.CLINIC_URL}/a/{visit.link_token}/"
    assert mail.subject == "Your visit on Thursday 17 September"
    assert mail.body == (
        "Dear Leila,\n\nYour visit is booked for Thursday 17 September at 10:30am.\n\n"
        f"Say yes, change it or cancel it:\n{link}\n\n"
        "Please fill in your form before you come. It takes about 6 minutes:\n"
        f"{settings.CLINIC_URL}/f/{visit.link_token}/\n\n"
        "If you have a question, call +1 202-555-0100.\n\nNorthgate\n"
    )
    assert f'<a href="{link}"' in str(mail.alternatives[0][0])


@pytest.mark.django_db
def test_who_has_sent_the_form_is_not_asked_for_it_again() -> None:
    visit = a_visit(booked_at=NOW)
    Intake.objects.create(patient=visit.patient, started_at=NOW, submitted_at=NOW)
    planning.plan(now=NOW)

    mail = letters.letter(Message.objects.get(kind="booked"), Clinic.objects.get())

    assert "/f/" not in mail.body


@pytest.mark.django_db
def test_names_are_written_as_they_are_and_cannot_bring_markup() -> None:
    a_visit(booked_at=NOW, patient=a_patient(email="x@example.org", given_name="D'Arcy <b>&"))
    planning.plan(now=NOW)

    mail = letters.letter(Message.objects.get(kind="booked"), Clinic.objects.get())

    assert "Dear D'Arcy <b>&," in mail.body
    assert "Dear D&#x27;Arcy &lt;b&gt;&amp;," in str(mail.alternatives[0][0])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("starts_at", "zone", "said"),
    [
        ("2026-11-01T05:30:00+00:00", "America/New_York", "1:30am (EDT)"),
        ("2026-11-01T06:30:00+00:00", "America/New_York", "1:30am (EST)"),
        ("2026-09-17T16:00:00+00:00", "America/New_York", "12:00pm"),
        ("2026-09-17T16:00:00+00:00", "America/Chicago", "11:00am (CDT)"),
    ],
)
def test_the_zone_is_said_where_the_time_alone_could_mean_two_moments(starts_at: str, zone: str, said: str) -> None:
    visit = a_visit(datetime.fromisoformat(starts_at), booked_at=NOW, site=a_site(f"At {zone}", time_zone=zone))
    planning.plan(now=NOW)

    mail = letters.letter(Message.objects.get(kind="booked", appointment=visit), Clinic.objects.get())

    assert f"at {said}.\n" in mail.body


@pytest.mark.django_db
def test_every_reason_can_be_told_in_words() -> None:
    reasons: set[str] = set()
    for message in every_message():
        for channel in Message.Channel.values:
            message.channel = channel
            reasons |= {*truth.of(message)}

    assert len(reasons) > 25
    assert reasons <= set(REASONS)
