"""The inbox: who reads what, the longest wait first, and what the desk never sees."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from booking_cast import at
from django.core.files.base import ContentFile
from factories import a_portal_patient, a_user, the_clinic
from files_cast import a_png
from portal_cast import it_is, signed_in

from patients.actions import record_requests, threads
from patients.actions.threads import Written
from patients.models import Attachment, Correction, Patient, RecordPolicy, Thread
from people.models import User
from people.rules.permissions import Role

pytestmark = pytest.mark.django_db
MONDAY = at(9, day=14)


@pytest.fixture
def leila() -> Patient:
    the_clinic()
    return a_portal_patient(given_name="Leila", family_name="Rahimi")


@pytest.fixture
def rosa() -> User:
    return a_user(Role.FRONT_DESK, name="Rosa Diaz")


@pytest.fixture
def sara() -> User:
    return a_user(Role.CLINICIAN, name="Sara Haddad")


def asks(patient: Patient, subject: str, text: str = "May I?", *, now: datetime = MONDAY, **more: Any) -> Thread:
    assert patient.user
    return threads.begin(patient, subject, Written(text=text, key=uuid4(), **more), by=patient.user, now=now)


def test_the_desk_sees_bills_and_never_how_somebody_feels(leila: Patient, rosa: User, sara: User) -> None:
    bill = asks(leila, "bill", "What do I owe?")
    health = asks(leila, "health", "My arm is numb.", files=[("arm.png", a_png())])
    picture = Attachment.objects.get()
    desk, clinician = signed_in(rosa), signed_in(sara)

    with it_is(MONDAY):
        seen = desk.get("/desk/inbox/?show=all").content.decode()
        assert "Bills and costs" in seen
        assert "How I feel" not in seen
        assert "What do I owe?" in desk.get(f"/desk/inbox/{bill.pk}/").content.decode()
        for hidden in (f"/desk/inbox/{health.pk}/", f"/desk/inbox/file/{picture.pk}/"):
            assert desk.get(hidden).status_code == 404
            assert clinician.get(hidden).status_code == 200
        assert desk.post(f"/desk/inbox/{health.pk}/", {"do": "close"}).status_code == 404


def test_the_longest_wait_stands_first_and_a_broken_promise_is_said(leila: Patient, rosa: User) -> None:
    late = asks(leila, "visit", now=MONDAY)
    soon = asks(a_portal_patient(given_name="Ada", family_name="Ono"), "bill", now=MONDAY + timedelta(days=2))

    with it_is(MONDAY + timedelta(days=3)):
        html = signed_in(rosa).get("/desk/inbox/").content.decode()
        badge = signed_in(rosa).get("/desk/inbox/?part=badge").content.decode()
        tasks = signed_in(rosa).get("/desk/inbox/?part=tasks").content.decode()

    assert html.index(str(late.pk)) < html.index(str(soon.pk))
    assert html.count(": late") == 1
    assert '<span class="badge-n">2' in badge
    assert "Messages to answer" in tasks
    assert "<html" not in tasks


def test_an_answer_goes_out_once_and_takes_the_question_off_the_list(leila: Patient, rosa: User) -> None:
    thread = asks(leila, "visit")
    desk = signed_in(rosa)
    typed = {"do": "answer", "text": "At ten.", "key": str(uuid4())}

    with it_is(MONDAY):
        for _ in range(2):
            assert desk.post(f"/desk/inbox/{thread.pk}/", typed).url == f"/desk/inbox/{thread.pk}/"
        assert "Everything is answered." in desk.get("/desk/inbox/").content.decode()
        empty = desk.post(f"/desk/inbox/{thread.pk}/", typed | {"text": " "}).content.decode()

    assert thread.posts.count() == 2
    assert "There is a problem" in empty


def test_a_question_about_health_is_passed_on_and_gone_from_the_desk(leila: Patient, rosa: User, sara: User) -> None:
    thread = asks(leila, "visit", "My arm is numb. Shall I come?")

    with it_is(MONDAY):
        answer = signed_in(rosa).post(f"/desk/inbox/{thread.pk}/", {"do": "pass", "to": "clinicians"})
        assert answer.url == "/desk/inbox/"
        assert signed_in(rosa).get(f"/desk/inbox/{thread.pk}/").status_code == 404
        page = signed_in(sara).get(f"/desk/inbox/{thread.pk}/").content.decode()
        signed_in(sara).post(f"/desk/inbox/{thread.pk}/", {"do": "assign", "to": str(sara.pk)})
        signed_in(sara).post(f"/desk/inbox/{thread.pk}/", {"do": "close"})

    assert "Rosa Diaz" not in page.split("<main", 1)[1]  # she may not read it, so she cannot be the one who answers
    kept = Thread.objects.get()
    assert (kept.assigned_to, kept.closed_by) == (sara, sara)


def test_the_desk_writes_first_about_visits_only(leila: Patient, rosa: User) -> None:
    desk, url = signed_in(rosa), f"/desk/inbox/to/{leila.pk}/"
    typed = {"text": "Please bring your card.", "key": str(uuid4())}

    with it_is(MONDAY):
        assert "How I feel" not in desk.get(url).content.decode()
        assert desk.post(url, typed | {"subject": "health"}).status_code == 200
        assert not Thread.objects.exists()
        desk.post(url, typed | {"subject": "visit"})

    kept = Thread.objects.get()
    assert (kept.waiting_since, kept.posts.get().is_ours) == (None, True)


@pytest.mark.parametrize("n", [1, 20])
def test_the_inbox_asks_the_same_number_of_questions(
    rosa: User, n: int, django_assert_max_num_queries: Any, leila: Patient
) -> None:
    for _ in range(n):
        asks(a_portal_patient(), "bill")
    desk = signed_in(rosa)

    with it_is(MONDAY), django_assert_max_num_queries(13):
        desk.get("/desk/inbox/")


def test_a_correction_is_decided_by_who_may_and_read_at_home(leila: Patient, rosa: User, sara: User) -> None:
    assert leila.user
    ask = record_requests.ask(leila, about="note", says="Left arm", should_say="Right arm", by=leila.user, now=MONDAY)
    typed = {"outcome": "refused", "reason": "The note says what was found."}

    with it_is(MONDAY):
        assert signed_in(rosa).get(f"/desk/requests/{ask.pk}/").status_code == 404
        clinician = signed_in(sara)
        assert "Right arm" in clinician.get(f"/desk/requests/{ask.pk}/").content.decode()
        assert clinician.post(f"/desk/requests/{ask.pk}/", typed).url == "/desk/requests/"
        home = signed_in(leila.user)
        assert "The note says what was found." in home.get(f"/me/data/corrections/{ask.pk}/").content.decode()
        home.post(f"/me/data/corrections/{ask.pk}/", {"statement": "It was the right one."})

    assert Correction.objects.get().statement == "It was the right one."


def test_the_office_sets_the_promises(rosa: User) -> None:
    the_clinic()
    office = signed_in(a_user(Role.MANAGER))

    assert office.get("/setup/records/").status_code == 200
    office.post("/setup/records/", {"answer_working_days": 4, "kept_years": 12})

    assert RecordPolicy.current().answer_working_days == 4
    assert signed_in(rosa).get("/setup/records/").status_code == 404


def test_a_picture_is_not_carried_with_every_list(leila: Patient) -> None:
    asks(leila, "visit", files=[("a.png", ContentFile(a_png()).read())])

    assert "content" in Attachment.objects.get().get_deferred_fields()
