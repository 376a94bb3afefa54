"""A line to PostgreSQL that breaks just after COMMIT was obeyed and just before anybody heard of it."""

import socket
import threading
from contextlib import suppress
from typing import Any

from django.db import connections

COMMIT = b"COMMIT\x00"


class LossyLine:
    """Listens on loopback, hands everything on to the real server, and loses the answer to every nth COMMIT."""

    def __init__(self, settings: dict[str, Any], *, loses_every: int) -> None:
        self.settings, self.loses_every = settings, loses_every
        self.commits = self.lost = 0
        self._count = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def use(self) -> None:
        """Let this thread's connection to the database go through this line."""
        here = connections["default"]
        here.close()
        here.settings_dict = here.settings_dict | {"HOST": "127.0.0.1", "PORT": str(self.port)}

    def close(self) -> None:
        self._listener.close()
        for each in self._open:
            with suppress(OSError):  # a thread that waits in recv hears only a shutdown
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        host, port = self.settings["HOST"] or "127.0.0.1", self.settings["PORT"] or "5432"
        if host.startswith("/"):
            server = socket.socket(socket.AF_UNIX)
            server.connect(f"{host}/.s.PGSQL.{port}")
        else:
            server = socket.create_connection((host, int(port)))
        self._open += [client, server]
        deaf = threading.Event()
        threading.Thread(target=self._answers, args=(client, server, deaf), daemon=True).start()
        with suppress(OSError):
            while data := client.recv(65536):
                if COMMIT in data and self._is_lost():
                    deaf.set()
                server.sendall(data)
        server.close()

    def _answers(self, client: socket.socket, server: socket.socket, deaf: threading.Event) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                if deaf.is_set():  # it was done; nobody will hear of it
                    break
                client.sendall(data)
        for each in (client, server):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _is_lost(self) -> bool:
        with self._count:
            self.commits += 1
            if self.commits % self.loses_every:
                return False
            self.lost += 1
            return True
