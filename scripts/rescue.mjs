// Builds static/rescue/ into one HTML file that runs from any host. Its network list is written in afterwards.
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build, transform } from "esbuild";

/** Write `output`, the page for no chains; `source` is the folder of its parts. */
export async function buildRescue({ source, output }) {
  const script = await bundled(join(source, "page.js"));
  const style = await minified(join(source, "rescue.css"));
  const parts = { __SCRIPT__: script, __STYLE__: style, __POLICY__: policy(script, style) };
  const page = await readFile(join(source, "rescue.html"), "utf8");
  await writeFile(output, page.replace(/__(SCRIPT|STYLE|POLICY)__/g, (place) => parts[place]));
}

async function bundled(entry) {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    format: "esm",
    target: "es2022",
    minify: true,
    write: false,
    legalComments: "eof",
    logLevel: "warning",
  });
  return outputFiles[0].text.trim();
}

async function minified(file) {
  const { code } = await transform(await readFile(file, "utf8"), { loader: "css", minify: true });
  return code.trim();
}

// Whatever host serves it: no script but this one runs, and nothing is fetched but chains and validators.
function policy(script, style) {
  const hash = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  const rules = {
    "default-src": "'none'",
    "script-src": hash(script),
    "style-src": hash(style),
    "img-src": "data:",
    "connect-src": "http: https:",
    "base-uri": "'none'",
    "form-action": "'none'",
  };
  return Object.entries(rules)
    .map((rule) => rule.join(" "))
    .join("; ");
}
