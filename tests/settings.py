"""The project's settings with queue and channels inside the test process."""

import os
import tempfile

os.environ.setdefault("REDIS_URL", "memory://")
os.environ.setdefault("WAYMEET_RUN_DIR", tempfile.mkdtemp(prefix="waymeet-tests-"))

from webapp.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405
    # A file, as in life: threads that share an in-memory database get "table is locked" at once.
    DATABASES["default"]["TEST"] = {"NAME": str(RUN_DIR / "test.sqlite3")}  # noqa: F405

# Files are looked up when they are asked for: else every client of every test would go through all of them first.
WHITENOISE_AUTOREFRESH = True
