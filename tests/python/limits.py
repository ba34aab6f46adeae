"""The limits of a cloud job of Azure Automation, imposed on this process: no other process, few sockets, no home."""

import ctypes
import os
import resource
import struct

# Of seccomp and BPF, by <linux/seccomp.h> and <linux/filter.h>; the numbers of system calls are x86-64's.
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
ALLOW, REFUSE = 0x7FFF0000, 0x00050001  # the latter with EPERM
LOAD, JUMP_IF_EQUAL, JUMP_IF_SET, RETURN = 0x20, 0x15, 0x45, 0x06
CLONE, FORK, VFORK, EXECVE, EXECVEAT, CLONE3 = 56, 57, 58, 59, 322, 435
CLONE_THREAD, ENOSYS = 0x00010000, 0x00050026


def start_no_process():
    """Refuses `execve`, and `clone` of all but threads. glibc does without `clone3`, whose flags cannot be seen."""
    refused = [FORK, VFORK, EXECVE, EXECVEAT]
    program = [(LOAD, 0, 0, 0)]
    for number in refused:
        program += [(JUMP_IF_EQUAL, 0, 1, number), (RETURN, 0, 0, REFUSE)]
    program += [(JUMP_IF_EQUAL, 0, 1, CLONE3), (RETURN, 0, 0, ENOSYS)]
    program += [(JUMP_IF_EQUAL, 0, 3, CLONE), (LOAD, 0, 0, 16), (JUMP_IF_SET, 1, 0, CLONE_THREAD), (RETURN, 0, 0, REFUSE)]
    program += [(RETURN, 0, 0, ALLOW)]
    code = b"".join(struct.pack("HBBI", *instruction) for instruction in program)
    filters = ctypes.create_string_buffer(code)
    pointer = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(program), ctypes.addressof(filters)))
    libc = ctypes.CDLL(None, use_errno=True)
    for call in [(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, pointer, 0, 0)]:
        if libc.prctl(*call) != 0:
            raise OSError(ctypes.get_errno(), "prctl")


def impose():
    """All of them, for the rest of this process."""
    os.setsid()
    for name in ["HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"]:
        os.environ.pop(name, None)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1000, 1000))
    start_no_process()


def peak():
    """The most memory that this process has had resident, in MB."""
    with open("/proc/self/status") as status:
        (line,) = [line for line in status if line.startswith("VmHWM:")]
    return int(line.split()[1]) // 1000
