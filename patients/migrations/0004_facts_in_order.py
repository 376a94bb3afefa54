"""Facts count up as they are written, so that of two of one instant the later one stands."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("patients", "0003_the_visit")]

    operations = [
        migrations.RunSQL("CREATE SEQUENCE patients_fact_nth", "DROP SEQUENCE patients_fact_nth"),
        migrations.AddField(
            model_name="fact",
            name="nth",
            field=models.BigIntegerField(
                db_default=models.Func(models.Value("patients_fact_nth"), function="nextval"), editable=False
            ),
        ),
        # Its own now: it goes where the column goes, in a dump too.
        migrations.RunSQL("ALTER SEQUENCE patients_fact_nth OWNED BY patients_fact.nth", migrations.RunSQL.noop),
    ]
