from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reminders", "0001_initial")]

    operations = [
        migrations.AddIndex(
            model_name="message",
            index=models.Index(fields=["-due_at"], name="message_by_when_due"),
        ),
    ]
