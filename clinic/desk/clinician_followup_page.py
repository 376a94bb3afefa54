"""What the follow-up page shows: what is known, what the rules say, what the note reads, and what is left to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.appointments.models import Appointment
from clinic.desk.clinician_draft import Written
from clinic.desk.clinician_note import REASONS, next_visit, taps_of
from patients.actions import assessments
from patients.models import Assessment, RedFlag
from patients.rules import follow_up, movement, notes, quick_tests
from patients.rules.rulebook import rulebook as patients_rulebook
from patients.web import assessment_glance, intake_words, triage_words
from patients.web.assessment_follow_up import ASKED, FollowUpForm
from patients.web.assessment_pages import about, said
from people.models import AuditEvent
from people.rules.permissions import Permission
from people.web.guards import SignedInRequest
from programs.models import ExerciseDone
from programs.rules import doses, products
from programs.rules.rulebook import rulebook
from programs.web import treatment_cards
from programs.web.treatment_cards import Card

TWO_WEEKS = 14


@dataclass(frozen=True, slots=True)
class Step:
    anchor: str
    name: str
    state: str  # ok, stop or empty
    words: str


def context(request: SignedInRequest, visit: Appointment, written: Written) -> dict[str, Any]:
    """Everything on the page. A fixed number of queries, however long the record is."""
    patient, assessment, on = visit.patient, written.assessment, timezone.localdate()
    form = assessments.latest_form(patient)
    flags = RedFlag.objects.visible_to(request.user).open().filter(patient=patient)
    open_flags = triage_words.flag_lines(flags)
    cards = treatment_cards.cards(
        patient, written.treat, assessment=assessment, session=visit.session, user=request.user, on=on
    )
    earlier = assessment_glance.lines(patient, request.user)
    taps = taps_of(visit, written, cards, earlier)
    is_grave = any(line.is_grave for line in open_flags)
    left = _left(assessment, cards, is_grave=is_grave, next_steps=taps.next_steps)
    return {
        **about(request, patient),
        "active": "my_day",
        "visit": visit,
        "form": written.form,
        "refusal": written.refusal,
        "differences": written.differences,
        "assessment": assessment,
        "revision": written.revision,
        "matters": assessment_glance.matters(patient, form, on=on),
        "said": said(form) if form else None,
        "story": intake_words.story(form),
        "hurts": intake_words.places(form.answers.get("places", {}).get("codes", ())) if form else [],
        "lines": earlier,
        "worst_before": taps.worst_before,
        "readings": list(zip(taps.readings, written.form.movements, strict=True)),
        "usual_start": movement.USUAL_START_DEGREES,
        "step": movement.STEP_DEGREES,
        "open_flags": open_flags,
        "is_grave": is_grave,
        "cards": cards,
        "reasons": REASONS,
        "sides": doses.SIDES,
        "levels": doses.LEVELS,
        "regions": patients_rulebook().body_regions.values(),
        "room_reactions": doses.RoomReaction.choices,
        "guidances": products.Guidance.choices,
        "left_out": products.LeftOut.choices,
        "add_choices": _add_choices(request, written),
        "parts": [] if written.form["note"].value() else notes.parts(taps),
        "left": left,
        "steps": _steps(assessment, cards, taps, left=left, is_grave=is_grave, form=written.form),
        "next_visit": next_visit(visit),
        "exercise_days": _exercise_days(visit),
        "consents_url": _consents_url(visit),
        "came_from": request.GET.get("from") or request.POST.get("from", ""),
        "last_saved": _last_saved(assessment),
        "back": request.path.removesuffix("draft/"),
        **_safety(visit, written, open_flags),
        **_scales(visit, assessment),
    }


def _safety(visit: Appointment, written: Written, open_flags: Sequence[triage_words.FlagLine]) -> dict[str, Any]:
    book, form, assessment = patients_rulebook(), written.form, written.assessment
    examined = assessment.examined if assessment else {}
    is_open = {line.flag.code for line in open_flags}
    groups = follow_up.grouped(follow_up.questions_again(visit.patient.age_on(timezone.localdate()), book=book))
    asked = examined | dict.fromkeys(is_open, True)
    answers = {code: it for code, it in asked.items() if isinstance(it, bool)}
    low_risk = (assessment.told if assessment else {}).get(quick_tests.LOW_RISK)
    spine = quick_tests.c_spine(answers | ({} if low_risk is None else {quick_tests.LOW_RISK: low_risk}), book=book)
    # Once it is answered a test stays, whatever becomes of the sign that called for it.
    called_for = is_open | {code for code in examined if examined[code] is True}
    tests = quick_tests.suggested(called_for, book=book)
    return {
        "groups": [(it.label, [_question(form, rule.code, is_open) for rule in it.questions]) for it in groups],
        "tests": [(it, form[ASKED + it.rule.code]) for it in tests],
        "spine": spine,
        "spine_rule": book.c_spine_rule,
        "low_risk": form[ASKED + quick_tests.LOW_RISK],
        "rotation": form[ASKED + book.c_spine_rule.rotation_flag],
        "raised_key": ":".join([*sorted(is_open), *(it.rule.code for it in tests), repr(spine)]),
    }


def _question(form: FollowUpForm, code: str, is_open: set[str]) -> dict[str, Any]:
    return {"code": code, "field": form[ASKED + code], "is_open": code in is_open}


def _scales(visit: Appointment, assessment: Assessment | None) -> dict[str, Any]:
    """Which scales are asked again today, and the activities the patient named last. One query."""
    rows = list(visit.patient.outcomes.order_by("on", "at").values_list("measure", "on", "answers"))
    last = {measure: (on, answers) for measure, on, answers in rows}
    today = timezone.localdate()
    due = {
        code for code in follow_up.ASKED_AGAIN_AFTER_DAYS if follow_up.due(code, last.get(code, (None,))[0], on=today)
    }
    filled = set(assessment.told.get("scales", {})) if assessment else set()
    return {
        "due": due | filled,
        "due_names": [patients_rulebook().measures[it].name for it in due - {"nprs"}],
        "ndi_licence": patients_rulebook().measures["ndi"].licence_note,
    }


def _left(assessment: Assessment | None, cards: Sequence[Card], *, is_grave: bool, next_steps: str) -> list[str]:
    """What has to be done before it can be signed, in the order of the page."""
    left = []
    if assessment is None or assessment.asked_again_at is None:
        left.append(_("ask the safety questions"))
    if is_grave and not next_steps.strip():
        left.append(_("close the warning sign, or write what happens next"))
    return left + list(dict.fromkeys(card.left for card in cards if card.left))


def _steps(
    assessment: Assessment | None,
    cards: Sequence[Card],
    taps: notes.Taps,
    *,
    left: Sequence[str],
    is_grave: bool,
    form: FollowUpForm,
) -> list[Step]:
    asked = assessment is not None and assessment.asked_again_at is not None
    measured = sum(it.now is not None for it in taps.readings)
    stopped = any(card.alert and card.alert.kind == "stop" for card in cards)
    return [
        Step("safety", _("Safety check"), "stop" if is_grave else "ok" if asked else "",
             _("warning sign open") if is_grave else _("asked again") if asked else _("not asked yet")),
        Step("since", _("Since last visit"), "ok" if taps.worst is not None or taps.reaction or taps.sleep else "", ""),
        Step("measure", _("Measure"), "ok" if measured else "",
             _("%(n)d of %(of)d") % {"n": measured, "of": len(taps.readings)}),
        Step("treat", _("Treat"), "stop" if stopped else "ok" if not any(card.left for card in cards) else "",
             _("stopped") if stopped else next((card.left for card in cards if card.left), "")),
        Step("plan", _("Plan and home"), "ok" if taps.plan or taps.exercises else "", ""),
        Step("note", _("Sign"), "", _("%(n)d left") % {"n": len(left)} if left else _("ready")),
    ]  # fmt: skip


def _exercise_days(visit: Appointment) -> int:
    """Days of the last two weeks with at least one exercise ticked."""
    today = timezone.localdate()
    done = ExerciseDone.objects.filter(exercise__plan__patient=visit.patient, on__gt=today - timedelta(days=TWO_WEEKS))
    return done.values("on").distinct().count()


def _add_choices(request: SignedInRequest, written: Written) -> list[tuple[str, str]]:
    book = rulebook()
    if not request.user.has_perm(Permission.RECORD_EDIT):
        return []
    given = [it for it in book.modalities.values() if it.enabled_by_default and it.code not in written.treat]
    return [(it.code, it.name) for it in given if request.user.profession in it.performed_by]


def _consents_url(visit: Appointment) -> str:
    try:
        url = reverse("programs:visit_consents", args=[visit.patient_id])
    except NoReverseMatch:
        return ""
    return f"{url}?modality={visit.service.modality}" if visit.service.modality else ""


def _last_saved(assessment: Assessment | None) -> AuditEvent | None:
    """When the draft was kept last, and by whom."""
    if assessment is None:
        return None
    kept = AuditEvent.objects.filter(patient_id=assessment.patient_id, deed="assessment.saved")
    return kept.filter(object_id=str(assessment.pk)).select_related("by").order_by("-at").first()
