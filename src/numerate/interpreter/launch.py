# pyright: strict
"""Start of the zygote, seen from the caller: a clean environment, a control socket, a folder for scratch."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numerate
from numerate.interpreter.layers import Isolation, IsolationLayer
from numerate.interpreter.options import Limits
from numerate.interpreter.scratch import remove_folder
from numerate.interpreter.wire import NEW_SLOT, Inbox, Message, packed

ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "TZ": "UTC",
    "HOME": ".",
    "TMPDIR": ".",
    "PYTHONHASHSEED": "0",
    "PYTHONUTF8": "1",
    "PYTHONIOENCODING": "utf-8:backslashreplace",
    "PYTHONDONTWRITEBYTECODE": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
    "MPLBACKEND": "Agg",
}
"""of the zygote and of programs, whose home is their scratch folder"""
BEGIN = (
    "import json, sys; handle = int(sys.argv[1]); sys.path[:] = json.loads(sys.argv[2]); sys.argv = ['']\n"
    "from numerate.interpreter.zygote import serve_zygote; del sys.path[0]; serve_zygote(handle)"
)
PATIENCE = 120.0
"""seconds for probes and imports"""
PREFIX = "numerate-programs-"


def search_path() -> list[str]:
    """Returns where the zygote looks for modules: as this process does, without the current folder. The
    folder of this package comes first; the zygote takes it away once it has imported itself."""
    here = os.getcwd()
    home = str(Path(numerate.__file__).parent.parent)
    entries = [entry for entry in sys.path if os.path.isabs(entry) and entry != here]
    return [home, *entries]


class Zygote:
    """The process, its socket, and its folder. Raises OSError where it does not start."""

    def __init__(
        self,
        limits: Limits,
        slots: int,
        unconfined: bool,
        without: Sequence[str] = (),
        only_probe: bool = False,
    ) -> None:
        self.base = tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-")
        os.chmod(self.base, 0o711)
        self.control, theirs = socket.socketpair()
        try:
            self.process = spawn(theirs)
        finally:
            theirs.close()
        order: dict[str, Any] = {
            "bounds": asdict(limits),  # pyright: ignore
            "base": self.base,
            "slots": slots,
            "unconfined": unconfined,
            "without": list(without),
            "only_probe": only_probe,
        }
        self.control.settimeout(PATIENCE)
        self.reply = self.converse(order)
        self.control.settimeout(None)

    def converse(self, order: Message) -> Message:
        """Sends the order, and returns the first reply."""
        inbox, reason = Inbox(), "no message"
        try:
            self.control.sendall(packed(order))
            while data := self.control.recv(1 << 16):
                for message in inbox.add(data):
                    return message
        except OSError as error:
            reason = str(error)
        self.process.kill()
        message = self.process.communicate()[0].decode("utf-8", "replace").strip()
        self.close()
        raise OSError(f"the interpreter's process ended: {(message or reason).splitlines()[-1]}")

    @property
    def isolation(self) -> Isolation:
        layers = tuple(IsolationLayer(**layer) for layer in self.reply["layers"])
        return Isolation(layers, self.reply["confined"], tuple(self.reply.get("libraries", ())))

    def add_slot(self, number: int, libraries: bool) -> socket.socket:
        """Returns the socket of a new supervisor, of the kind with libraries or without."""
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self.control, [NEW_SLOT.pack(number, libraries)], [theirs.fileno()])
        ours.setblocking(False)
        return ours

    def close(self) -> None:
        """Ends the process, whose supervisors end their programs, and removes the folder."""
        self.control.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        remove_tree(self.base)


def spawn(socket_: socket.socket) -> subprocess.Popen[bytes]:
    """Starts the process; a session of its own keeps a terminal's Ctrl-C from it. Its standard streams are
    pipes, as those of its programs will be: Python looks once what they can do."""
    words = [sys.executable, "-P", "-s", "-c", BEGIN, str(socket_.fileno()), json.dumps(search_path())]
    return subprocess.Popen(
        *(words,),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=ENVIRONMENT,
        cwd="/",
        pass_fds=[socket_.fileno()],
        start_new_session=True,
    )


def remove_tree(base: str) -> None:
    """Removes the folder of a zygote with the scratch folders in it."""
    try:
        remove_folder(os.fsencode(base))
    except OSError:
        return
