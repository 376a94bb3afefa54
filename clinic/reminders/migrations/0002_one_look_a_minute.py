from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reminders", "0001_first_release")]

    operations = [
        migrations.CreateModel(
            name="LastLook",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
                ("planned_at", models.DateTimeField()),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="there_is_one_last_look")],
            },
        ),
    ]
