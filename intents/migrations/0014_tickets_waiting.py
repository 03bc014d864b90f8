"""Who waits for an answer since when, and what the person was shown."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("intents", "0013_console_indexes"),
    ]

    operations = [
        migrations.AddField(
            model_name="ticket",
            name="person_seen",
            field=models.PositiveIntegerField(
                default=0, help_text="number of the newest message that the person was shown"
            ),
        ),
        migrations.AddField(
            model_name="ticket",
            name="waiting_since",
            field=models.DateTimeField(
                db_index=True, help_text="since when the person waits for an answer", null=True
            ),
        ),
    ]
