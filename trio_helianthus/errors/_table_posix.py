"""The numbers of the POSIX-like systems, literal, so that each table can be tested everywhere.

Sources: Linux ``asm-generic/errno.h`` (x86, Arm, RISC-V; MIPS, SPARC and Alpha number otherwise),
``sys/errno.h`` of XNU and FreeBSD, ``errno.h`` of the Universal CRT, kevent(2) of FreeBSD and
macOS, ``netdb.h`` of glibc, macOS and FreeBSD, ``ws2tcpip.h`` of the Windows SDK.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from ._codes import ErrorCode as C

Row: TypeAlias = tuple[str, C, int | None, int | None, int | None, int | None]
"""Name, meaning, and the number on each of :data:`PLATFORMS`, ``None`` where it has none."""

PLATFORMS: Final = ("linux", "darwin", "freebsd", "win32")

# Where one platform gives two names the same number, the first row wins.
# fmt: off
ERRNO: Final[tuple[Row, ...]] = (
    #                                              linux darwin freebsd win32
    ("EPERM",           C.ACCESS_DENIED,               1,    1,    1,    1),
    ("ENOENT",          C.NOT_FOUND,                   2,    2,    2,    2),
    ("EINTR",           C.INTERRUPTED,                 4,    4,    4,    4),
    ("EBADF",           C.INVALID_HANDLE,              9,    9,    9,    9),
    ("EAGAIN",          C.WOULD_BLOCK,                11,   35,   35,   11),
    ("EWOULDBLOCK",     C.WOULD_BLOCK,                11,   35,   35,  140),
    ("ENOMEM",          C.OUT_OF_RESOURCES,           12,   12,   12,   12),
    ("EACCES",          C.ACCESS_DENIED,              13,   13,   13,   13),
    ("EFAULT",          C.INVALID_ARGUMENT,           14,   14,   14,   14),
    ("ENOTDIR",         C.NOT_FOUND,                  20,   20,   20,   20),
    ("EINVAL",          C.INVALID_ARGUMENT,           22,   22,   22,   22),
    ("ENFILE",          C.TOO_MANY_OPEN_FILES,        23,   23,   23,   23),
    ("EMFILE",          C.TOO_MANY_OPEN_FILES,        24,   24,   24,   24),
    ("ENOSPC",          C.OUT_OF_RESOURCES,           28,   28,   28,   28),
    ("EROFS",           C.ACCESS_DENIED,              30,   30,   30,   30),
    ("EPIPE",           C.BROKEN,                     32,   32,   32,   32),
    ("ENAMETOOLONG",    C.INVALID_ARGUMENT,           36,   63,   63,   38),
    ("ELOOP",           C.INVALID_ARGUMENT,           40,   62,   62,  114),
    ("ENONET",          C.UNREACHABLE,                64, None, None, None),
    # What SVR4 says where POSIX says ECONNABORTED (Stevens, UNIX Network Programming, 5.11).
    ("EPROTO",          C.ABORTED,                    71,  100,   92,  134),
    ("ENOTSOCK",        C.INVALID_HANDLE,             88,   38,   38,  128),
    # A send without an address on an unconnected datagram socket; Windows says WSAENOTCONN.
    ("EDESTADDRREQ",    C.NOT_CONNECTED,              89,   39,   39,  109),
    ("EMSGSIZE",        C.MESSAGE_TOO_LARGE,          90,   40,   40,  115),
    ("EPROTOTYPE",      C.NOT_SUPPORTED,              91, None,   41,  136),
    # XNU answers EPROTOTYPE to a write that races with the socket's teardown (libuv issue 482).
    ("EPROTOTYPE",      C.BROKEN,                   None,   41, None, None),
    ("ENOPROTOOPT",     C.NOT_SUPPORTED,              92,   42,   42,  123),
    ("EPROTONOSUPPORT", C.NOT_SUPPORTED,              93,   43,   43,  135),
    ("ESOCKTNOSUPPORT", C.NOT_SUPPORTED,              94,   44,   44, None),
    ("EOPNOTSUPP",      C.NOT_SUPPORTED,              95,  102,   45,  130),
    ("ENOTSUP",         C.NOT_SUPPORTED,              95,   45,   45,  129),
    ("EPFNOSUPPORT",    C.NOT_SUPPORTED,              96,   46,   46, None),
    ("EAFNOSUPPORT",    C.NOT_SUPPORTED,              97,   47,   47,  102),
    ("EADDRINUSE",      C.ADDRESS_IN_USE,             98,   48,   48,  100),
    ("EADDRNOTAVAIL",   C.ADDRESS_NOT_AVAILABLE,      99,   49,   49,  101),
    ("ENETDOWN",        C.UNREACHABLE,               100,   50,   50,  116),
    ("ENETUNREACH",     C.UNREACHABLE,               101,   51,   51,  118),
    ("ENETRESET",       C.RESET,                     102,   52,   52,  117),
    ("ECONNABORTED",    C.ABORTED,                   103,   53,   53,  106),
    ("ECONNRESET",      C.RESET,                     104,   54,   54,  108),
    ("ENOBUFS",         C.OUT_OF_RESOURCES,          105,   55,   55,  119),
    ("EISCONN",         C.ALREADY_CONNECTED,         106,   56,   56,  113),
    ("ENOTCONN",        C.NOT_CONNECTED,             107,   57,   57,  126),
    ("ESHUTDOWN",       C.BROKEN,                    108,   58,   58, None),
    ("ETOOMANYREFS",    C.OUT_OF_RESOURCES,          109,   59,   59, None),
    ("ETIMEDOUT",       C.TIMED_OUT,                 110,   60,   60,  138),
    ("ECONNREFUSED",    C.REFUSED,                   111,   61,   61,  107),
    ("EHOSTDOWN",       C.UNREACHABLE,               112,   64,   64, None),
    ("EHOSTUNREACH",    C.UNREACHABLE,               113,   65,   65,  110),
    ("EALREADY",        C.IN_PROGRESS,               114,   37,   37,  103),
    ("EINPROGRESS",     C.IN_PROGRESS,               115,   36,   36,  112),
    ("ECANCELED",       C.CANCELLED,                 125,   89,   85,  105),
    ("ENOTCAPABLE",     C.ACCESS_DENIED,            None, None,   93, None),
    ("ECAPMODE",        C.ACCESS_DENIED,            None, None,   94, None),
)

# One table for all: these numbers are older than the systems' differences.
KEVENT: Final = (
    ("EPERM",      C.ACCESS_DENIED,     1),
    ("ENOENT",     C.NOT_REGISTERED,    2),
    ("ESRCH",      C.NOT_FOUND,         3),
    ("EINTR",      C.INTERRUPTED,       4),
    ("EBADF",      C.INVALID_HANDLE,    9),
    ("ENOMEM",     C.OUT_OF_RESOURCES, 12),
    ("EACCES",     C.ACCESS_DENIED,    13),
    ("EFAULT",     C.INVALID_ARGUMENT, 14),
    ("ENODEV",     C.INVALID_FILTER,   19),
    ("EINVAL",     C.INVALID_FILTER,   22),
    # Adding a write filter to a pipe whose reader has gone.
    ("EPIPE",      C.BROKEN,           32),
    ("ENOTSUP",    C.INVALID_FILTER,   45),
)

# Every answer of the resolver has one meaning here; the number and the text tell which one it was.
RESOLVER: Final[tuple[Row, ...]] = (
    #                                              linux darwin freebsd win32
    ("EAI_ADDRFAMILY",  C.NAME_RESOLUTION,            -9,    1,    1, None),
    ("EAI_AGAIN",       C.NAME_RESOLUTION,            -3,    2,    2, 11002),
    ("EAI_BADFLAGS",    C.NAME_RESOLUTION,            -1,    3,    3, 10022),
    ("EAI_FAIL",        C.NAME_RESOLUTION,            -4,    4,    4, 11003),
    ("EAI_FAMILY",      C.NAME_RESOLUTION,            -6,    5,    5, 10047),
    ("EAI_MEMORY",      C.NAME_RESOLUTION,           -10,    6,    6,     8),
    ("EAI_NODATA",      C.NAME_RESOLUTION,            -5,    7,    7, 11004),
    ("EAI_NONAME",      C.NAME_RESOLUTION,            -2,    8,    8, 11001),
    ("EAI_SERVICE",     C.NAME_RESOLUTION,            -8,    9,    9, 10109),
    ("EAI_SOCKTYPE",    C.NAME_RESOLUTION,            -7,   10,   10, 10044),
    ("EAI_SYSTEM",      C.NAME_RESOLUTION,           -11,   11,   11, None),
    ("EAI_BADHINTS",    C.NAME_RESOLUTION,          None,   12,   12, None),
    ("EAI_PROTOCOL",    C.NAME_RESOLUTION,          None,   13,   13, None),
    ("EAI_OVERFLOW",    C.NAME_RESOLUTION,           -12,   14,   14, None),
    ("EAI_INPROGRESS",  C.NAME_RESOLUTION,          -100, None, None, None),
    ("EAI_CANCELED",    C.NAME_RESOLUTION,          -101, None, None, None),
    ("EAI_NOTCANCELED", C.NAME_RESOLUTION,          -102, None, None, None),
    ("EAI_ALLDONE",     C.NAME_RESOLUTION,          -103, None, None, None),
    ("EAI_INTR",        C.NAME_RESOLUTION,          -104, None, None, None),
    ("EAI_IDN_ENCODE",  C.NAME_RESOLUTION,          -105, None, None, None),
)
# fmt: on
