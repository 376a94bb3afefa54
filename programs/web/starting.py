"""Choosing a program for a patient, and seeing what it will make before it is made."""

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from patients.models import Patient
from patients.rules.rulebook import rulebook as patients_rulebook
from patients.web.records import banner, open_record
from people.rules.permissions import Permission
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest, needs
from programs.actions import plan_known, plan_templates, plans, self_care
from programs.actions.plan_known import Value
from programs.actions.safety import Contraindicated, HeldByRedFlag
from programs.models import Plan
from programs.rules import candidates, course
from programs.rules.candidates import Candidate
from programs.rules.rulebook import rulebook
from programs.rules.templates import Criterion, ProgramTemplate
from programs.web import wording
from programs.web.forms import StartForm
from programs.web.plan_words import technique_name


@needs(Permission.PLAN_EDIT)
def start(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Without `?template=` the programs, best first; with it (its place in the list) what it would make.

    A place and not a code: addresses reach logs, and a code names the condition.
    """
    patient = open_record(request, patient_id)
    today = timezone.localdate()
    offered = list(plan_templates.current().values())
    known = plan_known.known(patient, on=today)
    template = _chosen(request, offered)
    context = banner(patient, request.user, today) | {"active": "patients"}
    if template is None:
        context |= _choice(patient, offered, known)
        return render(request, "programs/choose.html", context)
    form = StartForm(
        request.POST if request.method == "POST" else None, today=today, initial={"template_code": template.code}
    )
    if form.is_valid():
        try:
            plans.start(patient, by=request.user, now=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal))
            context["is_unsafe"] = isinstance(refusal, Contraindicated | HeldByRedFlag)
        else:
            messages.success(request, _("The plan is started. Book its first sessions."))
            return redirect("programs:plan", patient.pk)
    starts_on = _first_day(form, today)
    (candidate,) = candidates.proposed([template], known=known, causes=plan_known.causes_of(patient))
    context |= {"form": form, "card": _card(candidate, known), "starts_on": starts_on}
    context |= {"preview": _preview(template, starts_on), "advice": _advice(template, patient, today)}
    return render(request, "programs/start.html", context)


def _chosen(request: SignedInRequest, offered: list[ProgramTemplate]) -> ProgramTemplate | None:
    if request.method == "POST":
        return next((it for it in offered if it.code == request.POST.get("template_code")), None)
    place = request.GET.get("template", "")
    if not place:
        return None
    if not place.isdecimal() or not 1 <= int(place) <= len(offered):
        raise Http404
    return offered[int(place) - 1]


def _choice(patient: Patient, offered: list[ProgramTemplate], known: Mapping[str, Value]) -> dict[str, Any]:
    places = {it.code: place for place, it in enumerate(offered, start=1)}
    found = candidates.proposed(offered, known=known, causes=plan_known.causes_of(patient))
    return {
        "cards": [{"place": places[it.template.code], **_card(it, known)} for it in found],
        "follows": Plan.objects.unfinished().filter(patient=patient).first(),
    }


def _first_day(form: StartForm, today: date) -> date:
    typed: date = form.cleaned_data.get("starts_on", today) if form.is_bound else today
    return typed if abs(typed - today) <= plans.FARTHEST_START else today


def _card(it: Candidate, known: Mapping[str, Value]) -> dict[str, Any]:
    facts, causes = patients_rulebook().facts, patients_rulebook().causes
    template, stops = it.template, rulebook().stop_criteria
    return {
        "template": template,
        "candidate": it,
        "weeks": max(1, -(-template.duration_days // 7)),
        "sessions": wording.sessions_in_words(template),
        "entry_criteria": [wording.criterion_in_words(criterion) for criterion in template.entry_criteria],
        "exclusions": [facts[code].label for code in template.exclusion_facts],
        "reasons": [_as_it_is(each, known) for each in it.met],
        "causes": [causes[code].label for code in it.causes],
        "against": [_as_it_is(each, known) for each in it.unmet],
        "excluded_by": [facts[code].label for code in it.excluded_by],
        "unknown": [wording.label_of(each.field) for each in it.unknown],
        "not_asked": [facts[code].label for code in it.not_asked],
        "left_out": [
            (wording.service_called(each.modality), technique_name(each.modality, each.technique))
            for each in dict.fromkeys(template.switched_off)
        ],
        "stops": [stops[code].text for code in template.stop_criteria],
    }


def _as_it_is(criterion: Criterion, known: Mapping[str, Value]) -> str:
    """As in "Days since this episode began: 30 (at most 42)"."""
    value, asked = known.get(criterion.field), wording.criterion_in_words(criterion)
    if isinstance(value, bool) or value is None:
        return asked
    label = wording.label_of(criterion.field)
    return f"{label}: {value:g} ({asked.removeprefix(label + ': ')})"


def _preview(template: ProgramTemplate, starts_on: date) -> list[dict[str, Any]]:
    sessions = course.planned_sessions(template, starts_on=starts_on)
    lengths = Counter(it.modality for it in sessions)
    book, measures = rulebook(), patients_rulebook().measures
    return [
        {
            "phase": phase,
            "sessions": [(it, lengths[it.modality]) for it in sessions if it.phase == phase.ordinal],
            "exercises": [book.exercises[code] for code in phase.exercises],
            "posture": [book.posture_items[code] for code in phase.posture_items],
            "measures": [measures[code].name for code in phase.measures],
            "progress": [wording.criterion_in_words(it) for it in phase.progress_if],
            "hold": [wording.criterion_in_words(it) for it in phase.hold_if],
        }
        for phase in template.phases
    ]


def _advice(template: ProgramTemplate, patient: Patient, today: date) -> list[self_care.Advice]:
    codes = [code for phase in template.phases for code in phase.self_care]
    return self_care.advice(patient, codes, on=today)
