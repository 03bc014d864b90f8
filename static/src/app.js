// Everything the pages do beyond links and forms.
import htmx from "htmx.org";
import "htmx-ext-ws";
import { setUpDeposit } from "./modules/deposit-panel.js";
import { setUpHelp } from "./modules/help.js";
import { setUpHistory } from "./modules/history.js";
import { setUpLive } from "./modules/live.js";
import { setUpLogin } from "./modules/login.js";
import { setUpPage } from "./modules/page.js";
import { setUpPicker } from "./modules/picker.js";
import { setUpQuotes } from "./modules/quote.js";
import { setUpRelief } from "./modules/relief.js";
import { setUpRows } from "./modules/rows.js";
import { setUpShare } from "./modules/share.js";
import { setUpShares } from "./modules/shares.js";
import { setUpTell } from "./modules/tell.js";
import { discover } from "./modules/wallet.js";

htmx.config.wsReconnectDelay = "full-jitter";
setUpPage();
setUpLive();
setUpPicker();
setUpQuotes();
setUpShares();
setUpLogin();
setUpDeposit();
setUpRelief();
setUpHelp();
setUpHistory();
setUpRows();
setUpTell();
setUpShare();
// A remembered wallet answers at once; what that sets off would be lost before htmx knows the page.
if (document.readyState === "complete") discover();
else window.addEventListener("DOMContentLoaded", discover);
