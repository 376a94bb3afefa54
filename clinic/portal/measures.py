"""The scales that are due when a plan is looked at again, filled in at home: one question a page, kept after each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.portal.door import own
from patients.actions import outcomes
from patients.models import Outcome, Patient
from people.models import User
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest
from programs.actions.checkpoints import FRESH
from programs.models import Checkpoint, Plan

AHEAD: Final = timedelta(days=7)  # so much sooner than the plan is looked at they may be answered
CHECK: Final = "check"
ACTIVITIES: Final = "psfs"


@dataclass(frozen=True, slots=True)
class Question:
    code: str
    words: Any
    least: int
    most: int
    low: Any
    high: Any


_NONE, _WORST = gettext_lazy("no pain"), gettext_lazy("the worst you can imagine")
_PAIN: Final = (
    Question("current", gettext_lazy("How strong is your pain right now?"), 0, 10, _NONE, _WORST),
    Question("best_24h", gettext_lazy("How strong was your least pain since yesterday?"), 0, 10, _NONE, _WORST),
    Question("worst_24h", gettext_lazy("How strong was your worst pain since yesterday?"), 0, 10, _NONE, _WORST),
)
_CHANGE: Final = (
    Question(
        "change",
        gettext_lazy("How are you now, compared with the start of your plan?"),
        -7,
        7,
        gettext_lazy("very much worse"),
        gettext_lazy("very much better"),
    ),
)
# The others need a diary, a licence or a clinician beside the patient: they are filled in at the visit.
TITLES: Final[Mapping[str, Any]] = {
    "nprs": gettext_lazy("Your pain"),
    "groc": gettext_lazy("How it has changed"),
    ACTIVITIES: gettext_lazy("What you want to do again"),
}


class AnswerForm(forms.Form):
    answer = forms.TypedChoiceField(
        coerce=int,
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("Choose a number."),
            "invalid_choice": gettext_lazy("Choose a number."),
        },
    )

    def __init__(self, question: Question, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["answer"]
        field.label = question.words
        if isinstance(field, forms.ChoiceField):
            field.choices = [(n, str(n)) for n in range(question.least, question.most + 1)]


@own
def measures(request: SignedInRequest, patient: Patient) -> HttpResponse:
    """Which are to be filled in."""
    due = _due(patient, request.user, timezone.localdate())
    context = {"active": "plan", "due": [(code, TITLES[code], _is_begun(request, patient, code)) for code in due]}
    return render(request, "portal/measures.html", context)


@own
def measure(request: SignedInRequest, patient: Patient, code: str) -> HttpResponse:
    """One question of it, or all answers to check (`?q=check`). A POST keeps the answer, or sends them all."""
    questions = _questions(patient, request.user, code)
    if not questions or code not in _due(patient, request.user, timezone.localdate()):
        raise Http404
    kept = _kept(request, patient, code)
    wanted = request.GET.get("q", "")
    if wanted == CHECK:
        return _check(request, patient, code, questions, kept)
    question = next((it for it in questions if it.code == wanted), None)
    if question is None:
        left = (it.code for it in questions if it.code not in kept)
        return redirect(_address(code, next(left, CHECK)))
    form = AnswerForm(
        question, request.POST if request.method == "POST" else None, initial={"answer": kept.get(question.code)}
    )
    nth = questions.index(question)
    if form.is_valid():
        request.session[_key(patient, code)] = kept | {question.code: form.cleaned_data["answer"]}
        return redirect(_address(code, questions[nth + 1].code if nth + 1 < len(questions) else CHECK))
    context = {
        "active": "plan",
        "form": form,
        "title": TITLES[code],
        "question": question,
        "nth": nth + 1,
        "of": len(questions),
        "back": _address(code, questions[nth - 1].code) if nth else reverse("portal:measures"),
    }
    return render(request, "portal/measure.html", context)


def _check(
    request: SignedInRequest, patient: Patient, code: str, questions: list[Question], kept: dict[str, int]
) -> HttpResponse:
    refusal = ""
    if request.method == "POST" and kept:
        answers = _answers(code, questions, kept)
        try:
            outcomes.record(patient, code, answers, on=timezone.localdate(), by=request.user, now=timezone.now())
        except Refused as refused:
            refusal = str(refused)
        else:
            del request.session[_key(patient, code)]
            messages.success(request, _("Thank you. Your clinician sees it."))
            return redirect("portal:measures")
    rows = [(it.words, kept.get(it.code), _address(code, it.code)) for it in questions]
    context = {"active": "plan", "title": TITLES[code], "rows": rows, "refusal": refusal, "can_send": bool(kept)}
    return render(request, "portal/measure_check.html", context)


def _due(patient: Patient, user: User, today: date) -> list[str]:
    """What a coming or open look at the plan asks for, can be answered at home, and was not answered lately."""
    plans = Plan.objects.visible_to(user).active().filter(patient=patient)
    near = Checkpoint.objects.undecided().filter(plan__in=plans, due_on__lte=today + AHEAD).order_by("due_on").last()
    if near is None:
        return []
    done = Outcome.objects.visible_to(user).filter(patient=patient, on__gte=min(near.due_on, today) - FRESH)
    answered = set(done.values_list("measure", flat=True))
    wanted = [code for code in near.measures if code in TITLES and code not in answered]
    return [code for code in wanted if code != ACTIVITIES or _activities(patient, user)]


def _questions(patient: Patient, user: User, code: str) -> list[Question]:
    if code == ACTIVITIES:
        low, high = gettext_lazy("cannot do it"), gettext_lazy("as before the problem began")
        return [Question(str(n), name, 0, 10, low, high) for n, name in enumerate(_activities(patient, user))]
    return list({"nprs": _PAIN, "groc": _CHANGE}.get(code, ()))


def _activities(patient: Patient, user: User) -> list[str]:
    """What she named when she was first asked: the same are rated again, or no two answers could be compared."""
    before = Outcome.objects.visible_to(user).filter(patient=patient, measure=ACTIVITIES).order_by("on", "at").last()
    return list(before.answers.get("names", ())) if before else []


def _answers(code: str, questions: list[Question], kept: Mapping[str, int]) -> dict[str, Any]:
    if code != ACTIVITIES:
        return dict(kept)
    rated = [it for it in questions if it.code in kept]
    return {"activities": [kept[it.code] for it in rated], "names": [str(it.words) for it in rated]}


def _address(code: str, question: str) -> str:
    return f"{reverse('portal:measure', args=[code])}?q={question}"


def _key(patient: Patient, code: str) -> str:
    return f"measure:{patient.pk}:{code}"


def _kept(request: SignedInRequest, patient: Patient, code: str) -> dict[str, int]:
    return dict(request.session.get(_key(patient, code), {}))


def _is_begun(request: SignedInRequest, patient: Patient, code: str) -> bool:
    return bool(_kept(request, patient, code))
