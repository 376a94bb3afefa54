"""A lot is called back: everybody who was given it, to be called, printed or saved."""

import csv
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from people.models import Clinic
from people.rules.permissions import Permission
from people.web.guards import SignedInRequest, needs
from programs.actions import recalls
from programs.models import TreatmentGiven
from programs.models.treatment import TreatmentGivenQuerySet
from programs.rules import doses
from programs.rules.rulebook import rulebook
from programs.web import given_words

YEARS: Final = range(2000, 2200)  # in which something can have been given
PAGE, PRINT, CSV = "page", "print", "csv"
# A cell that begins like this is run as a formula by a spreadsheet.
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


class RecallForm(forms.Form):
    """Either the lot, or a product with the days between which it was given."""

    lot = forms.CharField(label=gettext_lazy("Lot"), required=False, max_length=60)
    product = forms.ChoiceField(label=gettext_lazy("Or product"), required=False)
    first = forms.DateField(
        label=gettext_lazy("from"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    last = forms.DateField(
        label=gettext_lazy("until"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = [it for it in rulebook().modalities.values() if it.code in doses.WITH_LOT]
        self.fields["product"] = forms.ChoiceField(
            label=gettext_lazy("Or product"), required=False,
            choices=[("", gettext_lazy("Choose")), *((it.code, it.name) for it in known)],
        )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        by_product = all(said.get(name) for name in ("product", "first", "last"))
        if not self.errors and not said.get("lot") and not by_product:
            raise forms.ValidationError(_("Type the lot, or choose the product with its first and last day."))
        for name in ("first", "last"):
            if said.get(name) and said[name].year not in YEARS:
                self.add_error(name, _("Check the year."))
        if not self.errors and by_product and said["first"] > said["last"]:
            self.add_error("last", _("The last day lies before the first."))
        return said


@needs(Permission.RECORD_VIEW)
def recall(request: SignedInRequest) -> HttpResponse:
    """`?lot=`, or `?product=&first=&last=`; `?as=print` for paper and `?as=csv` for a spreadsheet."""
    form = RecallForm(request.GET or None)
    shown_as = request.GET["as"] if request.GET.get("as") in {PRINT, CSV} else PAGE
    found: list[TreatmentGiven] = []
    if form.is_valid():
        rows = asked(TreatmentGiven.objects.visible_to(request.user), form.cleaned_data, request.clinic)
        found = list(rows.for_recall())
        recalls.looked_up(found, request.clinic, shown_as=shown_as, by=request.user)
        if shown_as == CSV:
            return _spreadsheet(found)
    address = request.GET.copy()
    address.pop("as", None)
    context: dict[str, Any] = {
        "active": "library",
        "form": form,
        "rows": [given_words.row(it) for it in found],
        "patients": len({it.patient_id for it in found}),
        "is_answered": form.is_bound and form.is_valid(),
        "address": address.urlencode(),
        "today": timezone.localdate(),
    }
    is_paper = shown_as == PRINT and context["is_answered"]
    return render(request, "programs/recall_print.html" if is_paper else "programs/recall.html", context)


def asked(rows: TreatmentGivenQuerySet, said: dict[str, Any], clinic: Clinic) -> TreatmentGivenQuerySet:
    """What was given of the lot; of the product between the two days on the clinic's calendar."""
    if said["lot"]:
        return rows.of_lot(said["lot"])
    return rows.with_product(
        said["product"],
        from_moment=_midnight(said["first"], clinic),
        until=_midnight(said["last"] + timedelta(days=1), clinic),
    )


def _midnight(day: date, clinic: Clinic) -> datetime:
    return datetime.combine(day, time.min, tzinfo=clinic.zone)


def _spreadsheet(found: Sequence[TreatmentGiven]) -> HttpResponse:
    answer = HttpResponse(content_type="text/csv; charset=utf-8", headers={"Cache-Control": "no-store, private"})
    answer["Content-Disposition"] = 'attachment; filename="recall.csv"'
    answer.write("\ufeff")  # or a spreadsheet takes it for another alphabet
    sheet = csv.writer(answer)
    sheet.writerow([
        _("Clinic No."), _("Name"), _("Born"), _("Mobile"), _("Other phone"), _("E-mail"), _("Treatment"), _("Lot"),
        _("Expiry date"), _("Given on"), _("Place"), _("Amount"), _("By"),
    ])  # fmt: skip
    for it in found:
        sheet.writerow(_plain(cell) for cell in _cells(it))
    return answer


def _cells(it: TreatmentGiven) -> list[object]:
    who = it.patient
    return [
        who.clinic_number, who.list_name, who.birth_date or "", who.mobile or "", who.phone or "", who.email,
        given_words.technique_of(it.modality, it.technique), it.lot, it.expires_on or "",
        timezone.localtime(it.at).strftime("%Y-%m-%d %H:%M"), "; ".join(given_words.places(it)),
        ", ".join(doses.readable(it.modality, it.dose)), it.by.name,
    ]  # fmt: skip


def _plain(cell: object) -> str:
    """Never a formula: a name or a lot may begin with anything."""
    text = str(cell)
    return f"'{text}" if text.startswith(FORMULA) else text
