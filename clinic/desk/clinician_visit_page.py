"""What the page of a visit shows: what is known, what the rules say, what the note reads, and what is left to do."""

from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from clinic.appointments.models import Appointment
from clinic.desk import clinician_both, clinician_glance, clinician_safety, clinician_steps
from clinic.desk.clinician_draft import Written, kind_of
from clinic.desk.clinician_note import REASONS, next_visit, taps_of
from patients.actions import assessments
from patients.models import Assessment, Intake, RedFlag
from patients.rules import follow_up, movement, notes
from patients.rules.rulebook import rulebook as patients_rulebook
from patients.web import assessment_glance, intake_words, triage_words
from patients.web.assessment_first import FirstForm
from patients.web.assessment_pages import about, said
from patients.web.intake_forms import causes_by_group
from people.models import AuditEvent
from people.rules.permissions import Permission
from people.web.guards import SignedInRequest
from programs.rules import doses, products
from programs.rules.rulebook import rulebook
from programs.web import treatment_cards


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
    is_first = kind_of(visit) == Assessment.Kind.FIRST
    decision = clinician_safety.decision(assessment, open_flags)
    left = clinician_steps.left(
        assessment, cards, taps, is_first=is_first, undecided=decision["lacks"], has_form=form is not None
    )
    return {
        **about(request, patient),
        "active": "my_day",
        "visit": visit,
        "form": written.form,
        "refusal": written.refusal,
        "both": written.both,
        "assessment": assessment,
        "revision": written.revision,
        "seen": clinician_both.marks(written.form, written.treat)
        if written.both is None
        else request.POST.get("seen", ""),
        "matters": assessment_glance.matters(patient, form, on=on),
        "said": said(form) if form else None,
        "story": intake_words.story(form),
        "lines": earlier,
        "worst_before": taps.worst_before,
        "readings": list(zip(taps.readings, written.form.movements, strict=True)),
        "usual_start": movement.USUAL_START_DEGREES,
        "step": movement.STEP_DEGREES,
        "open_flags": open_flags,
        "is_grave": is_grave,
        "decision": decision,
        "may_take_back": assessments.ALL in assessment.told.get(assessments.ASKED_GROUPS, {}) if assessment else False,
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
        "steps": clinician_steps.steps(assessment, cards, taps, left=left, is_grave=is_grave, is_first=is_first),
        "next_visit": next_visit(visit),
        "is_begun": patient.intakes.open().exists(),
        **_causes(written, form),
        "consents_url": _consents_url(visit),
        "came_from": request.GET.get("from") or request.POST.get("from", ""),
        "last_saved": _last_saved(assessment),
        "back": request.path.removesuffix("draft/"),
        **clinician_safety.context(visit, written, form, open_flags, on=on),
        **clinician_glance.context(visit, written, form, request.user, on=on),
        **_scales(visit, assessment),
    }


def _causes(written: Written, form: Intake | None) -> dict[str, Any]:
    """The rulebook's causes by group, each with whether she named it; that ticks nothing."""
    if not isinstance(written.form, FirstForm):
        return {}
    named = set(form.answers.get("story", {}).get("causes", ())) if form else set()
    chosen, known = written.form["causes"].value() or (), patients_rulebook().causes
    groups = [
        (label, [{"code": it, "words": words, "is_named": it in named, "is_on": it in chosen} for it, words in its])
        for label, its in causes_by_group()
    ]
    words = ", ".join(known[code].label for code in known if code in named)
    return {"cause_groups": groups, "has_causes": bool(chosen), "named_causes": words}


def _scales(visit: Appointment, assessment: Assessment | None) -> dict[str, Any]:
    """Which scales are asked again today, and the activities the patient named last. One query."""
    rows = list(visit.patient.outcomes.order_by("on", "at").values_list("measure", "on", "answers"))
    last = {measure: (on, answers) for measure, on, answers in rows}
    today = timezone.localdate()
    due = {
        code for code in follow_up.ASKED_AGAIN_AFTER_DAYS if follow_up.due(code, last.get(code, (None,))[0], on=today)
    }
    if kind_of(visit) == Assessment.Kind.FIRST:
        due.discard("groc")  # nothing to compare with yet
    filled = set(assessment.told.get("scales", {})) if assessment else set()
    return {
        "due": due | filled,
        "due_names": [patients_rulebook().measures[it].name for it in due - {"nprs"}],
        "ndi_licence": patients_rulebook().measures["ndi"].licence_note,
    }


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
