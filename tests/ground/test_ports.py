"""A taken port is named together with the variable that moves it."""

import socket

import pytest

from intents.devnet.ports import HOST, PortInvalid, PortTaken, first_chain_port, page_port, require_free


def test_a_taken_port_is_named_with_its_variable() -> None:
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match=rf"Port {port}, wanted for the page, is taken.*PORT=<port>"):
            require_free(port, what="the page", variable="PORT")


def test_a_free_port_is_fine_also_right_after_its_last_use() -> None:
    with socket.socket() as other:
        other.bind((HOST, 0))
        port = other.getsockname()[1]
    require_free(port, what="the page", variable="PORT")


def test_ports_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PORT", raising=False)
    monkeypatch.setenv("DEVNET_PORT", "9545")
    assert page_port() == 8000
    assert first_chain_port() == 9545


@pytest.mark.parametrize("text", ["eighty", "80", "70000", "-1", "8000.0"])
def test_what_is_not_a_port_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("PORT", text)
    with pytest.raises(PortInvalid, match=f"PORT={text}"):
        page_port()
