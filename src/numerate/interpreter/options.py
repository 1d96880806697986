# pyright: strict
"""Options of interpreters: limits of a program, and where programs run."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field

from numerate.interpreter.results import Executor
from numerate.options import AtLeast0, config

Seconds = Annotated[float, Field(gt=0, le=1e6)]
MiB = Annotated[int, Field(ge=1, le=1 << 24)]
Count = Annotated[int, Field(ge=1, le=1 << 30)]
"""limits that the kernel's numbers can say"""

LOGIN = "NUMERATE_INTERPRETER_LOGIN"
"""environment variable with user:password for a server of programs"""


@config
class Limits:
    """Limits of one program, or of one cell of a session."""

    timeout: Seconds = 5.0
    """seconds of wall time"""
    grace: Annotated[float, Field(ge=0, le=1e6)] = 0.5
    """seconds for a program to end after it was interrupted; a session that ends its cell within them keeps
    its variables"""
    cpu: Seconds = 10.0
    """seconds of CPU time, over all threads"""
    memory: MiB = 1024
    """MiB of address space beyond that of the interpreter; for all cells of a session together"""
    output: Count = 65_536
    """bytes kept of standard output, and of standard error: the first and the last half"""
    flood: MiB = 16
    """MiB of output at which a program is ended"""
    disk: MiB = 64
    """MiB of its own files"""
    files: Count = 1000
    """number of its own files and folders"""
    threads: Count = 64
    """number of threads; under an ordinary user memory alone limits them"""


@config
class InterpreterOptions:
    """Options of an executor: where programs run, and how."""

    kind: Literal["local", "sandbox_fusion"] = "local"
    """local: confined processes of this machine; sandbox_fusion: a server of that name"""
    url: str | None = None
    """address of the server"""
    workers: AtLeast0 = 0
    """programs that run at the same time; 0: as many as there are cores, for a server 32"""
    limits: Limits = Limits()
    """limits of one program or cell"""
    unconfined: bool = False
    """run programs even where the machine cannot keep them from files, network and other processes"""
    cache: AtLeast0 = 64
    """MiB of results that are kept and returned again for the same code in the same state; 0: none"""
    retries: AtLeast0 = 2
    """further tries when no result came: a process that could not be started, a server out of reach"""

    def __post_init__(self) -> None:
        if self.kind == "local" and self.url:
            raise ValueError(
                f"interpreter.url: {self.url} is a server's: set kind: sandbox_fusion, or leave it out"
            )
        if self.url and not self.url.startswith(("http://", "https://")):
            raise ValueError(f"interpreter.url: {self.url} has to begin with http:// or https://")
        if self.url and "@" in urlsplit(self.url).netloc:
            raise ValueError(
                "interpreter.url: the login in it would be written into the run's folder: leave it out, and "
                f"set the environment variable {LOGIN} to user:password"
            )

    def make(self) -> Executor:
        """Returns the executor. Raises ValueError where programs cannot run here as the options say."""
        if self.kind == "sandbox_fusion":
            from numerate.interpreter.remote import SandboxFusion

            return SandboxFusion(self)
        from numerate.interpreter.local import Interpreter

        return Interpreter(self)
