import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

ACCOUNTS = [
    (name, name.title())
    for name in (
        "user",
        "escrow",
        "inventory",
        "reserved",
        "transit",
        "claimable",
        "gas",
        "margin",
        "loss",
        "market",
        "withdrawal",
        "goodwill",
    )
]


class Migration(migrations.Migration):

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("intents", "0011_beliefs"),
    ]

    operations = [
        migrations.AlterField(
            model_name="ledgerentry",
            name="credit",
            field=models.CharField(choices=ACCOUNTS, help_text="the account it enters", max_length=10),
        ),
        migrations.AlterField(
            model_name="ledgerentry",
            name="debit",
            field=models.CharField(choices=ACCOUNTS, help_text="the account it leaves", max_length=10),
        ),
        migrations.CreateModel(
            name="StaffWish",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("retry", "Retry"),
                            ("bump", "Bump"),
                            ("resolve", "Resolve"),
                            ("release", "Release"),
                        ],
                        max_length=8,
                    ),
                ),
                ("actor_name", models.CharField(max_length=150)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("done_at", models.DateTimeField(null=True)),
                ("outcome", models.JSONField(default=dict, help_text="{code, params}: what came of it")),
                (
                    "actor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="wishes", to="intents.order"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("done_at", None)), fields=("order", "kind"), name="wish_open_once"
                    )
                ],
            },
        ),
    ]
