"""A visit on one page: everything tapped is kept as it is tapped, and signed with one key."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRedirect

from clinic.appointments.actions import assessing
from clinic.appointments.models import Appointment
from clinic.desk import clinician_both, clinician_next, clinician_note, clinician_visit_page
from clinic.desk.clinician_both import TREAT
from clinic.desk.clinician_draft import NOT_BEGUN, Written, kind_of, of, opened, planned_first
from patients.actions import asked, assessments
from patients.models import Assessment
from patients.rules.follow_up import GROUPS, REST
from patients.web.assessment_first import form_of
from people.rules.permissions import Permission
from people.rules.refusal import ChangedMeanwhile, Refused
from people.web.guards import SignedInRequest, needs
from programs.actions import safety, treatments
from programs.actions.plans import clinic_day
from programs.actions.safety import Treatment
from programs.rules.rulebook import rulebook
from programs.web import treatment_cards, treatment_forms
from programs.web.treatment_forms import Treat

FIRST_REVISION = 1
ASKING: Final = {"all_no": assessments.ask_again, "not_asked": asked.take_back}


def page(request: SignedInRequest, visit: Appointment) -> HttpResponse:
    """The page, and every button on it. Without JavaScript "Save" keeps the same fields."""
    if request.method != "POST":
        return _shown(request, visit, opened(visit))
    written = write(request, visit)
    if written.is_signed:
        messages.success(request, _("Signed."))
        to = clinician_next.after(request, visit)
        return HttpResponseClientRedirect(to) if request.headers.get("HX-Request") else redirect(to)
    if "later" in request.POST and not written.refusal and not written.form.errors:
        return redirect("desk:my_day")
    if written.refusal or written.form.errors or request.headers.get("HX-Request"):
        return _shown(request, visit, written)
    here = reverse("desk:clinic_visit", args=[visit.pk])
    return redirect(f"{here}?from={clinician_next.FROM_LIST}" if request.POST.get("from") else here)


@needs(Permission.RECORD_EDIT)
@require_POST
def draft(request: SignedInRequest, visit_id: UUID) -> HttpResponse:
    """Keep the page by itself, a moment after each tap; answers with what follows from it and leaves every field."""
    visit = of(request, visit_id)
    if visit.assessment is not None and visit.assessment.is_signed:
        written = opened(visit)
        written.refusal = str(assessments.SIGNED_ALREADY)
    else:
        written = write(request, visit)
    context = clinician_visit_page.context(request, visit, written)
    return render(request, "desk/clinician_visit_saved.html", context | {"oob": True})


def write(request: SignedInRequest, visit: Appointment) -> Written:
    """Keep what was sent and do what was pressed. Nothing that was typed is lost, whatever refuses it."""
    do, sent = request.POST.get("do", ""), clinician_both.chosen(request.POST, visit.assessment)
    form = form_of(kind_of(visit))(sent, assessment=visit.assessment)
    last = treatment_cards.last_given(visit.patient, visit.assessment)
    before = dict(visit.assessment.told.get(TREAT, {})) if visit.assessment else {}
    treat = treatment_forms.after(treatment_forms.read(sent, before), do, sent, last)
    if TREAT in sent.getlist("theirs"):
        treat = planned_first(visit, before)
    # After "keep what is chosen" it is the colleague's version that was read; until then it is the older one, so that
    # nothing but this choice can replace what the colleague wrote.
    seen = sent.get("chosen") or sent.get("revision", "")
    revision = int(seen) if seen.isascii() and seen.isdigit() else NOT_BEGUN
    written = Written(form, treat, revision, visit.assessment)
    if not form.is_valid():
        return written
    try:
        _keep(request, visit, written)
        _do(request, visit, written, do)
        if "sign" in sent:
            _sign(request, visit, written)
    except ChangedMeanwhile as refusal:
        _show_both(request, visit, written, refusal)
    except Refused as refusal:
        written.refusal = str(refusal)
    return written


def _keep(request: SignedInRequest, visit: Appointment, written: Written) -> None:
    now, fields = timezone.now(), written.form.kept(_tapped(written.treat))
    if written.assessment is None:
        written.assessment = assessing.open_assessment(visit, by=request.user, now=now)
        # As it was when it was begun: if a colleague began it a moment ago and wrote, saving is refused.
        written.revision = FIRST_REVISION
    if written.revision == written.assessment.revision and _is_kept(written.assessment, fields):
        return
    saved = assessments.save(written.assessment, revision=written.revision, by=request.user, now=now, **fields)
    _now_is(visit, written, saved)


def _tapped(treat: Mapping[str, Any]) -> Treat:
    return {code: it for code, it in treat.items() if it}


def _is_kept(assessment: Assessment, fields: Mapping[str, Any]) -> bool:
    return all(getattr(assessment, name) == value for name, value in fields.items())


def _now_is(visit: Appointment, written: Written, saved: Assessment) -> None:
    saved.patient = visit.patient
    visit.assessment = written.assessment = saved
    written.revision = saved.revision


def _do(request: SignedInRequest, visit: Appointment, written: Written, do: str) -> None:
    """The buttons that are more than fields."""
    verb, _colon, rest = do.partition(":")
    now, assessment = timezone.now(), written.assessment
    if assessment is None:
        return
    if verb in ASKING and (not rest or rest == REST or rest in GROUPS):
        again = ASKING[verb](assessment, revision=written.revision, by=request.user, now=now, group=rest)
        _now_is(visit, written, again)
        written.form = form_of(again.kind)(None, assessment=again)
    modality, _colon, technique = rest.partition(":")
    if verb in {"ack", "override"} and modality in rulebook().modalities:
        places = written.treat.get(modality, {}).get("regions", ())
        treatment = Treatment(modality, clinic_day(now), technique, tuple(places))
        if technique and technique not in rulebook().modalities[modality].techniques:
            raise Http404
        if verb == "ack":
            known = treatments.known_here(assessment)
            found = treatments.acknowledge(visit.patient, treatment, history=known, by=request.user, now=now)
            seen = {it.rule.code for standing in found for it in standing.judgement.findings}
            one = written.treat.get(modality, {})
            written.treat[modality] = one | {"read": sorted(seen.union(one.get("read", ())))}
            _keep(request, visit, written)
        else:
            reason = clinician_note.reason_of(request.POST, modality)
            safety.override(visit.patient, treatment, reason=reason, until=treatment.on, by=request.user, now=now)


def _sign(request: SignedInRequest, visit: Appointment, written: Written) -> None:
    assessment = written.assessment
    if assessment is None:
        return
    now = timezone.now()
    note = clinician_note.note_of(request, visit, written)
    given = treatment_forms.given(written.treat, visit.session)
    _now_is(visit, written, treatments.sign_visit(assessment, given, note=note, by=request.user, now=now))
    written.is_signed = True


def _show_both(request: SignedInRequest, visit: Appointment, written: Written, refusal: ChangedMeanwhile) -> None:
    """Theirs beside yours. The page keeps the revision it was made from until one of the two is chosen."""
    fresh = Assessment.objects.select_related("author", "intake", "asked_again_by").get(appointment=visit)
    fresh.patient = visit.patient
    written.both = clinician_both.compare(fresh, written.form, written.treat, request.POST.get("seen", ""))
    written.refusal = str(refusal)
    written.assessment = visit.assessment = fresh


def _shown(request: SignedInRequest, visit: Appointment, written: Written) -> HttpResponse:
    context = clinician_visit_page.context(request, visit, written)
    return render(request, "desk/clinician_visit_open.html", context)
