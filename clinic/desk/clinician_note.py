"""The note of a visit, from what is kept in its draft."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.http import QueryDict
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.appointments.models import Appointment
from clinic.desk.clinician_draft import Written
from clinic.desk.clinician_safety import spine_answers
from patients.actions import assessments
from patients.models import Assessment
from patients.rules import follow_up, movement, notes, quick_tests
from patients.rules.rulebook import rulebook as patients_rulebook
from patients.rules.scoring import CannotBeScored, score
from patients.web import assessment_glance, intake_words
from patients.web.assessment_decided import decision_words
from people.web.guards import SignedInRequest
from programs.rules import doses
from programs.web import treatment_cards
from programs.web.treatment_cards import Card

REASONS: Final[Mapping[str, Any]] = {
    "letter": gettext_lazy("Letter from the prescriber on file"),
    "agreed": gettext_lazy("Agreed with the prescriber"),
    "benefit": gettext_lazy("Benefit outweighs risk, the patient agrees"),
    "other": gettext_lazy("Another reason"),
}
OTHER_REASON = "other"
LONGEST_REASON = 500


def note_of(request: SignedInRequest, visit: Appointment, written: Written) -> str:
    """The note as the taps read at this moment."""
    cards = treatment_cards.cards(
        visit.patient, written.treat, assessment=written.assessment, session=visit.session, user=request.user,
        on=timezone.localdate(),
    )  # fmt: skip
    return notes.text(taps_of(visit, written, cards, assessment_glance.lines(visit.patient, request.user)))


def taps_of(
    visit: Appointment,
    written: Written,
    cards: Sequence[Card],
    lines: Sequence[assessment_glance.Line],
) -> notes.Taps:
    it, book = written.assessment or Assessment(), patients_rulebook()
    moves = assessment_glance.last_moves(visit.patient, written.assessment)
    pain = next((line.trend.readings for line in lines if line.trend.measure.code == "nprs"), ())
    today = timezone.localdate()
    earlier = [reading for reading in pain if reading.on < today]
    yes_no = {code: answer for code, answer in it.examined.items() if code in book.red_flags}
    yes = [book.red_flags[code] for code, answer in yes_no.items() if answer]
    tests = [book.red_flags[code] for code in yes_no if book.red_flags[code].asked_of == "clinician"]
    pressure = [it.examined[code] for code in ("bp_systolic", "bp_diastolic") if code in it.examined]
    coming = next_visit(visit)
    groups = {it.code: it.label for it in follow_up.grouped(book.red_flags.values())}
    asked = it.told.get(assessments.ASKED_GROUPS, {})
    return notes.Taps(
        is_first=it.kind == Assessment.Kind.FIRST,
        best=it.told.get("best"),
        hurts=tuple(f"{words} {it.told['places'][code]}" for code, words in _places(it)),
        groups_no=tuple(str(groups[code]) for code in asked if code in groups and not _any_yes(code, it)),
        spine=_spine(visit, it),
        findings=it.findings,
        causes=tuple(book.causes[code].label for code in it.causes if code in book.causes),
        impression=it.impression,
        worst=it.told.get("worst"),
        worst_before=earlier[-1].value if earlier else None,
        pain_now=it.pain_now,
        reaction=it.told.get("reaction", ""),
        reaction_words=it.told.get("reaction_words", ""),
        sleep=it.told.get("sleep", ""),
        all_no=it.asked_again_at is not None and not yes,
        yes=tuple(rule.clinician_wording for rule in yes if rule.asked_of != "clinician"),
        tested=tuple(f"{rule.clinician_wording}: {_('yes') if yes_no[rule.code] else _('no')}" for rule in tests),
        readings=movement.readings(it.moves, moves),
        pressure=f"{'/'.join(map(str, pressure))} mm Hg" if pressure else "",
        scores=tuple(_scores(it.told.get("scales", {}))),
        given=tuple(_given(card) for card in cards if card.chosen or card.is_skipped),
        plan=it.told.get("plan", ""),
        exercises=it.told.get("exercises", ""),
        decision=decision_words(it.told),
        next_steps=it.next_steps,
        next_visit=date_format(coming.local_start, "j F, H:i") if coming else "",
    )


def _places(it: Assessment) -> list[tuple[str, str]]:
    codes = list(it.told.get("places", {}))
    return list(zip(codes, intake_words.places(codes), strict=True))


def _any_yes(group: str, it: Assessment) -> bool:
    asked = {one.code: one.questions for one in follow_up.grouped(patients_rulebook().red_flags.values())}
    return any(it.examined.get(rule.code) is True for rule in asked[group])


def _spine(visit: Appointment, it: Assessment) -> str:
    """Only once somebody has asked for a factor of it: nothing follows from what is unknown."""
    answers, factors = spine_answers(it, it.intake), it.told.get("c_spine", {})
    if not factors and not it.examined.keys() & set(patients_rulebook().c_spine_rule.high_risk_flags):
        return ""
    age = visit.patient.age_on(timezone.localdate())
    found = quick_tests.c_spine(
        {quick_tests.INJURED: True} | answers, low_risk=factors, age_years=age, book=patients_rulebook()
    )
    return str(found.result.label) if found else ""


def _given(card: Card) -> notes.Given:
    dose = {it.measured.code: it.value for it in card.amounts if it.value is not None}
    return notes.Given(
        name=card.name,
        technique=card.chosen.name if card.chosen else "",
        places=tuple(it.words for it in card.places if it.is_chosen),
        dose=(*doses.readable(card.modality.code, dose), *(card.product.words if card.product else ())),
        lot=card.product.lot if card.product else "",
        reaction=str(doses.RoomReaction(card.reaction).label) if card.reaction else "",
        was_skipped=card.is_skipped,
        because=card.left_out_because if card.is_skipped else "; ".join(card.unlocked),
    )


def _scores(scales: Mapping[str, Any]) -> list[str]:
    """Each filled-in scale with its score; one that is not complete enough says so."""
    words, measures = [], patients_rulebook().measures
    for code, answers in scales.items():
        try:
            found = score(measures[code], answers)
        except CannotBeScored:
            continue
        value = next((it for it in found.values.values() if it is not None), None)
        said_value = _("not scored, too little answered") if value is None else f"{float(value):g}"
        words.append(f"{measures[code].name}: {said_value}")
    return words


def reason_of(sent: QueryDict, modality: str) -> str:
    """Why it is given all the same, and who agreed; empty if either was left out that must not be."""
    reason, who = sent.get(f"t_{modality}_reason", ""), sent.get(f"t_{modality}_who", "").strip()[:LONGEST_REASON]
    if reason not in REASONS or (reason == OTHER_REASON and not who):
        return ""
    return f"{REASONS[reason]}: {who}" if who else str(REASONS[reason])


def next_visit(visit: Appointment) -> Appointment | None:
    coming = Appointment.objects.filter(patient=visit.patient, starts_at__gt=visit.ends_at).standing()
    return coming.select_related("site", "clinician").order_by("starts_at").first()
