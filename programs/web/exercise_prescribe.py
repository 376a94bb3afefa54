"""Prescribing exercises: choose a set, leave two to four of it, change the doses, see it as the patient will."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.models import Patient
from patients.web.records import banner, open_record
from people.rules.permissions import Permission
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest, needs
from programs.actions import prescribing
from programs.actions.prescribing import Given
from programs.models import Phase, Plan
from programs.rules import prescription
from programs.rules.entries import Dosage, Exercise
from programs.rules.prescription import FREE, HELD, Verdict
from programs.rules.rulebook import rulebook
from programs.rules.sheet_words import LANGUAGES, sheet_words
from programs.rules.usual import dosage_of
from programs.web import precautions

PARTS: Mapping[str, str | Promise] = {
    "reps": gettext_lazy("Times"),
    "hold_seconds": gettext_lazy("Hold, seconds"),
    "sets": gettext_lazy("Sets"),
    "minutes": gettext_lazy("Minutes"),
    "times_per_day": gettext_lazy("A day"),
    "days_per_week": gettext_lazy("Days a week"),
}
FINE_BELOW = 10  # minutes and seconds go by one below it, by five above
PRESET = 4
LONGEST_NUMBER = 6  # digits


@dataclass(frozen=True, slots=True)
class Set:
    """A list of exercises to begin from. Addressed by its place: a code would name a condition in the address."""

    place: str
    name: str
    codes: tuple[str, ...]
    doses: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Row:
    known: Exercise
    verdict: Verdict
    dosage: Dosage
    is_chosen: bool
    is_acknowledged: bool

    @property
    def steppers(self) -> list[dict[str, Any]]:
        found = []
        for part, label in PARTS.items():
            value = getattr(self.dosage, part)
            if value is None or self._is_idle(part):
                continue
            least, most = prescription.BOUNDS[part]
            name = f"{self.known.code}.{part}"
            found.append(
                {"name": name, "label": label, "value": value, "least": least, "most": most, "size": _size(part, value)}
            )
        return found

    def _is_idle(self, part: str) -> bool:
        """Whether the exercise is not measured in it: a walk is not counted in times."""
        usual = self.known.dosage
        return (part == "hold_seconds" and not usual.hold_seconds) or (
            part in {"reps", "sets"} and usual.reps == 1 and usual.minutes is not None
        )

    @property
    def warnings(self) -> list[str]:
        return precautions.warnings(self.verdict)

    @property
    def unasked(self) -> list[str]:
        return precautions.unasked(self.verdict)


@needs(Permission.PLAN_EDIT)
def prescribe(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """A GET shows a set; each POST shows it with what was changed, and the last one sends or prints it."""
    patient = open_record(request, patient_id)
    plan = Plan.objects.visible_to(request.user).active().filter(patient=patient).first()
    today = timezone.localdate()
    context = banner(patient, request.user, today) | {"active": "patients", "plan": plan}
    if plan is None:
        return render(request, "programs/prescribe.html", context)
    try:
        phase = prescribing.phase_of(plan, on=today)
    except Refused as refusal:
        return render(request, "programs/prescribe.html", context | {"plan": None, "refusal": str(refusal)})
    own, others = _sets(plan, phase)
    chosen = next((it for it in (*own, *others) if it.place == request.GET.get("set", "now")), None)
    if chosen is None:
        raise Http404
    rows = _rows(request, patient, chosen)
    if request.POST.get("do") in {"send", "print"}:
        answer = _sent(request, plan, rows, context)
        if answer is not None:
            return answer
    context |= {"phase": phase, "own_sets": own, "other_sets": others, "chosen": chosen, "rows": rows}
    context |= {"languages": LANGUAGES.items(), "language": _language(request)}
    context |= {"others": _others({it.known.code for it in rows})}
    context |= {"cautions": precautions.at_all(it.verdict for it in rows)}
    context |= {"picked": [it for it in rows if it.is_chosen], "fewest": prescription.FEWEST, "most": prescription.MOST}
    part = "#rx" if request.headers.get("HX-Request") else ""
    return render(request, f"programs/prescribe.html{part}", context)


def _sent(request: SignedInRequest, plan: Plan, rows: list[Row], context: dict[str, Any]) -> HttpResponse | None:
    given = [Given(it.known.code, asdict(it.dosage)) for it in rows if it.is_chosen]
    seen = [it.known.code for it in rows if it.is_acknowledged]
    version = request.POST.get("version", "")
    try:
        prescribing.prescribe(
            plan,
            given,
            acknowledged=seen,
            version=_number(version) or 0,
            by=request.user,
            now=timezone.now(),
        )
    except Refused as refusal:
        context["refusal"] = str(refusal)
        return None
    if request.POST["do"] == "print":
        url = reverse("programs:exercise_sheet", args=[plan.patient_id])
        url += f"?lang={_language(request)}" if request.POST.get("lang") else ""
    else:
        messages.success(request, _("Sent: the patient sees the new exercises now."))
        url = reverse("programs:exercises", args=[plan.patient_id])
    if request.headers.get("HX-Request"):
        answer = HttpResponse(status=204)
        answer["HX-Redirect"] = url
        return answer
    return redirect(url)


def _language(request: SignedInRequest) -> str:
    """Of the sheet to print."""
    return sheet_words(request.POST.get("lang", "")).language


def _sets(plan: Plan, phase: Phase) -> tuple[list[Set], list[Set]]:
    """What the patient has now and the sets of the program that is followed; then those of every other program."""
    standing = list(plan.exercises.standing().filter(phase=phase))
    doses = {it.code: it.dosage for it in standing}
    others: list[Set] = []
    own = [Set("now", _("As it is now"), tuple(it.code for it in standing), doses)]
    for n, template in enumerate(rulebook().templates.values(), start=1):
        is_own = template.code == plan.template_code
        for part in template.phases:
            name = part.name if is_own else f"{template.name}: {part.name}"
            (own if is_own else others).append(Set(f"{n}-{part.ordinal}", name, part.exercises, {}))
    return own, others


def _rows(request: SignedInRequest, patient: Patient, chosen: Set) -> list[Row]:
    """The exercises on the page: those of the set at first, then those it showed, and one more that was added."""
    codes = request.POST.getlist("shown") if request.method == "POST" else list(chosen.codes)
    if more := request.POST.get("more"):
        codes.append(more)
    shown = [code for code in dict.fromkeys(codes) if code in rulebook().exercises]
    verdicts = prescribing.verdicts(patient, shown, on=timezone.localdate())
    rows = [_row(code, verdicts[code], chosen, request.POST) for code in shown]
    return rows if request.method == "POST" else _preset(rows)


def _others(shown: Collection[str]) -> list[Exercise]:
    return [it for code, it in rulebook().exercises.items() if code not in shown]


def _row(code: str, verdict: Verdict, chosen: Set, posted: QueryDict) -> Row:
    known = rulebook().exercises[code]
    dosage = asdict(dosage_of(code, chosen.doses.get(code, {})))
    for part in PARTS:
        typed = _number(posted.get(f"{code}.{part}", ""))
        if typed is not None and dosage[part] is not None:
            dosage[part] = typed
    stepped, _dot, step = posted.get("step", "").rpartition(".")
    owner, _dot, part = stepped.rpartition(".")
    if owner == code and part in PARTS and dosage[part] is not None:
        least, most = prescription.BOUNDS[part]
        size = _size(part, dosage[part])
        dosage[part] = min(max(dosage[part] + (size if step == "up" else -size), least), most)
    is_chosen = verdict.status != HELD and (code in posted.getlist("give") or posted.get("more") == code)
    return Row(known, verdict, Dosage(**dosage), is_chosen, code in posted.getlist("seen"))


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER else None


def _size(part: str, value: int) -> int:
    """How far one press of a stepper goes."""
    if part in {"hold_seconds", "minutes"}:
        return 5 if value >= FINE_BELOW else 1
    return 2 if part == "reps" and value > 1 else 1


def _preset(rows: list[Row]) -> list[Row]:
    """At first what nothing speaks against, four at most: nobody ticks a precaution away unseen."""
    free = [it.known.code for it in rows if it.verdict.status == FREE][:PRESET]
    return [Row(it.known, it.verdict, it.dosage, it.known.code in free, False) for it in rows]
