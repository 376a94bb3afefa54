"""Doors of what the desk has to see to."""

from django.urls import path

from clinic.desk import tasks

urlpatterns = [
    path("desk/tasks/", tasks.tasks, name="tasks"),
    path("desk/tasks/remind/", tasks.remind_all, name="remind_all"),
    path("desk/tasks/<uuid:visit_id>/", tasks.follow_up, name="follow_up"),
]
