"""The programs a clinic has written itself, from one of ours or from one of its own."""

import re
from collections.abc import Mapping
from copy import deepcopy
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from patients.rules.rulebook import rulebook as patients_rulebook
from people.actions import audit
from people.models import User
from people.rules.knowledge import KnowledgeError, Sheet, sheet
from people.rules.permissions import Permission
from people.rules.refusal import ChangedMeanwhile, NotAllowed, Refused
from programs.actions import offering
from programs.models import Plan, PlanTemplate
from programs.rules import templates
from programs.rules.rulebook import KNOWLEDGE, known_to_templates, rulebook
from programs.rules.templates import ProgramTemplate

OWN = "own_"
LONGEST_CODE = 50


class DoesNotAddUp(Refused):
    """A program whose days, gaps or codes cannot be."""


class TemplateGone(ChangedMeanwhile):
    """Somebody has changed or retired it meanwhile."""

    def __init__(self) -> None:
        super().__init__(_("Somebody else changed this program meanwhile. Nothing was saved: look at it again."))


def current() -> Mapping[str, ProgramTemplate]:
    """Every program that is offered, by its code, with what the clinic has switched off marked so. Two queries."""
    off = {code for code, service in offering.current().items() if not service.is_enabled}
    own = {it.code: built(it.contents) for it in PlanTemplate.objects.filter(retired_at=None).order_by("name")}
    offered = {it.code: it for it in rulebook().templates.values() if it.enabled_by_default} | own
    return MappingProxyType({code: templates.narrowed(it, off) for code, it in offered.items()})


def of_plan(plan: Plan) -> ProgramTemplate | None:
    """The program a plan was made from, in the wording of that day where it is the clinic's own. At most one query."""
    if not plan.template_version:
        return rulebook().templates.get(plan.template_code)
    kept = PlanTemplate.objects.filter(code=plan.template_code, version=plan.template_version).first()
    return built(kept.contents) if kept else None


def version_of(code: str) -> int:
    """Which version of the clinic's own program is offered; 0 for one of the rulebook. One query for an own one."""
    if not code.startswith(OWN):
        return 0
    return PlanTemplate.objects.filter(code=code, retired_at=None).values_list("version", flat=True).first() or 0


def built(contents: Mapping[str, Any]) -> ProgramTemplate:
    """Read by the same rules as the rulebook's own. Raises `KnowledgeError`."""
    file = Sheet("own programs", {})
    try:
        made = templates.template(file, deepcopy(dict(contents)), rulebook().modalities)
    except KeyError as missing:
        file.refuse(str(contents.get("code", "program")), f"{missing} is missing")
    templates.check(file, made, known_to_templates(rulebook(), patients_rulebook()))
    return made


def contents_of(code: str) -> dict[str, Any] | None:
    """A program as it is written down, to be copied or changed; None if it is not offered."""
    if code.startswith(OWN):
        return PlanTemplate.objects.filter(code=code, retired_at=None).values_list("contents", flat=True).first()
    return deepcopy(_ours().get(code))


@cache
def _ours() -> dict[str, dict[str, Any]]:
    return {raw["code"]: raw for raw in sheet(KNOWLEDGE, "program_templates.toml").tables["program"]}


@transaction.atomic
def write(contents: Mapping[str, Any], *, based_on: str, why: str, by: User, now: datetime) -> PlanTemplate:
    """Keep a new program of the clinic's own. Raises `DoesNotAddUp` and `NotAllowed`."""
    # Two of one name could not be told apart when a plan is chosen, and a form sent twice would make two.
    if str(contents.get("name", "")).strip() in {it.name for it in current().values()}:
        raise DoesNotAddUp(_("There is a program of this name already. Give it another one."))
    code = _free_code(str(contents.get("name", "")))
    return _kept(contents, code=code, version=1, based_on=based_on, why=why, by=by, now=now)


@transaction.atomic
def change(code: str, contents: Mapping[str, Any], *, seen: int, why: str, by: User, now: datetime) -> PlanTemplate:
    """Offer a new version of an own program; plans that run keep theirs. `seen` is the version the form showed.

    Raises `TemplateGone` if that is no longer the one offered, `DoesNotAddUp` and `NotAllowed`.
    """
    before = retire(code, seen=seen, by=by, now=now)
    return _kept(contents, code=code, version=seen + 1, based_on=before.based_on, why=why, by=by, now=now)


@transaction.atomic
def retire(code: str, *, seen: int, by: User, now: datetime) -> PlanTemplate:
    """Offer it no longer. Raises `TemplateGone` and `NotAllowed`."""
    _refuse_unless_may(by)
    kept = PlanTemplate.objects.select_for_update().filter(code=code, version=seen, retired_at=None).first()
    if kept is None:
        raise TemplateGone
    kept.retired_at, kept.retired_by = now, by
    kept.save(update_fields=["retired_at", "retired_by"])
    audit.record(by, "template.retired", kept, code=code, version=seen)
    return kept


def _kept(
    contents: Mapping[str, Any], *, code: str, version: int, based_on: str, why: str, by: User, now: datetime
) -> PlanTemplate:
    _refuse_unless_may(by)
    if not why.strip():
        raise DoesNotAddUp(_("Write down what is different, and why."))
    # What a clinic writes rests on its own judgement, so it names no study for it.
    own = dict(contents) | {
        "code": code, "enabled_by_default": True, "basis": "general_knowledge", "sources": [], "usual_reference": "",
        "basis_note": "written by the clinic", "confirmed_by": "",
    }  # fmt: skip
    try:
        made = built(own)
    except KnowledgeError as problem:
        raise DoesNotAddUp(_("This program does not add up: %(problem)s.") % {"problem": problem.problem}) from problem
    try:
        with transaction.atomic():
            row = PlanTemplate.objects.create(
                code=code, version=version, name=made.name, based_on=based_on, contents=own, why=why.strip(),
                by=by, at=now,
            )  # fmt: skip
    except IntegrityError as clash:  # the same name, written at two desks at once
        raise TemplateGone from clash
    audit.record(by, "template.written", row, code=code, version=version)
    return row


def _refuse_unless_may(by: User) -> None:
    if not by.may(Permission.PLAN_EDIT):
        raise NotAllowed(_("Only a clinician writes programs."))


def _free_code(name: str) -> str:
    stem = (OWN + re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_"))[:LONGEST_CODE] or OWN
    taken = set(PlanTemplate.objects.filter(code__startswith=stem).values_list("code", flat=True))
    if stem not in taken and stem != OWN:
        return stem
    newest = PlanTemplate.objects.aggregate(last=Max("pk"))["last"] or 0
    return f"{stem}_{newest + 1}"
