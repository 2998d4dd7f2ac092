"""The seccomp filter: which system calls a test is refused, as a classic BPF program (seccomp(2), Linux).

The numbers are those of the kernel's tables for x86-64 and for the generic ABI that aarch64 uses.
"""

from __future__ import annotations

import struct

AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
X32 = 0x40000000
ALLOW, KILL, REFUSE = 0x7FFF0000, 0x80000000, 0x00050000
EPERM, ENOSYS = 1, 38
LOAD, JUMP_EQUAL, JUMP_GREATER_EQUAL, JUMP_ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER, ARCH, FIRST_ARGUMENT, SECOND_ARGUMENT = 0, 4, 16, 24  # offsets in struct seccomp_data
NEW_NAMESPACES = 0x7E020080  # CLONE_NEW{USER,PID,NET,IPC,UTS,CGROUP,NS,TIME}
NEW_PID_NAMESPACE = 0x20000000  # which takes a capability that keepers alone have
FORGED_INPUT = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX
NONE = -1

REFUSED = """
socket 41 198, bind 49 200, listen 50 201, connect 42 203,
chmod 90 -1, fchmod 91 52, fchmodat 268 53, fchmodat2 452 452, chown 92 -1, fchown 93 55, lchown 94 -1, fchownat 260 54,
utime 132 -1, utimes 235 -1, futimesat 261 -1, utimensat 280 88, setxattr 188 5, lsetxattr 189 6, fsetxattr 190 7,
setxattrat 463 463, removexattr 197 14, lremovexattr 198 15, fremovexattr 199 16, removexattrat 466 466,
file_setattr 469 469, mount 165 40, umount2 166 39, pivot_root 155 41, chroot 161 51, move_mount 429 429,
open_tree 428 428, open_tree_attr 467 467, fsopen 430 430, fsconfig 431 431, fsmount 432 432, fspick 433 433,
mount_setattr 442 442, swapon 167 224, swapoff 168 225, ptrace 101 117, process_vm_readv 310 270,
process_vm_writev 311 271, process_madvise 440 440, pidfd_getfd 438 438, kcmp 312 272, add_key 248 217,
request_key 249 218, keyctl 250 219, shmget 29 194, shmat 30 196, shmctl 31 195, semget 64 190, semctl 66 191,
semop 65 193, semtimedop 220 192, msgget 68 186, msgsnd 69 189, msgrcv 70 188, msgctl 71 187, mq_open 240 180,
mq_unlink 241 181, bpf 321 280, perf_event_open 298 241, userfaultfd 323 282, open_by_handle_at 304 265,
name_to_handle_at 303 264, settimeofday 164 170, clock_settime 227 112, adjtimex 159 171, clock_adjtime 305 266,
sethostname 170 161, setdomainname 171 162, reboot 169 142, kexec_load 246 104, kexec_file_load 320 294,
init_module 175 105, finit_module 313 273, delete_module 176 106, acct 163 89, quotactl 179 60, quotactl_fd 443 443,
memfd_create 319 279, memfd_secret 447 447,
syslog 103 116, vhangup 153 58, iopl 172 -1, ioperm 173 -1, personality 135 92, fanotify_init 300 262
"""
"""Name and numbers: connections of every family, metadata, mounts, other processes, keys, clocks, uncounted memory, the
kernel."""

UNKNOWN = "io_uring_setup 425 425, io_uring_enter 426 426, io_uring_register 427 427, clone3 435 435"
"""Calls that a filter cannot look into: programs take their absence well, and fall back."""

SPLIT = {"clone": (56, 220), "unshare": (272, 97), "setns": (308, 268), "ioctl": (16, 29)}


def seccomp_filter(machine: str) -> bytes | None:
    """The filter for a machine as `platform.machine` names it, an array of `struct sock_filter`; None where unknown."""
    if machine not in AUDIT_ARCH:
        return None
    column = list(AUDIT_ARCH).index(machine)
    program = [
        _op(LOAD, ARCH),
        _op(JUMP_EQUAL, AUDIT_ARCH[machine], 1, 0),
        _op(RETURN, KILL),
        _op(LOAD, NUMBER),
    ]
    if machine == "x86_64":
        program += [_op(JUMP_GREATER_EQUAL, X32, 0, 1), _op(RETURN, KILL)]
    for text, errno in ((REFUSED, EPERM), (UNKNOWN, ENOSYS)):
        for number in _numbers(text, column):
            program += [_op(JUMP_EQUAL, number, 0, 1), _op(RETURN, REFUSE | errno)]
    program += _unless(SPLIT["clone"][column], FIRST_ARGUMENT, [_op(JUMP_ANY_BIT, NEW_NAMESPACES, 0, 1)])
    for name, argument in (("unshare", FIRST_ARGUMENT), ("setns", SECOND_ARGUMENT)):
        program += _unless(SPLIT[name][column], argument, [_op(JUMP_EQUAL, NEW_PID_NAMESPACE, 1, 0)])
    for request in FORGED_INPUT:
        program += _unless(SPLIT["ioctl"][column], SECOND_ARGUMENT, [_op(JUMP_EQUAL, request, 0, 1)])
    return b"".join([*program, _op(RETURN, ALLOW)])


def _unless(number: int, argument: int, test: list[bytes]) -> list[bytes]:
    """Refuse one call where a test of its argument (the lower half, as it is read in little-endian order) holds."""
    body = [_op(LOAD, argument), *test, _op(RETURN, REFUSE | EPERM), _op(LOAD, NUMBER)]
    return [_op(JUMP_EQUAL, number, 0, len(body)), *body]


def _numbers(text: str, column: int) -> list[int]:
    entries = (entry.split() for entry in text.split(","))
    return [number for entry in entries if (number := int(entry[1 + column])) != NONE]


def _op(code: int, value: int, then: int = 0, otherwise: int = 0) -> bytes:
    return struct.pack("=HBBI", code, then, otherwise, value)
