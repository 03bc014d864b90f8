import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("intents", "0010_staff_roles"),
    ]

    operations = [
        migrations.CreateModel(
            name="Belief",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                (
                    "step_index",
                    models.PositiveSmallIntegerField(help_text="empty for the order itself", null=True),
                ),
                ("state", models.CharField(max_length=20)),
                ("waiting", models.JSONField(default=dict, help_text="{code, params} of a step that waits")),
                (
                    "order",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="beliefs",
                        to="intents.order",
                    ),
                ),
            ],
            options={
                "ordering": ["at", "id"],
                "indexes": [models.Index(fields=["order", "at"], name="intents_bel_order_i_db7265_idx")],
            },
        ),
    ]
