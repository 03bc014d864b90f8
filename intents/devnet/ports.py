"""Which ports the local system uses, and a clear word when one is taken."""

import os
import socket

HOST = "127.0.0.1"
DEFAULT_PAGE_PORT = 8000
DEFAULT_CHAIN_PORT = 8545


class PortTaken(Exception):
    """Another process listens there; the text names the port and the variable that moves it."""

    code = "port_taken"
    retry = False


class PortInvalid(Exception):
    """An environment variable does not hold a port."""

    code = "port_invalid"
    retry = False


def page_port() -> int:
    """The page's port, from PORT."""
    return _port_from("PORT", DEFAULT_PAGE_PORT)


def first_chain_port() -> int:
    """The first chain's port, from DEVNET_PORT; the other chains and the validators follow it."""
    return _port_from("DEVNET_PORT", DEFAULT_CHAIN_PORT)


def require_free(port: int, *, what: str, variable: str) -> None:
    """Raises PortTaken unless this process could listen on the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise PortTaken(
                f"Port {port}, wanted for {what}, is taken. Choose another with "
                f"{variable}=<port>, for example `{variable}={port + 100} make demo`."
            ) from error


def _port_from(variable: str, default: int) -> int:
    text = os.environ.get(variable, "")
    if not text:
        return default
    if not text.isdigit() or not 1024 <= int(text) <= 65000:
        raise PortInvalid(f"{variable}={text} is not a port from 1024 to 65000.")
    return int(text)
