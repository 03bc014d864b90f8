"""The ASGI entry: HTTP by Django, WebSockets by Channels."""

import os
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
# Static files are read in a thread, which is what the warning recommends against and we want.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")
http = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402  models need the application above
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402
from channels.sessions import SessionMiddlewareStack  # noqa: E402

from intents.live.routing import websocket_urlpatterns  # noqa: E402
from intents.services.names import warm_up  # noqa: E402
from intents.services.start import refuse_unsafe_start  # noqa: E402

# The server imports this inside its event loop, where Django's database may not be read.
with ThreadPoolExecutor(1) as thread:
    thread.submit(refuse_unsafe_start, serves_pages=True).result()
threading.Thread(target=warm_up, daemon=True, name="names").start()
websocket = AllowedHostsOriginValidator(SessionMiddlewareStack(URLRouter(websocket_urlpatterns)))
application = ProtocolTypeRouter({"http": http, "websocket": websocket})
