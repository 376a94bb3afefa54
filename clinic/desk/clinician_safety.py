"""The safety check of a visit: what she said, what was asked again and by whom, which tests it calls for."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.forms import BoundField
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.appointments.models import Appointment
from clinic.desk.clinician_draft import Written, kind_of
from patients.actions import assessments
from patients.actions import intake as intakes
from patients.models import Assessment, Intake
from patients.rules import decisions, follow_up, quick_tests
from patients.rules.red_flags import RedFlagRule
from patients.rules.rulebook import rulebook
from patients.rules.triage import TriageResult
from patients.web import triage_words
from patients.web.assessment_tapped import ASKED, FACTOR, VisitForm
from programs.rules.rulebook import rulebook as programs_rulebook


@dataclass(frozen=True, slots=True)
class Question:
    code: str
    field: BoundField
    is_open: bool
    said: str


@dataclass(frozen=True, slots=True)
class Row:
    """One group of questions: what she said of it, what the clinician found, and who asked when."""

    code: str
    label: str
    questions: tuple[Question, ...]
    said: str
    said_yes: tuple[str, ...]
    found_yes: tuple[str, ...]
    found_no: int
    asked_by: str
    asked_at: datetime | None
    is_one_tap: bool  # and can be taken back as one

    @property
    def is_hot(self) -> bool:
        return bool(self.found_yes or self.said_yes)

    @property
    def left(self) -> int:
        return len(self.questions) - self.found_no - len(self.found_yes)


def context(
    visit: Appointment, written: Written, form: Intake | None, flags: Sequence[triage_words.FlagLine], *, on: date
) -> dict[str, Any]:
    """Everything of the safety check. No query."""
    book, assessment = rulebook(), written.assessment or Assessment(kind=kind_of(visit), patient=visit.patient)
    is_first = assessment.kind == Assessment.Kind.FIRST
    is_open = {line.flag.code for line in flags}
    # A form of weeks ago says nothing about a follow-up; what it raised and nobody closed is open.
    told = form.answers if form and is_first else {}
    said: Mapping[str, bool] = told.get("red_flags", {})
    answers = spine_answers(assessment, form) | dict.fromkeys(is_open, True)
    age = visit.patient.age_on(on)
    factors = assessment.told.get("c_spine", {})
    spine = quick_tests.c_spine(answers, low_risk=factors, age_years=age, book=book)
    called_for = is_open | {code for code, it in assessment.examined.items() if it is True}
    tests = quick_tests.suggested(called_for, book=book)
    rows = _rows(written.form, assessment, told, is_open, on=on)
    return {
        "is_first": is_first,
        "rows": rows,
        "has_yes": bool(is_open) or any(it.is_hot for it in rows),
        **_what_follows(written.assessment, form, is_first=is_first),
        "shows_rows": is_first or any(it.is_hot for it in rows),
        "tests": [(it.rule, written.form[ASKED + it.rule.code]) for it in tests],
        "more_tests": _more_tests(written.form, {it.rule.code for it in tests}) if is_first else [],
        "spine": spine,
        "spine_factors": _factors(written.form, spine, said),
        "rotation": written.form[ASKED + book.c_spine_rule.rotation_flag],
        "rotation_code": book.c_spine_rule.rotation_flag,
        "spine_source": [book.sources[it] for it in book.c_spine_rule.sources],
        # What is being answered must not be drawn anew: only when other questions are asked.
        "raised_key": ":".join(
            [*sorted(is_open), *(it.rule.code for it in tests), str(spine and (spine.result, spine.may_turn))]
        ),
    }


def decision(assessment: Assessment | None, flags: Sequence[triage_words.FlagLine]) -> dict[str, Any]:
    """What is decided about the grave signs that are open. One made before the last of them opened is none."""
    is_open = {line.flag.code: line.flag.urgency for line in flags if line.is_grave}
    decided = assessment.told.get(assessments.DECISION, {}) if assessment else {}
    covers = is_open.keys() <= set(decided.get("of", ()))
    return {
        "lacks": decisions.lacks(decided, is_open),
        "choices": [(it, covers and decided.get("what") == it) for it in decisions.offered(is_open.values())],
        "need_words": ", ".join(str(it.label) for it in decisions.Decision if it in decisions.NEED_WORDS),
    }


def _what_follows(assessment: Assessment | None, form: Intake | None, *, is_first: bool) -> dict[str, Any]:
    """What the rules make of the answers of a first visit; later the open signs say it."""
    result = judged(assessment, form) if is_first else None
    if result is None:
        return {"panel": None, "blocked": []}
    return {"panel": triage_words.panel(result), "blocked": names(result)}


def spine_answers(assessment: Assessment, form: Intake | None) -> dict[str, bool]:
    """What is known of the signs that the C-spine rule looks at: from the form of a first visit, and asked here."""
    told = form.answers.get("red_flags", {}) if form and assessment.kind == Assessment.Kind.FIRST else {}
    rotation = rulebook().c_spine_rule.rotation_flag
    return {
        # What she recalls of turning her head is no test of it, but for a yes.
        **{code: it for code, it in told.items() if it or code != rotation},
        **{code: it for code, it in assessment.examined.items() if isinstance(it, bool)},
    }


def _rows(
    form: VisitForm, assessment: Assessment, told: Mapping[str, Any], is_open: Collection[str], *, on: date
) -> list[Row]:
    # The factors of the C-spine rule are asked one by one, where the injury is.
    own_place = {*rulebook().c_spine_rule.high_risk_flags, rulebook().c_spine_rule.rotation_flag}
    found = []
    for group in follow_up.grouped(assessments.questions_of(assessment, on=on)):
        questions = [it for it in group.questions if it.code not in own_place]
        if questions:
            found.append(_row(form, assessment, told, is_open, group, questions))
    return sorted(found, key=lambda it: not it.is_hot)


def _row(
    form: VisitForm,
    assessment: Assessment,
    told: Mapping[str, Any],
    is_open: Collection[str],
    group: follow_up.Group,
    questions: Sequence[RedFlagRule],
) -> Row:
    said, not_sure, examined = told.get("red_flags", {}), set(told.get("not_sure", ())), assessment.examined
    yes = tuple(it.clinician_wording for it in questions if said.get(it.code) is True)
    one_tap = assessment.told.get(assessments.ASKED_GROUPS, {}).get(group.code)
    by, at = (one_tap["by"], datetime.fromisoformat(one_tap["at"])) if one_tap else ("", None)
    if one_tap is None and assessment.asked_again_at and assessment.asked_again_by:
        by, at = assessment.asked_again_by.name, assessment.asked_again_at
    return Row(
        code=group.code,
        label=str(group.label),
        questions=tuple(
            Question(it.code, form[ASKED + it.code], it.code in is_open, _said_of(it.code, said, not_sure))
            for it in questions
        ),
        said=_said(questions, said, not_sure) if told else "",
        said_yes=yes,
        found_yes=tuple(it.clinician_wording for it in questions if examined.get(it.code) or it.code in is_open),
        found_no=sum(examined.get(it.code) is False and it.code not in is_open for it in questions),
        asked_by=by,
        asked_at=timezone.localtime(at) if at else None,
        is_one_tap=one_tap is not None,
    )


def _said_of(code: str, said: Mapping[str, bool], not_sure: Collection[str]) -> str:
    if code in not_sure:
        return _("not sure")
    return {True: _("yes"), False: _("no")}.get(said.get(code), "")  # type: ignore[arg-type]  # None: not answered


def _said(questions: Sequence[RedFlagRule], said: Mapping[str, bool], not_sure: Collection[str]) -> str:
    """All but each yes, which is told in words: "No to 4 of 5, not sure of 1"."""
    asked = len(questions)
    no = sum(said.get(it.code) is False for it in questions)
    unsure = sum(it.code in not_sure for it in questions)
    silent = asked - no - unsure - sum(said.get(it.code) is True for it in questions)
    words = [_("No to %(n)d of %(of)d") % {"n": no, "of": asked}] if no else []
    words += [ngettext("not sure of %(n)d", "not sure of %(n)d", unsure) % {"n": unsure}] if unsure else []
    words += [ngettext("%(n)d not answered", "%(n)d not answered", silent) % {"n": silent}] if silent else []
    return ", ".join(words)


def _more_tests(form: VisitForm, shown: Collection[str]) -> list[tuple[RedFlagRule, BoundField]]:
    """The other examinations of the rulebook, which nothing calls for."""
    rotation = rulebook().c_spine_rule.rotation_flag
    rules = [it for it in rulebook().red_flags.values() if it.asked_of == "clinician" and it.answer_type == "yes_no"]
    return [(it, form[ASKED + it.code]) for it in rules if it.code not in shown and it.code != rotation]


def _factors(
    form: VisitForm, spine: quick_tests.SpineCheck | None, said: Mapping[str, bool]
) -> list[tuple[str, list[dict[str, Any]]]]:
    """Each factor of the C-spine rule with its field; the age is measured where a birth date is known."""
    if spine is None:
        return []
    high = [
        {
            "factor": it,
            "field": None if it.is_known else form[ASKED + it.code],
            "asked": it.code,
            "said": _said_of(it.code, said, ()),
        }
        for it in spine.high_risk
    ]
    low = [{"factor": it, "field": form[FACTOR + it.code], "asked": "", "said": ""} for it in spine.low_risk]
    return [(_("High risk: any yes calls for imaging"), high), (_("Low risk: one yes lets you test rotation"), low)]


def judged(assessment: Assessment | None, intake: Intake | None) -> TriageResult | None:
    if assessment is not None:
        return assessments.judged(assessment, now=assessment.signed_at or timezone.now())
    return intakes.judged(intake, now=intake.submitted_at or timezone.now()) if intake else None


def names(result: TriageResult) -> list[str]:
    """The treatments that these answers hold back, in words."""
    book = programs_rulebook()
    blocked = book.modalities_blocked_by(result.blocks)
    if blocked == book.modalities.keys():
        return [_("every treatment, until a clinician has looked")]
    return [modality.name for code, modality in book.modalities.items() if code in blocked]
