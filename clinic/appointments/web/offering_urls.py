"""Doors of what the clinic offers: services, what a plan costs, booking rules, classes, walk-ins, preferences."""

from django.urls import path

from clinic.appointments.web import (
    group_changes,
    groups,
    nearer,
    plan_cost,
    policy_pages,
    preference_pages,
    service_pages,
    walk_in,
)

urlpatterns = [
    path("setup/services/", service_pages.service_list, name="service_list"),
    path("setup/services/<str:service_code>/", service_pages.service, name="service"),
    path("setup/services/<str:service_code>/reset/", service_pages.reset_service, name="service_reset"),
    path("setup/booking/", policy_pages.booking_rules, name="booking_rules"),
    path("desk/classes/", groups.groups, name="groups"),
    path("desk/classes/new/", group_changes.new, name="group_new"),
    path("desk/class/<uuid:group_id>/", groups.group, name="group"),
    path("desk/class/<uuid:group_id>/seat/", groups.seat, name="group_seat"),
    path("desk/class/<uuid:group_id>/everybody/", groups.everybody, name="group_everybody"),
    path("desk/class/<uuid:group_id>/change/", group_changes.change, name="group_change"),
    path("desk/class/<uuid:group_id>/cancel/", group_changes.cancel, name="group_cancel"),
    path("desk/visit/<uuid:visit_id>/class/", groups.reseat, name="reseat"),
    path("desk/walk-in/", walk_in.walk_in, name="walk_in"),
    path("desk/patients/<uuid:patient_id>/plan/cost/", plan_cost.patient_plan_cost, name="plan_cost"),
    path("desk/patients/<uuid:patient_id>/preferences/", preference_pages.preferences, name="preferences"),
    path("desk/patients/<uuid:patient_id>/nearer/", nearer.nearer, name="nearer"),
]
