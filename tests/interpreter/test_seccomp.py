"""The filter of system calls, executed by a small machine: both processors, all arguments that matter."""

from __future__ import annotations

import struct

import pytest

from numerate.interpreter import seccomp

PID = 4321
CONVENTION = {machine: row[0] for machine, row in seccomp.MACHINES.items()}


def verdict(machine: str, number: int, *arguments: int, convention: int | None = None) -> int:
    """Returns what the filter says of a call."""
    words = [*arguments, *[0] * (6 - len(arguments))]
    data = struct.pack("=iIQ6Q", number, convention or CONVENTION[machine], 0, *words)
    program = list(struct.iter_unpack("=HBBI", seccomp.make_filter(PID, machine)))
    position = accumulator = 0
    while True:
        code, jump, otherwise, operand = program[position]
        position += 1
        if code == seccomp.LOAD:
            accumulator = struct.unpack_from("=I", data, operand)[0]
        elif code == seccomp.AND:
            accumulator &= operand
        elif code == seccomp.RETURN:
            return operand
        else:
            tests = {
                seccomp.JEQ: accumulator == operand,
                seccomp.JGT: accumulator > operand,
                seccomp.JGE: accumulator >= operand,
            }
            position += jump if tests[code] else otherwise


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_every_call_is_allowed_or_refused_as_listed(machine: str) -> None:
    _, free, checked = seccomp.MACHINES[machine]
    for number in range(600):
        if number not in checked.values():
            allowed = verdict(machine, number) == seccomp.ALLOW
            assert allowed == (number in free.values()), number


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_arguments_decide(machine: str) -> None:
    calls = seccomp.MACHINES[machine][2]
    allowed = [
        ("clone", 0x3D0F00), ("kill", PID, 9), ("tgkill", PID, 1, 9), ("prlimit64", 0), ("prlimit64", PID),
        ("fcntl", 5, 3), ("ioctl", 1, 0x5401), ("prctl", 15), ("socketpair", 1, 0x80801),
        ("sendto", 3, 0, 5, 0, 0, 0), ("openat", 0, 0, 0o1101), ("openat", 0, 0, 0),
    ]  # fmt: skip
    refused = [
        ("clone", 17), ("clone", 0x10000 | 0x10000000), ("kill", PID + 1, 9), ("kill", -1 & 0xFFFFFFFF, 9),
        ("kill", 0, 9), ("tgkill", 1, 1, 9), ("prlimit64", 1), ("fcntl", 5, 8), ("fcntl", 5, 1031),
        ("ioctl", 1, 0x5412), ("prctl", 1), ("socketpair", 2, 1), ("socketpair", 1, 2),
        ("sendto", 3, 0, 5, 0, 1, 16), ("sendto", 3, 0, 5, 0, 1 << 32, 16), ("openat", 0, 0, 0o1000),
    ]  # fmt: skip
    assert [call for call in allowed if verdict(machine, calls[call[0]], *call[1:]) != seccomp.ALLOW] == []
    assert [call for call in refused if verdict(machine, calls[call[0]], *call[1:]) != seccomp.REFUSE] == []
    assert verdict(machine, calls["clone3"]) == seccomp.ABSENT


def test_foreign_conventions_end_the_process() -> None:
    assert verdict("x86_64", 0, convention=0x40000003) == seccomp.KILL
    assert verdict("x86_64", 0x40000000 | 39) == seccomp.KILL
    assert verdict("aarch64", 0, convention=0x40000028) == seccomp.KILL
