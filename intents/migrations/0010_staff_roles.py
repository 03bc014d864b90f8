from typing import Any

from django.conf import settings
from django.db import migrations

from intents.services.staff.roles import make_groups

# Whatever code runs, and by hand too: what was recorded stays, and what was asked for is what is approved.
GUARDS = """
CREATE FUNCTION intents_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON intents_auditentry
  FOR EACH ROW EXECUTE FUNCTION intents_append_only();

CREATE FUNCTION intents_request_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'requests are never deleted' USING ERRCODE = 'restrict_violation';
  END IF;
  IF ROW(NEW.id, NEW.kind, NEW.order_id, NEW.params, NEW.reason, NEW.asked_by_id, NEW.asked_at, NEW.idempotency_key)
    IS DISTINCT FROM
    ROW(OLD.id, OLD.kind, OLD.order_id, OLD.params, OLD.reason, OLD.asked_by_id, OLD.asked_at, OLD.idempotency_key)
    OR (OLD.decided_by_id IS NOT NULL AND NEW.decided_by_id IS DISTINCT FROM OLD.decided_by_id)
    OR (OLD.state IN ('done', 'failed', 'declined') AND NEW.state <> OLD.state)
  THEN
    RAISE EXCEPTION 'what was asked for, or decided, does not change' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER request_kept BEFORE UPDATE OR DELETE ON intents_staffrequest
  FOR EACH ROW EXECUTE FUNCTION intents_request_kept();
"""
NO_GUARDS = """
DROP TRIGGER append_only ON intents_auditentry;
DROP FUNCTION intents_append_only();
DROP TRIGGER request_kept ON intents_staffrequest;
DROP FUNCTION intents_request_kept();
"""


def on_postgresql(sql: str) -> Any:
    def run(apps: Any, schema_editor: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(sql, params=None)

    return run


def groups(apps: Any, schema_editor: Any) -> None:
    make_groups(
        apps.get_model("auth", "Group"),
        apps.get_model("auth", "Permission"),
        apps.get_model("contenttypes", "ContentType"),
    )


class Migration(migrations.Migration):

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("intents", "0009_staff_tickets"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="auditentry",
            options={
                "ordering": ["-id"],
                "permissions": [
                    ("view_transfers", "may look at transfers, addresses masked"),
                    ("view_addresses", "may see whole addresses"),
                    ("act_on_transfers", "may retry, bump, re-solve, note, assign and resolve"),
                    ("release_refunds", "may have refunds released now"),
                    ("pause", "may pause and resume chains, tokens and routes"),
                    ("ask_requests", "may ask for what needs two people"),
                    ("decide_requests", "may approve or decline what others ask for"),
                    ("answer_tickets", "may answer people's questions"),
                    ("view_record", "may read the record of what staff did"),
                    ("manage_staff", "may change who is staff"),
                ],
            },
        ),
        migrations.RunPython(groups, migrations.RunPython.noop),
        migrations.RunPython(on_postgresql(GUARDS), on_postgresql(NO_GUARDS)),
    ]
