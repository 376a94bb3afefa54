"""When to get help fast. Open to everybody, signed in or not."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.gzip import gzip_page

from patients.rules.red_flags import RedFlagRule
from patients.rules.rulebook import rulebook
from people.web.guards import public

# Who remembers an injury may be asked about it at home; nobody is asked to try a movement here.
ASKED_AT_HOME = frozenset({"patient", "patient_recall"})


@public
@gzip_page
def urgent(request: HttpRequest) -> HttpResponse:
    """The warning signs in the words patients are asked in, gravest first."""
    now, same_day = _signs("emergency_now"), _signs("same_day")
    codes = {code for rule in (*now, *same_day) for code in rule.sources}
    sources = [source for code, source in rulebook().sources.items() if code in codes]
    context = {"now": now, "same_day": same_day, "sources": sources, "version": rulebook().version}
    return render(request, "portal/urgent.html", context)


def _signs(urgency: str) -> list[RedFlagRule]:
    rules = rulebook().red_flags.values()
    return [it for it in rules if it.urgency == urgency and it.asked_of in ASKED_AT_HOME and it.answer_type == "yes_no"]
