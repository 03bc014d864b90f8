"""Generated examples have no time limit each: a busy machine is no failure."""

from hypothesis import settings

settings.register_profile("solver", deadline=None)
settings.load_profile("solver")
