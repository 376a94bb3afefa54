"""What a plan costs, what is prepaid, and what is left to pay: for the desk, the clinician and the patient."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from factories import MONDAY, NOW, a_user
from hypothesis import given
from hypothesis import strategies as st
from plan_cast import a_plan
from portal_cast import Portal, a_portal, it_is, signed_in

from clinic.appointments.actions import packages
from clinic.appointments.rules.plan_cost import Needed, cost
from clinic.appointments.web import plan_cost
from patients.models import Assessment
from people.rules.permissions import Role
from programs.actions import offering, plan_pauses
from programs.models import TreatmentGiven

LASER, CHIRO = "laser_therapy", "chiropractic_care"


def needed(service: str, n: int, *, done: int = 0, optional: int = 0) -> list[Needed]:
    return [Needed(service, it < done) for it in range(n)] + [Needed(service, False, True)] * optional


def test_what_is_prepaid_is_taken_off_what_is_to_come_and_optional_sessions_are_not_counted() -> None:
    found = cost(
        [*needed(LASER, 4, done=1, optional=2), *needed(CHIRO, 2)],
        prices={LASER: Decimal("80.50"), CHIRO: None},
        prepaid={LASER: 2, "prp": 5},
    )

    laser, chiro = found.lines
    assert (laser.sessions, laser.optional, laser.to_come, laser.covered) == (4, 2, 3, 2)
    assert (laser.total, laser.to_pay) == (Decimal("322.00"), Decimal("80.50"))
    assert (chiro.total, chiro.to_pay, found.unpriced) == (None, None, 2)
    assert (found.total, found.to_pay, found.prepaid) == (Decimal("322.00"), Decimal("80.50"), 2)


def test_what_is_wholly_prepaid_has_nothing_left_to_pay_even_without_a_price() -> None:
    (line,) = cost(needed(CHIRO, 2), prices={}, prepaid={CHIRO: 3}).lines

    assert (line.prepaid, line.covered, line.to_pay) == (3, 2, 0)


@given(n=st.integers(0, 20), done=st.integers(0, 20), prepaid=st.integers(0, 30), cents=st.integers(0, 100_000))
def test_nobody_pays_less_than_nothing_or_more_than_the_plan(n: int, done: int, prepaid: int, cents: int) -> None:
    found = cost(needed(LASER, n, done=done), prices={LASER: Decimal(cents) / 100}, prepaid={LASER: prepaid})

    assert 0 <= found.to_pay <= found.total


@pytest.fixture
def portal(db: None) -> Any:
    with it_is(NOW):
        made = a_portal()
        owner = made.plan.started_by
        offering.change(LASER, by=owner, now=NOW, price=Decimal("80.00"))
        packages.sell(made.leila, service=offering.current()[LASER], sessions=3, price=Decimal(200), by=owner, now=NOW)
        yield made


def cost_page(client: Client, portal: Portal, **headers: str) -> str:
    url = reverse("appointments:plan_cost", args=[portal.leila.pk])
    return " ".join(client.get(url, headers=headers).content.decode().split())


def test_the_desk_sees_what_is_to_pay_and_never_what_the_plan_is_for(portal: Portal) -> None:
    shown = cost_page(signed_in(a_user(Role.FRONT_DESK)), portal)

    laser = portal.plan.sessions.filter(modality=LASER, is_optional=False).count()
    assert f"Still to pay for those to come: {80 * (laser - 3)}.00 USD" in shown
    assert portal.plan.name not in shown


def test_a_part_of_the_plan_page_comes_without_the_rest_of_the_page(portal: Portal) -> None:
    client = signed_in(portal.plan.started_by)

    part = cost_page(client, portal, **{"HX-Request": "true"})
    page = client.get(reverse("programs:plan", args=[portal.leila.pk])).content.decode()

    assert "<html" not in part
    assert "Prepaid, left" in part
    assert reverse("appointments:plan_cost", args=[portal.leila.pk]) in page


def test_the_patient_reads_what_it_costs_and_what_is_prepaid(portal: Portal) -> None:
    shown = portal.client.get(reverse("portal:plan")).content.decode()

    assert "3 sessions prepaid" in shown
    assert "80.00 USD each" in shown


def test_what_was_given_is_not_to_come_and_a_lapsed_package_pays_for_nothing(portal: Portal) -> None:
    session = portal.plan.sessions.filter(modality=LASER).first()
    assert session
    before = plan_cost.of_patient(portal.leila, on=MONDAY)["cost"].lines
    note = Assessment.objects.create(patient=portal.leila, author=portal.plan.started_by, started_at=NOW)
    TreatmentGiven.objects.create(
        patient=portal.leila, assessment=note, session=session, modality=LASER, technique=session.technique, at=NOW,
        by=portal.plan.started_by,
    )  # fmt: skip
    packages.sell(
        portal.leila, service=offering.current()[CHIRO], sessions=2, price=Decimal(9), by=portal.plan.started_by,
        now=NOW, expires_on=MONDAY,
    )  # fmt: skip

    after = {it.service: it for it in plan_cost.of_patient(portal.leila, on=MONDAY + timedelta(days=1))["cost"].lines}

    laser = next(it for it in before if it.service == LASER)
    assert after[LASER].to_come == laser.to_come - 1
    assert after[LASER].total == laser.total
    assert after[CHIRO].prepaid == 0


def test_a_paused_plan_still_says_what_it_costs_and_nobody_else_does(portal: Portal) -> None:
    plan_pauses.pause(portal.plan, reason="away", by=portal.plan.started_by, now=NOW)

    assert plan_cost.of_patient(portal.leila, on=MONDAY)["cost"].lines
    url = reverse("appointments:plan_cost", args=[uuid4()])
    assert signed_in(a_user(Role.FRONT_DESK)).get(url).status_code == 404


@pytest.mark.parametrize("code", ["tpl_acute_spasm_conservative", "tpl_chronic_prp_series"])
def test_a_long_plan_with_many_packages_is_added_up_in_as_few_queries(
    code: str, portal: Portal, django_assert_num_queries: Any
) -> None:
    plan = a_plan(template_code=code, by=portal.plan.started_by)
    for _n in range(4 if "prp" in code else 1):
        packages.sell(
            plan.patient, service=offering.current()[LASER], sessions=3, price=Decimal(1), by=plan.started_by, now=NOW
        )

    with django_assert_num_queries(6):
        plan_cost.of_patient(plan.patient, on=MONDAY)
