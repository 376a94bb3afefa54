from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("reminders", "0001_initial"),
    ]

    operations = [
        migrations.AlterField(
            model_name="message",
            name="kind",
            field=models.CharField(
                choices=[
                    ("booked", "Visit booked"),
                    ("moved", "Visit moved"),
                    ("cancelled", "Visit cancelled"),
                    ("reminder", "Visit reminder"),
                    ("offer", "Free time offered"),
                    ("missed", "Visit missed"),
                    ("form", "Form to fill in"),
                    ("exercise", "Exercise reminder"),
                    ("alert", "Alert to the clinic"),
                ],
                max_length=12,
            ),
        ),
    ]
