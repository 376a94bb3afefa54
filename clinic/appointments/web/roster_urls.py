"""Doors of the set-up of rooms, devices, hours, absences and closing days."""

from django.urls import path

from clinic.appointments.web import holiday_pages, roster_exceptions
from clinic.appointments.web import roster_changes as changes
from clinic.appointments.web import roster_hours as hours
from clinic.appointments.web import roster_pages as pages

urlpatterns = [
    path("", pages.roster, name="roster"),
    path("people/", changes.put_people_on, name="roster_people"),
    path("people/<uuid:resource_id>/", pages.clinician, name="roster_clinician"),
    path("people/<uuid:resource_id>/hours/", hours.add_hours, name="roster_add_hours"),
    path("people/<uuid:resource_id>/hours/end/", hours.end_all_hours, name="roster_end_all_hours"),
    path("people/<uuid:resource_id>/day/", roster_exceptions.one_day, name="roster_one_day"),
    path("hours/<uuid:shift_id>/end/", hours.end_hours, name="roster_end_hours"),
    path("rooms/new/", changes.new_room, name="roster_new_room"),
    path("devices/new/", changes.new_device, name="roster_new_device"),
    path("things/<uuid:resource_id>/", changes.piece, name="roster_piece"),
    path("things/<uuid:resource_id>/retire/", changes.retire, name="roster_retire"),
    path("things/<uuid:resource_id>/again/", changes.bring_back, name="roster_bring_back"),
    path("away/<uuid:resource_id>/", hours.add_absence, name="roster_add_absence"),
    path("absences/<uuid:absence_id>/remove/", hours.remove_absence, name="roster_remove_absence"),
    path("outside/", roster_exceptions.stranded, name="roster_stranded"),
    path("holidays/", holiday_pages.holidays, name="roster_holidays"),
    path("closures/new/", hours.close, name="roster_close"),
    path("closures/<uuid:closure_id>/", pages.closure, name="roster_closure"),
    path("closures/<uuid:closure_id>/open/", hours.open_again, name="roster_open_again"),
]
