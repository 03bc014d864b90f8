from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('intents', '0015_node_reports'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='order',
            name='order_by_origin',
        ),
        migrations.RemoveIndex(
            model_name='order',
            name='order_by_destination',
        ),
        migrations.RemoveIndex(
            model_name='order',
            name='order_by_input_token',
        ),
        migrations.RemoveIndex(
            model_name='order',
            name='order_by_output_token',
        ),
        migrations.RemoveIndex(
            model_name='order',
            name='order_by_route_kind',
        ),
        migrations.AlterField(
            model_name='chainlog',
            name='order_id',
            field=models.CharField(blank=True, max_length=66),
        ),
        migrations.AlterField(
            model_name='chainlog',
            name='tx_hash',
            field=models.CharField(max_length=66),
        ),
        migrations.AddIndex(
            model_name='chainlog',
            index=models.Index(fields=['order_id'], name='log_by_order'),
        ),
        migrations.AddIndex(
            model_name='chainlog',
            index=models.Index(fields=['tx_hash'], name='log_by_transaction', opclasses=['varchar_pattern_ops']),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['input_token'], name='order_input_token'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['output_token'], name='order_output_token'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['route_kind'], name='order_route_kind'),
        ),
    ]
