"""Reading, signing and taking back at home what a plan needs."""

import re
from uuid import uuid4

import time_machine
from consent_cast import agreed, document, signed_in
from django.urls import reverse
from factories import NOW, a_user
from plan_cast import a_plan
from visit_cast import words

from patients.models import Consent, Patient
from people.rules.permissions import Role


@time_machine.travel(NOW, tick=False)
def test_at_home_she_reads_signs_and_takes_back_what_her_plan_needs(leila: Patient) -> None:
    a_plan(leila, by=a_user(Role.CLINICIAN))
    phone, page = signed_in(leila.user), reverse("portal:consents")
    assert "General consent to treatment and data use" in words(phone.get(page))
    sheet = reverse("portal:consent_sign", args=[document("consent_general")])

    slip = re.search(r'name="slip" value="([^"]+)"', words(phone.get(sheet)))
    assert slip
    for _ in range(2):
        assert phone.post(sheet, agreed(slip=slip[1], language="en"))["Location"] == page

    made = Consent.objects.get()
    assert (made.taken_by, f'href="{sheet}"' in words(phone.get(page))) == (leila.user, False)
    phone.post(reverse("portal:consent_copy", args=[made.pk]))
    assert "Taken back on 14 September 2026" in words(phone.get(page))
    assert f'href="{sheet}"' in words(phone.get(page))


def test_at_home_nothing_is_signed_that_needs_a_witness(leila: Patient) -> None:
    phone = signed_in(leila.user)
    sheet = reverse("portal:consent_sign", args=[document("consent_stem_cell")])

    assert "signed at the clinic, with a witness" in words(phone.get(sheet))
    phone.post(sheet, agreed(slip=str(uuid4()), language="en"))
    assert not Consent.objects.exists()


def test_another_language_at_home_asks_who_interprets(leila: Patient) -> None:
    sheet = reverse("portal:consent_sign", args=[document("consent_laser")])

    answer = signed_in(leila.user).post(sheet, agreed(slip=str(uuid4()), language="fa"))

    assert "For another language write down who interprets." in words(answer)
