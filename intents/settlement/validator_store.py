"""What a validator has signed: kept on disk, published read-only over HTTP."""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from eth_account.messages import encode_defunct
from eth_account.signers.local import LocalAccount

from .proofs import Checkpoint, checkpoint_digest

_PATH: Final = re.compile(r"/(\d{1,10})/(checkpoint|by-message)/(\d{1,10}|0x[0-9a-f]{64})\.json")
_LATEST: Final = re.compile(r"/(\d{1,10})/latest\.json")

Json = dict[str, Any]


class CheckpointStore:
    """Signed checkpoints of one validator by domain. One writer a domain, any number of readers."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = threading.Lock()
        self._by_index: dict[int, dict[int, Json]] = {}
        self._by_message: dict[int, dict[str, Json]] = {}

    def open_domain(self, domain: int, hook: str) -> None:
        """Read what was signed before for this tree; a domain shows one tree at a time."""
        entries = []
        folder = self._folder(domain, hook)
        folder.mkdir(parents=True, exist_ok=True)
        for file in folder.glob("*.json"):
            if file.stem.isdigit():
                entries.append(json.loads(file.read_text("utf-8")))
        with self._lock:
            self._by_index[domain] = {entry["index"]: entry for entry in entries}
            self._by_message[domain] = {entry["message_id"]: entry for entry in entries}

    def clear_domain(self, domain: int, hook: str) -> None:
        """Forget a tree whose chain turned out to be another one."""
        for file in self._folder(domain, hook).glob("*.json"):
            file.unlink(missing_ok=True)
        with self._lock:
            self._by_index[domain], self._by_message[domain] = {}, {}

    def publish(self, checkpoint: Checkpoint, signer: LocalAccount) -> None:
        """Sign a checkpoint, write it down, then show it. Signing again the same is harmless."""
        signed = signer.sign_message(encode_defunct(primitive=checkpoint_digest(checkpoint)))
        entry = {
            "domain": checkpoint.domain,
            "merkle_tree_hook": checkpoint.merkle_tree_hook,
            "index": checkpoint.index,
            "root": "0x" + checkpoint.root.hex(),
            "message_id": "0x" + checkpoint.message_id.hex(),
            "validator": signer.address,
            "signature": "0x" + bytes(signed.signature).hex(),
        }
        path = self._folder(checkpoint.domain, checkpoint.merkle_tree_hook) / f"{checkpoint.index}.json"
        write_json(path, entry)
        with self._lock:
            self._by_index[checkpoint.domain][checkpoint.index] = entry
            self._by_message[checkpoint.domain][str(entry["message_id"])] = entry

    def by_index(self, domain: int, index: int) -> Json | None:
        """The signed checkpoint of the message at that place in the tree."""
        return self._by_index.get(domain, {}).get(index)

    def by_message(self, domain: int, message_id: str) -> Json | None:
        """The signed checkpoint that includes this message as its last."""
        return self._by_message.get(domain, {}).get(message_id)

    def latest(self, domain: int) -> Json | None:
        """The newest signed checkpoint of a domain."""
        with self._lock:
            entries = self._by_index.get(domain)
            return entries[max(entries)] if entries else None

    def tree_path(self, domain: int, hook: str) -> Path:
        """Where the validator of this store keeps its place in a tree."""
        return self._folder(domain, hook) / "tree.json"

    def _folder(self, domain: int, hook: str) -> Path:
        return self._directory / f"{domain}-{hook.lower()}"


def write_json(path: Path, value: Json) -> None:
    """Write a file, replacing it in one step."""
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(value), "utf-8")
    partial.replace(path)


def read_json(path: Path) -> Json:
    """Read a file of `write_json`; raises FileNotFoundError, ValueError."""
    value: Json = json.loads(path.read_text("utf-8"))
    return value


def serve(store: CheckpointStore, host: str, port: int) -> ThreadingHTTPServer:
    """Publish a store over HTTP from threads of its own; the caller shuts the server down."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 60
        # Headers and body in one packet: two would meet the reader's delayed acknowledgement, 40 ms.
        wbufsize = -1
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            found = _lookup(store, self.path.split("?", 1)[0])
            self._answer(200 if found is not None else 404, found or {"error": {"code": "not_signed"}})

        def do_OPTIONS(self) -> None:
            self._answer(200, {})

        def log_message(self, *args: Any) -> None:
            return

        def _answer(self, status: int, value: Json) -> None:
            body = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Access-Control-Allow-Origin", "*")
            self.send_header("Access-Control-Allow-Methods", "GET")
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()

    server = ThreadingHTTPServer((host, port), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="publish", daemon=True).start()
    return server


def _lookup(store: CheckpointStore, path: str) -> Json | None:
    if path == "/health":
        return {"ok": True}
    if latest := _LATEST.fullmatch(path):
        return store.latest(int(latest[1]))
    found = _PATH.fullmatch(path)
    if found is None:
        return None
    domain, kind, name = int(found[1]), found[2], found[3]
    if kind == "by-message":
        return store.by_message(domain, name)
    return store.by_index(domain, int(name)) if name.isdigit() else None
