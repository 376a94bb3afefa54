"""May it be given? What speaks against each treatment of a patient, what was never asked, and unlocking."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from patients.actions import facts
from patients.models import Patient
from patients.web.records import banner, open_record
from people.models import User
from people.rules.knowledge import Claim
from people.rules.permissions import Permission
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest, needs
from programs.actions import safety
from programs.actions.plans import clinic_day
from programs.actions.safety import Standing, Treatment
from programs.models import Override, PlannedSession, RuleChange, SafetyDecision
from programs.rules.rulebook import rulebook
from programs.web.safety_forms import Row, UnlockForm, answers, rows

DECISIONS_SHOWN = 10
UNLOCKED_ON_A_PAGE = 50
CAUTIONS_SHOWN_FOR = timedelta(days=90)
# The word and the look of each status: never colour alone.
SAID = {
    "blocked": (gettext_lazy("Must not be given"), "stop", "stop"),
    "override_required": (gettext_lazy("Locked"), "stop", "lock"),
    "incomplete": (gettext_lazy("Not all asked yet"), "warn", "alert"),
    "caution": (gettext_lazy("With caution"), "warn", "alert"),
    "allowed": (gettext_lazy("Nothing speaks against it"), "ok", "check"),
}


@dataclass(frozen=True, slots=True)
class Card:
    """One treatment on the page."""

    standing: Standing
    name: str
    form: UnlockForm | None  # for whoever may unlock it

    @property
    def word(self) -> str:
        return str(SAID[self.standing.status][0])

    @property
    def look(self) -> str:
        return SAID[self.standing.status][1]

    @property
    def icon(self) -> str:
        return SAID[self.standing.status][2]


@needs(Permission.RECORD_VIEW)
def page(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """The treatments of the plan; `?all=1` shows everything the clinic could give."""
    patient = open_record(request, patient_id)
    return _shown(request, patient)


@needs(Permission.RECORD_EDIT)
@require_POST
def answer(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Keep what was asked and measured. "All no" answers every open yes-or-no question in one recorded tap."""
    patient = open_record(request, patient_id)
    found = _standings(patient, request)
    said, shown = answers(_rows(found, request.POST))
    if any(row.error for row in shown):
        return _shown(request, patient, shown=shown, status=422)
    if request.POST.get("do") == "all_no":
        said |= {
            row.fact.code: False for row in shown if row.known is None and not row.typed and not row.fact.is_number
        }
    try:
        kept = facts.state(patient, said, by=request.user, now=timezone.now())
    except Refused as refusal:
        return _shown(request, patient, shown=shown, refusal=str(refusal), status=409)
    messages.success(request, _("Kept: %(count)d answers.") % {"count": len(kept)})
    return redirect(_address(request, patient))


