"""Doors of the desk and of the clinicians."""

from django.urls import URLPattern, URLResolver, include, path

from clinic.desk import views

app_name = "desk"
urlpatterns: list[URLPattern | URLResolver] = [
    path("desk/", views.today, name="today"),
    path("desk/day/<str:day>/", views.day, name="day"),
    path("desk/list/<str:day>/", views.day_list, name="list"),
    path("", include("clinic.desk.clinician_urls")),
]
