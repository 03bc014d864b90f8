from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("intents", "0021_chain_gone"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                condition=models.Q(("delivered_at__isnull", False)),
                fields=["origin_id", "destination_id", "delivered_at"],
                name="order_delivered",
            ),
        ),
    ]