@needs(Permission.RECORD_EDIT)
@require_POST
def unlock(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Unlock one treatment, with a reason and a last day."""
    patient = open_record(request, patient_id)
    now = timezone.now()
    form = UnlockForm(request.POST, today=clinic_day(now))
    if form.is_valid():
        treatment = _asked(form.cleaned_data, clinic_day(now))
        try:
            safety.override(
                patient,
                treatment,
                reason=form.cleaned_data["reason"],
                until=form.cleaned_data["until"],
                by=request.user,
                now=now,
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Unlocked. Every visit until then shows it as a caution."))
            return redirect(_address(request, patient))
    return _shown(request, patient, unlocking=form, status=422)


@needs(Permission.RECORD_VIEW)
def unlocked_list(request: SignedInRequest) -> HttpResponse:
    """Every treatment that is unlocked against a rule, today or for a day to come, and the cautions that were read.

    Newest first, for whoever looks after the rules. As many queries for fifty lines as for one.
    """
    now = timezone.now()
    every = Override.objects.visible_to(request.user).still_to_count(clinic_day(now)).select_related("patient", "by")
    page = Paginator(every.order_by("-at"), UNLOCKED_ON_A_PAGE).get_page(request.GET.get("page"))
    read = SafetyDecision.objects.cautions_read(since=now - CAUTIONS_SHOWN_FOR).visible_to(request.user)
    read_page = Paginator(read.select_related("patient", "by"), UNLOCKED_ON_A_PAGE).get_page(request.GET.get("read"))
    context = {
        "active": "my_day",
        "page": page,
        "lines": [{"it": it, "reasons": _reasons(it.rules)} for it in page],
        "read_page": read_page,
        "read": [{"it": it, "reasons": _reasons(it.rules)} for it in read_page],
        "changes": RuleChange.objects.in_force().count(),
    }
    return render(request, "programs/unlocked.html", context)


def _reasons(codes: Iterable[str]) -> list[str]:
    """Rules in words; one that a newer rulebook no longer has is called by its code."""
    book = rulebook()
    known: dict[str, Claim] = {**book.contraindications, **book.timing_rules}
    return [str(getattr(known.get(code), "reason", code)) for code in codes]


@needs(Permission.RECORD_EDIT)
@require_POST
def lock(request: SignedInRequest, override_id: UUID) -> HttpResponse:
    """Lock it again."""
    unlocked = Override.objects.visible_to(request.user).select_related("patient").filter(pk=override_id).first()
    if unlocked is None:
        raise Http404
    patient = open_record(request, unlocked.patient_id)
    safety.revoke(unlocked, by=request.user, now=timezone.now())
    messages.success(request, _("Locked again."))
    return redirect("programs:safety", patient.pk)


def _shown(
    request: SignedInRequest,
    patient: Patient,
    *,
    shown: list[Row] | None = None,
    unlocking: UnlockForm | None = None,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    today = clinic_day(timezone.now())
    found = _standings(patient, request)
    context: dict[str, Any] = banner(patient, request.user, today) | {
        "active": "patients",
        "cards": [_card(it, request.user, today, unlocking) for it in found],
        "rows": shown if shown is not None else _rows(found, {}),
        "in_force": Override.objects.visible_to(request.user).filter(patient=patient).in_force(today),
        "decisions": [
            {"it": it, "word": SAID[it.status][0] if it.status in SAID else it.status, "reasons": _reasons(it.rules)}
            for it in patient.safety_decisions.select_related("by")[:DECISIONS_SHOWN]
        ],
        "shows_all": "all" in request.GET,
        "address": _address(request, patient),
        "refusal": refusal,
        "version": next((it.version for it in found), rulebook().version),
    }
    context["open_questions"] = sum(row.is_open_question for row in context["rows"])
    return render(request, "programs/safety.html", context, status=status)


def _standings(patient: Patient, request: SignedInRequest) -> list[Standing]:
    today = clinic_day(timezone.now())
    planned = PlannedSession.objects.visible_to(request.user).of_active_plans().filter(plan__patient=patient)
    treatments = [
        Treatment(modality, today, technique)
        for modality, technique in planned.order_by("modality", "technique")
        .values_list("modality", "technique")
        .distinct()
    ]
    if not treatments or "all" in request.GET:
        given = {it.modality for it in treatments}
        offered = [it.code for it in rulebook().modalities.values() if it.enabled_by_default]
        treatments += [Treatment(code, today) for code in offered if code not in given]
    return safety.standings(patient, treatments)


def _rows(found: Iterable[Standing], typed: Any) -> list[Row]:
    """The screening facts of these treatments, and whatever else has decided about one of them."""
    codes: dict[str, None] = {}
    known: dict[str, Any] = {}
    for it in found:
        known |= it.facts
        codes |= dict.fromkeys(rulebook().modalities[it.treatment.modality].required_screening_facts)
        codes |= dict.fromkeys(test.fact for finding in it.judgement.findings for test in finding.rule.when)
    return rows(codes, known, typed)


def _card(it: Standing, user: User, today: date, unlocking: UnlockForm | None) -> Card:
    treatment = it.treatment
    modality = rulebook().modalities[treatment.modality]
    technique = modality.techniques.get(treatment.technique)
    name = f"{modality.name}: {technique.name}" if technique else modality.name
    may_unlock = bool(it.to_override) and user.profession in it.judgement.override_roles
    form = None
    if may_unlock and user.may(Permission.RECORD_EDIT):
        is_this = unlocking is not None and unlocking.data.get("modality") == treatment.modality
        initial = {"modality": treatment.modality, "technique": treatment.technique}
        form = unlocking if is_this else UnlockForm(today=today, initial=initial, auto_id=f"{treatment.modality}_%s")
    return Card(it, name, form)


def _asked(cleaned: dict[str, Any], today: date) -> Treatment:
    """Raises `Http404` for a treatment or technique there is not."""
    modality = rulebook().modalities.get(cleaned["modality"])
    if modality is None or (cleaned["technique"] and cleaned["technique"] not in modality.techniques):
        raise Http404
    return Treatment(modality.code, today, cleaned["technique"])


def _address(request: SignedInRequest, patient: Patient) -> str:
    return reverse("programs:safety", args=[patient.pk]) + ("?all=1" if "all" in request.GET else "")
