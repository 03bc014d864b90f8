// Everything the console's pages do beyond links and forms.
import htmx from "htmx.org";
import "htmx-ext-ws";
import { setUpKeys } from "./modules/console/keys.js";
import { setUpRows } from "./modules/rows.js";
import { setUpSlider } from "./modules/console/slider.js";
import { setUpTicket } from "./modules/console/ticket.js";
import { setUpLive } from "./modules/live.js";
import { setUpPage } from "./modules/page.js";

htmx.config.wsReconnectDelay = "full-jitter";
setUpPage();
setUpLive();
setUpKeys();
setUpRows();
setUpSlider();
setUpTicket();
