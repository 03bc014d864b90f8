"""Names of staff, for those who assign to one another."""

from django.contrib.auth import get_user_model
from django.db.models import Q


def names_with(permission: str) -> list[str]:
    """Names of active staff who hold a permission of the console, in order."""
    users = get_user_model().objects.filter(is_active=True)
    holds = Q(groups__permissions__codename=permission) | Q(user_permissions__codename=permission)
    found = users.filter(holds | Q(is_superuser=True)).distinct().order_by("username")
    return list(found.values_list("username", flat=True))
