from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("programs", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="plan",
            name="end_reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("goals_reached", "Goals reached"),
                    ("patient_asked", "The patient asked to stop"),
                    ("not_helping", "It does not help enough"),
                    ("safety", "It is no longer safe"),
                    ("other_plan", "Another plan fits better"),
                ],
                default="",
                max_length=20,
                verbose_name="reason",
            ),
            preserve_default=False,
        ),
    ]
