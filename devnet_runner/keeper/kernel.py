"""The system calls by which a process gives up rights; each raises OSError where the kernel refuses it."""

from __future__ import annotations

import ctypes
import os
import struct

LIBC = ctypes.CDLL(None, use_errno=True)
NEW_PID_NAMESPACE = 0x20000000  # CLONE_NEWPID
SET_DEATH_SIGNAL, SET_DUMPABLE, DROP_BOUNDING, SET_SECURITY_BITS = 1, 4, 24, 28
SET_CHILD_SUBREAPER, SET_NO_NEW_PRIVILEGES, AMBIENT, CLEAR_AMBIENT = 36, 38, 47, 4
SET_SECCOMP, FILTER_MODE = 22, 2
NO_ROOT_NO_SETUID_FIXUP = 0x2F  # SECBIT_NOROOT, SECBIT_NO_SETUID_FIXUP and SECBIT_NO_CAP_AMBIENT_RAISE, each locked
CAPABILITY_VERSION = 0x20080522
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # Landlock, the same on every architecture
WANT_VERSION, PATH_BENEATH = 1, 1


def _called(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def prctl(option: int, argument: int, third: int = 0) -> None:
    """Set a property of this process (prctl(2))."""
    arguments = (ctypes.c_ulong(value) for value in (argument, third, 0, 0))
    _called(LIBC.prctl(ctypes.c_int(option), *arguments), f"prctl {option}")


def enter_new_pid_namespace(own: int) -> None:
    """Give the next child a process tree of its own; `own` is a descriptor of this process's own namespace."""
    _called(LIBC.setns(own, NEW_PID_NAMESPACE), "setns")
    _called(LIBC.unshare(NEW_PID_NAMESPACE), "unshare")


def leave_pid_namespace() -> None:
    """Give all later children a process tree of their own, which this process is not part of."""
    _called(LIBC.unshare(NEW_PID_NAMESPACE), "unshare")


def drop_inherited_capabilities() -> None:
    """See to it that every program started from now on has no capability, also where it is started as root."""
    for number in range(64):
        if LIBC.prctl(DROP_BOUNDING, ctypes.c_ulong(number), 0, 0, 0) < 0:
            break
    # Either fails without the right to it, where there is nothing to give up.
    LIBC.prctl(SET_SECURITY_BITS, ctypes.c_ulong(NO_ROOT_NO_SETUID_FIXUP), 0, 0, 0)
    LIBC.prctl(AMBIENT, ctypes.c_ulong(CLEAR_AMBIENT), 0, 0, 0)
    header, sets = struct.pack("=Ii", CAPABILITY_VERSION, 0), ctypes.create_string_buffer(24)
    _called(LIBC.capget(header, sets), "capget")
    # Twice effective, permitted and inheritable: the lower half of each set, then the upper one.
    kept = [0 if place % 3 == 2 else half for place, half in enumerate(struct.unpack("=6I", sets.raw))]
    _called(LIBC.capset(header, struct.pack("=6I", *kept)), "capset")


def drop_capabilities() -> None:
    """Give up every capability for good, also those that a program started as root would get."""
    drop_inherited_capabilities()
    header, sets = struct.pack("=Ii", CAPABILITY_VERSION, 0), bytes(24)
    _called(LIBC.capset(header, sets), "capset")


def no_new_privileges() -> None:
    """No program that this process starts gets more rights than it has."""
    prctl(SET_NO_NEW_PRIVILEGES, 1)


def load_filter(program: bytes) -> None:
    """Put a seccomp filter, an array of `struct sock_filter`, on this process and all that descend from it."""
    held = ctypes.create_string_buffer(program, len(program))
    order = struct.pack("@HP", len(program) // 8, ctypes.addressof(held))
    address = ctypes.create_string_buffer(order, len(order))
    prctl(SET_SECCOMP, FILTER_MODE, ctypes.addressof(address))


def landlock_version() -> int:
    """The version of Landlock's interface that the kernel has; 0 where it has none."""
    found = LIBC.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(WANT_VERSION))
    return max(int(found), 0)


def create_ruleset(attributes: bytes) -> int:
    """A Landlock ruleset as a descriptor; `attributes` is `struct landlock_ruleset_attr`."""
    size = ctypes.c_size_t(len(attributes))
    ruleset = _called(LIBC.syscall(CREATE_RULESET, attributes, size, ctypes.c_uint32(0)), "landlock_create_ruleset")
    os.set_inheritable(ruleset, False)
    return ruleset


def allow_below(ruleset: int, rights: int, folder: int) -> None:
    """Allow rights below an open folder, or on an open file."""
    rule = struct.pack("=Qi", rights, folder)
    result = LIBC.syscall(ADD_RULE, ruleset, PATH_BENEATH, rule, ctypes.c_uint32(0))
    _called(result, "landlock_add_rule")


def restrict_self(ruleset: int) -> None:
    """Put a ruleset in force for this process and all that descend from it."""
    _called(LIBC.syscall(RESTRICT_SELF, ruleset, ctypes.c_uint32(0)), "landlock_restrict_self")
