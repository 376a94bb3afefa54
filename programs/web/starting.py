"""Choosing a program for a patient, and seeing what it will make before it is made."""

from collections import Counter
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from patients.rules.rulebook import rulebook as patients_rulebook
from patients.web.records import banner, open_record
from people.rules.permissions import Permission
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest, needs
from programs.actions import plans
from programs.actions.safety import Contraindicated, HeldByRedFlag
from programs.models import Plan
from programs.rules import course
from programs.rules.rulebook import rulebook
from programs.rules.templates import ProgramTemplate
from programs.web import wording
from programs.web.forms import StartForm


@needs(Permission.PLAN_EDIT)
def start(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Without `?template=` the programs to choose from; with it (its place in the list) what it would make.

    A place and not a code: addresses reach logs, and a code names the condition.
    """
    patient = open_record(request, patient_id)
    today = timezone.localdate()
    offered = [it for it in rulebook().templates.values() if it.enabled_by_default]
    if request.method == "POST":
        template = next((it for it in offered if it.code == request.POST.get("template_code")), None)
    else:
        template = _at(offered, request.GET.get("template", ""))
    context = banner(patient, request.user, today) | {"active": "patients"}
    if template is None:
        cards = [{"place": place, **_card(it)} for place, it in enumerate(offered, start=1)]
        follows = Plan.objects.active().filter(patient=patient).first()
        return render(request, "programs/choose.html", context | {"cards": cards, "follows": follows})
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
    context |= {"form": form, "card": _card(template), "preview": _preview(template, starts_on), "starts_on": starts_on}
    return render(request, "programs/start.html", context)


def _at(offered: list[ProgramTemplate], place: str) -> ProgramTemplate | None:
    if not place:
        return None
    if not place.isdecimal() or not 1 <= int(place) <= len(offered):
        raise Http404
    return offered[int(place) - 1]


def _first_day(form: StartForm, today: date) -> date:
    return form.cleaned_data.get("starts_on", today) if form.is_bound else today


def _card(template: ProgramTemplate) -> dict[str, Any]:
    facts = patients_rulebook().facts
    return {
        "template": template,
        "weeks": max(1, -(-template.duration_days // 7)),
        "sessions": wording.sessions_in_words(template),
        "entry_criteria": [wording.criterion_in_words(criterion) for criterion in template.entry_criteria],
        "exclusions": [facts[code].label for code in template.exclusion_facts],
    }


def _preview(template: ProgramTemplate, starts_on: date) -> list[dict[str, Any]]:
    sessions = course.planned_sessions(template, starts_on=starts_on)
    lengths = Counter(it.modality for it in sessions)
    book = rulebook()
    return [
        {
            "phase": phase,
            "sessions": [(it, lengths[it.modality]) for it in sessions if it.phase == phase.ordinal],
            "exercises": [book.exercises[code] for code in phase.exercises],
            "posture": [book.posture_items[code] for code in phase.posture_items],
        }
        for phase in template.phases
    ]
