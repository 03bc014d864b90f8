// A QR code drawn here, from what this page computed: never a picture of the server's.
import { encodeQR } from "qr";

const QUIET_MODULES = 4;
const SVG = "http://www.w3.org/2000/svg";

/** The text as an SVG element that says `label` to those who do not see it. */
export function qrCode(text, label) {
  const rows = encodeQR(text, "raw", { ecc: "low", border: QUIET_MODULES });
  const dark = rows.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])));
  const image = document.createElementNS(SVG, "svg");
  image.setAttribute("viewBox", `0 0 ${rows.length} ${rows.length}`);
  image.setAttribute("role", "img");
  image.setAttribute("aria-label", label);
  image.setAttribute("shape-rendering", "crispEdges");
  image.classList.add("qr");
  const ground = document.createElementNS(SVG, "path");
  ground.setAttribute("d", `M0 0h${rows.length}v${rows.length}H0z`);
  ground.setAttribute("fill", "#fff");
  const modules = document.createElementNS(SVG, "path");
  modules.setAttribute("d", dark.join(""));
  modules.setAttribute("fill", "#000");
  image.append(ground, modules);
  return image;
}
