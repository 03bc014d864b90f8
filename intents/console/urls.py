"""Pages of the support console, under `CONSOLE_PATH`."""

from django.urls import path

from . import shell

app_name = "console"
urlpatterns = [
    path("", shell.home, name="home"),
]
