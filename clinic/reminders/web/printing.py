"""Letters to print, for who is reached by nothing else."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.reminders.actions import printing
from clinic.reminders.models import Message
from people.rules.permissions import Permission
from people.web.guards import SignedInRequest, needs


@needs(Permission.MESSAGE_VIEW)
def to_print(request: SignedInRequest) -> HttpResponse:
    """The letters that are due. A POST prints those that are ticked: from then on they count as sent."""
    now = timezone.now()
    if request.method == "POST":
        run, count = printing.print_out(_ticked(request), by=request.user, now=now)
        if not count:
            messages.info(request, _("Nothing to print: somebody has printed these, or they are not true any more."))
            return redirect("reminders:to_print")
        said = ngettext("%(n)s letter, noted as sent.", "%(n)s letters, noted as sent.", count) % {"n": count}
        messages.success(request, said)
        return redirect("reminders:printed", run_id=run)
    waiting = Message.objects.visible_to(request.user).to_print(now).filter(patient__isnull=False)
    rows = list(waiting.for_ledger().order_by("due_at")[: printing.MOST + 1])
    context = {"active": "messages", "rows": rows[: printing.MOST], "has_more": len(rows) > printing.MOST}
    return render(request, "reminders/to_print.html", context)


def _ticked(request: SignedInRequest) -> list[UUID]:
    try:
        return [UUID(value) for value in request.POST.getlist("letter")]
    except (ValueError, ValidationError) as wrong:
        raise Http404 from wrong


@needs(Permission.MESSAGE_VIEW)
def printed(request: SignedInRequest, run_id: UUID) -> HttpResponse:
    """The sheets of one run, one letter a page: for the printer, and once more when it jams."""
    rows = printing.of_run(run_id)
    found = printing.sheets(rows, request.clinic)
    if not found:
        raise Http404
    return render(request, "reminders/printed.html", {"active": "messages", "sheets": found})
