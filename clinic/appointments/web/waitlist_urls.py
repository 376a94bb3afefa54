"""Doors of the waitlist."""

from django.urls import path

from clinic.appointments.web import waitlist
from clinic.appointments.web import waitlist_offer as offer

urlpatterns = [
    path("", waitlist.waiting, name="waitlist"),
    path("new/", waitlist.add, name="waitlist_add"),
    path("offer/", offer.offer, name="waitlist_offer"),
    path("<uuid:entry_id>/", waitlist.change, name="waitlist_change"),
    path("<uuid:entry_id>/withdraw/", waitlist.withdraw, name="waitlist_withdraw"),
    path("offers/<uuid:offer_id>/", offer.answer, name="waitlist_answer"),
]
