"""Runs the pages' own modules in Node, so that tests can hold them against Python."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
VECTORS = json.loads((ROOT / "tests" / "contracts" / "vectors" / "oif.json").read_text("utf-8"))["vectors"]
MODULES = "static/src/modules"


def run_script(body: str, given: Any, *, imports: Mapping[str, str]) -> Any:
    """What the body of an async function of `input` returns for JSON `given`.

    `imports` says what is imported of modules, by their paths from the project's folder without `.js`.
    """
    source = "".join(f'import {what} from "{(ROOT / path).as_uri()}.js";\n' for path, what in imports.items())
    return run_node(
        "--input-type=module",
        "-e",
        f"""
        {source}
        import {{ readFileSync }} from "node:fs";
        const input = JSON.parse(readFileSync(0, "utf8"));
        const work = async (input) => {{ {body} }};
        console.log(JSON.stringify(await work(input)));
        """,
        given=given,
    )


def run_node(*arguments: str, given: Any) -> Any:
    """What Node prints as JSON for JSON `given` on its standard input."""
    node = shutil.which("node") or shutil.which("node", path=str(ROOT / ".venv" / "bin"))
    assert node, "node is missing: `make test` sets it up"
    done = subprocess.run(
        [node, *arguments],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
