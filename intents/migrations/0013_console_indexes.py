from typing import Any

from django.db import migrations, models

from intents.models.indexes import CaselessIndex

SEARCHED = [
    CaselessIndex(fields=["user", "-created_at"], name="order_by_user"),
    CaselessIndex(fields=["recipient", "-created_at"], name="order_by_recipient"),
    models.Index(fields=["input_amount", "-created_at"], name="order_by_input_amount"),
    models.Index(fields=["output_amount", "-created_at"], name="order_by_output_amount"),
    models.Index(fields=["output_expected", "-created_at"], name="order_by_expected"),
    models.Index(fields=["delivered_amount", "-created_at"], name="order_by_delivered"),
]
LISTED = [
    models.Index(fields=["created_at"], name="order_by_time"),
    models.Index(fields=["state", "created_at"], name="order_by_state"),
    models.Index(fields=["origin_id", "created_at"], name="order_by_origin"),
    models.Index(fields=["destination_id", "created_at"], name="order_by_destination"),
    models.Index(fields=["input_token", "created_at"], name="order_by_input_token"),
    models.Index(fields=["output_token", "created_at"], name="order_by_output_token"),
    models.Index(fields=["route_kind", "created_at"], name="order_by_route_kind"),
    models.Index(fields=["value_usd_e8", "created_at"], name="order_by_value"),
    models.Index(fields=["fill_deadline", "created_at"], name="order_by_deadline"),
    models.Index(
        fields=["received_at"],
        name="order_running",
        condition=models.Q(state__in=("signed", "opening", "opened", "filling")),
    ),
]


def fill_route_kinds(apps: Any, schema_editor: Any) -> None:
    """What quotes say of the orders that were made from them."""
    orders = apps.get_model("intents", "Order").objects
    for order in orders.filter(quote__isnull=False).select_related("quote").only("quote__routes").iterator():
        if order.quote.routes:
            orders.filter(pk=order.pk).update(route_kind=order.quote.routes[0].get("kind", ""))


class Migration(migrations.Migration):
    dependencies = [
        ("intents", "0012_staff_wishes"),
    ]

    operations = [
        migrations.AddField(
            model_name="order",
            name="route_kind",
            field=models.CharField(
                blank=True,
                default="",
                help_text="of the quoted route; empty when opened elsewhere",
                max_length=20,
            ),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="order", name="recipient", field=models.CharField(max_length=42)
        ),
        migrations.AlterField(model_name="order", name="user", field=models.CharField(max_length=42)),
        migrations.RunPython(fill_route_kinds, migrations.RunPython.noop, elidable=True),
        migrations.AddIndex(
            model_name="deposit", index=CaselessIndex(fields=["address"], name="deposit_by_address")
        ),
        migrations.AddIndex(
            model_name="order", index=models.Index(fields=["user"], name="order_user")
        ),
        *(migrations.AddIndex(model_name="order", index=index) for index in (*SEARCHED, *LISTED)),
    ]
