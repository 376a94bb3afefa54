"""Doors of the desk and of the clinicians."""

from django.urls import URLPattern, URLResolver, include, path

from clinic.desk import drop, free, keys_page, names, sheets, stand_in, views, week_pages

app_name = "desk"
urlpatterns: list[URLPattern | URLResolver] = [
    path("desk/", views.today, name="today"),
    path("desk/day/<str:day>/", views.day, name="day"),
    path("desk/list/<str:day>/", views.day_list, name="list"),
    path("desk/week/<str:week>/", week_pages.page, name="week"),
    path("desk/pulse/<str:day>/", views.pulse, name="pulse"),
    path("desk/free/<str:day>/", free.page, name="free"),
    path("desk/print/<str:day>/", sheets.page, name="print"),
    path("desk/stand-in/<str:day>/", stand_in.page, name="stand_in"),
    path("desk/drop/<uuid:visit_id>/", drop.drop, name="drop"),
    path("desk/names/", names.toggle, name="names"),
    path("desk/keys/", keys_page.page, name="keys"),
    path("", include("clinic.desk.task_urls")),
    path("", include("clinic.desk.inbox_urls")),
    path("", include("clinic.desk.clinician_urls")),
]
