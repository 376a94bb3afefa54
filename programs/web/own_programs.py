"""The clinic's own programs: copied from one that is there, changed in a form, retired."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from people.rules.permissions import Permission
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest, needs
from programs.actions import plan_templates
from programs.models import PlanTemplate
from programs.web.own_program_forms import WholeProgram


@needs(Permission.PLAN_EDIT)
def programs(request: SignedInRequest) -> HttpResponse:
    """Every program that is offered, ours and the clinic's own, and what the own ones were before. Three queries."""
    offered = plan_templates.current()
    rows = list(PlanTemplate.objects.select_related("by"))
    own = [it for it in rows if it.retired_at is None]
    return render(request, "programs/plan_programs.html", {
        "active": "library",
        "own": own,
        "retired": [it for it in rows if it.retired_at is not None],
        "ours": [{"place": n, "it": it} for n, it in enumerate(offered.values(), start=1)],
    })  # fmt: skip


@needs(Permission.PLAN_EDIT)
def new(request: SignedInRequest) -> HttpResponse:
    """A copy of the program at place `?from=` of the list, to be changed before it is kept."""
    places = list(plan_templates.current())
    place = request.GET.get("from", "1")
    if not place.isdecimal() or not 1 <= int(place) <= len(places):
        raise Http404
    source = places[int(place) - 1]
    contents = plan_templates.contents_of(source)
    if contents is None:
        raise Http404
    whole = WholeProgram(contents, data=request.POST if request.method == "POST" else None)
    if request.method == "POST" and not whole.errors:
        try:
            plan_templates.write(
                whole.read(), based_on=source, why=whole.head.cleaned_data["why"], by=request.user, now=timezone.now()
            )
        except Refused as refusal:
            whole.head.add_error(None, str(refusal))
        else:
            messages.success(request, _("The program is kept. It is offered from now on."))
            return redirect("programs:own_programs")
    return _form(request, whole, based_on=contents["name"])


@needs(Permission.PLAN_EDIT)
def change(request: SignedInRequest, template_id: int) -> HttpResponse:
    """A new version of an own program; plans that run keep theirs."""
    kept = _kept(template_id)
    whole = WholeProgram(kept.contents, data=request.POST if request.method == "POST" else None, seen=kept.version)
    if request.method == "POST" and not whole.errors:
        try:
            plan_templates.change(
                kept.code, whole.read(), seen=whole.head.cleaned_data["seen"] or kept.version,
                why=whole.head.cleaned_data["why"], by=request.user, now=timezone.now(),
            )  # fmt: skip
        except Refused as refusal:
            whole.head.add_error(None, str(refusal))
        else:
            messages.success(request, _("The program is changed. Plans that run keep the one they began with."))
            return redirect("programs:own_programs")
    return _form(request, whole, kept=kept)


@needs(Permission.PLAN_EDIT)
@require_POST
def retire(request: SignedInRequest, template_id: int) -> HttpResponse:
    """Offer it no longer. Plans that run go on."""
    kept = _kept(template_id)
    try:
        plan_templates.retire(kept.code, seen=kept.version, by=request.user, now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The program is no longer offered. Plans that run go on."))
    return redirect("programs:own_programs")


def _kept(template_id: int) -> PlanTemplate:
    found = PlanTemplate.objects.filter(pk=template_id, retired_at=None).first()
    if found is None:
        raise Http404
    return found


def _form(request: SignedInRequest, whole: WholeProgram, **context: Any) -> HttpResponse:
    wrong = whole.errors if request.method == "POST" else []
    shown = {
        "active": "library",
        "whole": whole,
        "form": whole.head,
        "wrong": [it for it in wrong if it is not whole.head],
    }
    return render(request, "programs/plan_program_form.html", shown | context)
