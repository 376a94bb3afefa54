"""Doors of what the clinic offers: its services and how they may be booked."""

from django.urls import path

from clinic.appointments.web import policy_pages, service_pages

urlpatterns = [
    path("setup/services/", service_pages.services, name="services"),
    path("setup/services/<str:service_code>/", service_pages.service, name="service"),
    path("setup/services/<str:service_code>/reset/", service_pages.reset_service, name="service_reset"),
    path("setup/booking/", policy_pages.booking_rules, name="booking_rules"),
]
