"""What went wrong after a treatment: written down long after, for good, seen by clinicians only, and seen to."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from factories import a_user
from pytest_django import DjangoAssertNumQueries
from visit_cast import NEEDLES, SUPERFICIAL, TEN, a_follow_up, a_signed_follow_up, by, signed_in, the_cast

from clinic.appointments.models import Resource
from patients.models import Patient
from people.models import AuditEvent
from people.rules.permissions import Role
from people.rules.refusal import NotAllowed, Refused
from programs.actions import adverse_events
from programs.actions.adverse_events import NotAnEvent, NothingToSeeTo
from programs.actions.treatments import Given
from programs.models import AdverseEvent, TreatmentGiven, WorklistAction

pytestmark = pytest.mark.django_db
LATER = TEN + timedelta(days=400)
Cast = tuple[Patient, Resource]


@pytest.fixture
def cast() -> Cast:
    return the_cast()


@pytest.fixture
def treatment(cast: Cast) -> TreatmentGiven:
    linh, sara = cast
    visit = a_follow_up(linh, sara)
    with time_machine.travel(TEN, tick=False):
        note = a_signed_follow_up(visit, sara, at=TEN, given=(Given(modality=NEEDLES, technique=SUPERFICIAL),))
    return TreatmentGiven.objects.get(assessment=note)


def event(treatment: TreatmentGiven, **said: Any) -> AdverseEvent:
    whole: dict[str, Any] = {
        "severity": "severe", "noticed_on": LATER.date(), "text": "Short of breath in the evening",
        "action": "Sent to hospital", "by": treatment.by, "now": LATER,
    }  # fmt: skip
    return adverse_events.record(treatment, **whole | said)


def page(client: Client, name: str, *args: Any) -> str:
    return client.get(reverse(name, args=args)).content.decode()


def test_it_is_written_down_a_year_after_the_note_was_signed(treatment: TreatmentGiven) -> None:
    made = event(treatment)

    assert (made.patient_id, made.treatment, made.severity) == (treatment.patient_id, treatment, "severe")
    line = AuditEvent.objects.get(deed="adverse_event.recorded")
    assert (line.patient_id, line.detail) == (treatment.patient_id, {"severity": "severe", "modality": NEEDLES})


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"text": "  "}, "what happened"),
        ({"severity": "odd"}, "how severe"),
        ({"noticed_on": TEN.date() - timedelta(days=1)}, "between the treatment and today"),
        ({"noticed_on": LATER.date() + timedelta(days=1)}, "between the treatment and today"),
    ],
)
def test_what_cannot_be_is_refused_in_words(treatment: TreatmentGiven, said: dict[str, Any], words: str) -> None:
    with pytest.raises(NotAnEvent, match=words):
        event(treatment, **said)
    with pytest.raises(NotAllowed):
        event(treatment, by=a_user(Role.FRONT_DESK))
    assert not AdverseEvent.objects.exists()


def test_nothing_follows_from_what_was_left_out(cast: Cast) -> None:
    visit = a_follow_up(*cast)
    left_out = Given(modality=NEEDLES, was_skipped=True, note="No time left")
    with time_machine.travel(TEN, tick=False):
        note = a_signed_follow_up(visit, cast[1], at=TEN, given=(left_out,))

    with pytest.raises(NotAnEvent, match="left out"):
        event(TreatmentGiven.objects.get(assessment=note))


def test_it_never_changes_by_any_way_to_the_database(treatment: TreatmentGiven) -> None:
    made = event(treatment)

    def by_hand(statement: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement)

    made.text = "Nothing happened"
    for attempt in (
        made.save,
        made.delete,
        lambda: AdverseEvent.objects.update(severity="mild"),
        lambda: AdverseEvent.objects.bulk_update([made], ["text"]),
        AdverseEvent.objects.all().delete,
        lambda: by_hand("UPDATE programs_adverseevent SET text = ''"),
        lambda: by_hand("DELETE FROM programs_adverseevent"),
        lambda: by_hand("TRUNCATE programs_adverseevent"),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            attempt()
    assert AdverseEvent.objects.get().text == "Short of breath in the evening"


@time_machine.travel(LATER, tick=False)
def test_a_clinician_writes_it_down_from_the_row_of_the_treatment(cast: Cast, treatment: TreatmentGiven) -> None:
    linh, sara = cast
    screen, form = signed_in(by(sara)), reverse("programs:adverse_record", args=[treatment.pk])
    assert form in page(screen, "programs:treatments", linh.pk)
    typed = {"severity": "moderate", "noticed_on": "2027-10-18", "text": "Bruise", "action": "Ice"}

    refused = screen.post(form, typed | {"noticed_on": "2020-01-01"}).content.decode()
    assert "between the treatment and today" in refused
    assert "Bruise" in refused  # nothing typed is lost
    assert screen.post(form, typed)["Location"] == reverse("programs:treatments", args=[linh.pk])

    shown = page(screen, "programs:treatments", linh.pk)
    assert "Moderate: needed care" in shown
    assert "Bruise" in shown
    mark = screen.get(reverse("programs:adverse_mark", args=[linh.pk]), headers={"HX-Request": "true"})
    assert "after Trigger point dry needling, 18 Oct 2027" in mark.content.decode()
    assert f'hx-get="{reverse("programs:adverse_mark", args=[linh.pk])}"' in page(screen, "patients:record", linh.pk)
    assert "Bruise" in page(screen, "programs:adverse_events")


def test_a_severe_one_waits_for_the_clinician_in_charge_until_it_is_seen_to(
    cast: Cast, treatment: TreatmentGiven
) -> None:
    sara, omar = by(cast[1]), a_user(Role.CLINICIAN)
    event(treatment, severity="mild", text="A bruise")
    severe = event(treatment)

    assert "Short of breath" in page(signed_in(sara), "programs:adverse_mine")
    assert "A bruise" not in page(signed_in(sara), "programs:adverse_mine")
    assert "Short of breath" not in page(signed_in(omar), "programs:adverse_mine")
    assert "nobody has seen to it" in page(signed_in(omar), "programs:adverse_events")
    url = reverse("programs:adverse_see_to", args=[severe.pk])
    assert "Say what was done." in signed_in(sara).post(url, {"deed": "x"}, follow=True).content.decode()
    signed_in(sara).post(url, {"deed": "not_reached"})
    assert "Short of breath" in page(signed_in(sara), "programs:adverse_mine")
    signed_in(sara).post(url, {"deed": "called", "note": "Chest film clear"})

    assert "Short of breath" not in page(signed_in(sara), "programs:adverse_mine")
    assert "nobody has seen to it" not in page(signed_in(omar), "programs:adverse_events")
    done = WorklistAction.objects.get(deed="called")
    assert (done.kind, done.occasion, done.deed, done.note, done.by) == (
        "adverse", str(severe.pk), "called", "Chest film clear", sara,
    )  # fmt: skip
    assert AuditEvent.objects.filter(deed="adverse_event.seen_to").count() == 2


def test_only_a_severe_one_waits_and_only_a_clinician_sees_to_it(treatment: TreatmentGiven) -> None:
    mild = event(treatment, severity="mild")

    for wrong, kind in ((treatment.by, NothingToSeeTo), (a_user(Role.FRONT_DESK), NotAllowed)):
        with pytest.raises(kind):
            adverse_events.see_to(mild, deed="called", note="", by=wrong, now=LATER)
    assert issubclass(NothingToSeeTo, Refused)


def test_the_desk_never_sees_any_of_it_and_an_owner_who_treats_does(cast: Cast, treatment: TreatmentGiven) -> None:
    event(treatment)
    doors = [
        reverse("programs:treatments", args=[cast[0].pk]),
        reverse("programs:adverse_mark", args=[cast[0].pk]),
        reverse("programs:adverse_record", args=[treatment.pk]),
        reverse("programs:adverse_events"),
        reverse("programs:adverse_mine"),
        reverse("programs:recall"),
    ]
    for role in (Role.FRONT_DESK, Role.MANAGER, Role.PATIENT):
        assert [signed_in(a_user(role)).get(url).status_code for url in doors] == [404] * 6
    treats = signed_in(a_user(Role.OWNER, profession="physician"))
    assert [treats.get(url).status_code for url in doors] == [200] * 6
    desk = page(signed_in(a_user(Role.FRONT_DESK)), "patients:patient", cast[0].pk)
    assert "adverse" not in desk.lower()


@pytest.mark.parametrize("count", [1, 30])
def test_the_lists_cost_the_same_however_much_happened(
    cast: Cast, treatment: TreatmentGiven, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(count):
        event(treatment)
    screen = signed_in(by(cast[1]))
    urls = [reverse("programs:adverse_events"), reverse("programs:treatments", args=[cast[0].pk])]
    for url in urls:
        screen.get(url)

    for url, queries in zip(urls, (7, 10), strict=True):
        with django_assert_num_queries(queries):
            screen.get(url)
