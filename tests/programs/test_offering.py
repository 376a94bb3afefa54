"""What the clinic offers: the rulebook's services as it has set them."""

import pytest
from factories import NOW, a_user
from pytest_django import DjangoAssertNumQueries

from people.models import AuditEvent
from people.rules.permissions import Role
from programs.actions import offering, rule_changes
from programs.rules.rulebook import rulebook

pytestmark = pytest.mark.django_db


def test_a_clinic_that_changed_nothing_offers_what_the_rulebook_has() -> None:
    assert offering.current() == rulebook().services


def test_a_clinic_takes_longer_over_a_review_and_cleans_longer() -> None:
    owner = a_user(Role.OWNER)

    offering.change("review", minutes=45, cleanup_minutes={"room": 15, "clinician": 5}, by=owner, now=NOW)

    review = offering.current()["review"]
    assert (review.minutes, review.margins("room"), review.margins("clinician")) == (45, (0, 15), (0, 5))
    assert AuditEvent.objects.get(deed="service.changed").detail == {"fields": ["cleanup_minutes", "minutes"]}


def test_the_rulebooks_value_can_be_put_back() -> None:
    owner = a_user(Role.OWNER)
    offering.change("review", minutes=45, by=owner, now=NOW)

    offering.change("review", minutes=None, by=owner, now=NOW)

    assert offering.current()["review"] == rulebook().services["review"]


def test_a_clinic_narrows_who_gives_a_treatment_and_never_widens_it() -> None:
    owner = a_user(Role.OWNER)
    offering.change("laser_therapy", professions={"physician"}, by=owner, now=NOW)
    assert offering.current()["laser_therapy"].professions == {"physician"}

    with pytest.raises(offering.NotAllowedByTheRulebook):
        offering.change("laser_therapy", professions={"dietitian"}, by=owner, now=NOW)
    with pytest.raises(offering.NotAllowedByTheRulebook):
        offering.change("laser_therapy", room_kinds={"room_gym"}, by=owner, now=NOW)


def test_a_treatment_that_the_rulebook_has_switched_off_stays_off() -> None:
    with pytest.raises(offering.NotAllowedByTheRulebook):
        offering.change("stem_cell", is_enabled=True, by=a_user(Role.OWNER), now=NOW)


@pytest.mark.parametrize("nonsense", [{"minutes": 0}, {"places": 0}, {"cleanup_minutes": {"corridor": 5}}])
def test_a_visit_of_no_length_or_for_nobody_is_refused(nonsense: dict[str, object]) -> None:
    with pytest.raises(offering.CannotBeRight):
        offering.change("review", by=a_user(Role.OWNER), now=NOW, **nonsense)


def test_of_two_people_who_set_a_service_the_second_is_told() -> None:
    owner, manager = a_user(Role.OWNER), a_user(Role.MANAGER)
    seen = offering.as_seen("review")
    offering.change("review", minutes=45, seen=seen, by=owner, now=NOW)

    with pytest.raises(offering.ServiceChanged):
        offering.change("review", minutes=60, seen=seen, by=manager, now=NOW)

    assert offering.current()["review"].minutes == 45
    offering.change("review", minutes=60, seen=offering.as_seen("review"), by=manager, now=NOW)


def test_a_change_can_be_looked_at_before_it_is_saved() -> None:
    assert offering.as_it_would_be("review", minutes=45).minutes == 45

    assert offering.current()["review"].minutes == 30
    assert not AuditEvent.objects.exists()


def test_what_the_clinic_has_switched_off_is_not_offered_until_it_is_withdrawn(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    owner = a_user(Role.OWNER)
    offering.change("shockwave", minutes=45, is_enabled=True, by=owner, now=NOW)
    off = rule_changes.change("modality_off", "shockwave", reason="The device is broken", by=owner, now=NOW)
    techniques = [
        code for code, it in rulebook().modalities["dry_needling"].techniques.items() if it.enabled_by_default
    ]
    for code in techniques[1:]:
        rule_changes.change("technique_off", code, reason="Nobody is trained", by=owner, now=NOW)

    with django_assert_num_queries(1):
        offered = offering.current()
    assert (offered["shockwave"].is_enabled, offered["shockwave"].minutes) == (False, 45)
    assert offered["dry_needling"].is_enabled  # one technique is left

    rule_changes.change("technique_off", techniques[0], reason="Nobody is trained", by=owner, now=NOW)
    rule_changes.withdraw(off, reason="Repaired", by=owner, now=NOW)
    offered = offering.current()
    assert offered["shockwave"].is_enabled
    assert not offered["dry_needling"].is_enabled
