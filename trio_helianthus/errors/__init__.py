"""The errors of every area, in one tree.

Each class is also the trio class and the builtin class that existing code catches::

    HelianthusError
    ├── OperationTimeout            trio.TooSlowError, TimeoutError
    ├── OperationCancelled
    ├── MissingExtraError           ImportError
    ├── ResourceClosed              trio.ClosedResourceError
    ├── ResourceBusy                trio.BusyResourceError
    ├── ResourceFull                trio.WouldBlock
    ├── ChannelEnded                trio.EndOfChannel
    ├── SubscriberTooSlow           trio.BrokenResourceError
    ├── PortalStopped               trio.RunFinishedError
    ├── ServiceDraining
    ├── CircuitOpen
    ├── WebSocketClosed
    │   ├── WebSocketEnded          trio.EndOfChannel
    │   └── WebSocketBroken         trio.BrokenResourceError
    ├── RedisError
    │   ├── RedisAuthenticationError
    │   ├── RedisExecutionAborted
    │   ├── RedisGroupExists
    │   ├── RedisNoScript
    │   ├── RedisOutOfMemory
    │   ├── RedisPermissionDenied
    │   ├── RedisReadOnly
    │   ├── RedisRedirection
    │   ├── RedisUnavailable
    │   └── RedisWrongType
    ├── OutcomeUnknown
    ├── LockLost
    ├── TransactionConflict
    ├── NetworkError                OSError
    │   ├── ConnectionRefused       ConnectionRefusedError
    │   ├── ConnectionReset         ConnectionResetError, trio.BrokenResourceError
    │   ├── ConnectionAborted       ConnectionAbortedError, trio.BrokenResourceError
    │   ├── ConnectionBroken        BrokenPipeError, trio.BrokenResourceError
    │   ├── ConnectionTimedOut      TimeoutError, trio.BrokenResourceError
    │   ├── IncompleteReceive       EOFError
    │   ├── AddressInUse
    │   ├── AddressNotAvailable
    │   ├── Unreachable
    │   ├── NotConnected            trio.BrokenResourceError
    │   ├── TooManyOpenFiles
    │   ├── AccessDenied            PermissionError
    │   ├── NameResolutionFailed    socket.gaierror
    │   └── TLSError                ssl.SSLError, trio.BrokenResourceError
    │       └── CertificateInvalid  ssl.SSLCertVerificationError
    └── ProtocolError
        ├── LocalProtocolError
        └── RemoteProtocolError
            └── LimitExceeded

A :class:`NetworkError` says in ``.code``, an :class:`ErrorCode`, what went wrong on every platform
alike. :func:`from_os_error` makes one of what a socket raised, :func:`network_error` of a number,
and :func:`error_code` only reads the table.
"""

from __future__ import annotations

from ._address import format_address as format_address
from ._codes import ErrorCode as ErrorCode
from ._codes import ErrorDomain as ErrorDomain
from ._network import AccessDenied as AccessDenied
from ._network import AddressInUse as AddressInUse
from ._network import AddressNotAvailable as AddressNotAvailable
from ._network import ConnectionAborted as ConnectionAborted
from ._network import ConnectionBroken as ConnectionBroken
from ._network import ConnectionRefused as ConnectionRefused
from ._network import ConnectionReset as ConnectionReset
from ._network import ConnectionTimedOut as ConnectionTimedOut
from ._network import IncompleteReceive as IncompleteReceive
from ._network import NameResolutionFailed as NameResolutionFailed
from ._network import NetworkError as NetworkError
from ._network import NotConnected as NotConnected
from ._network import TooManyOpenFiles as TooManyOpenFiles
from ._network import Unreachable as Unreachable
from ._redis import LockLost as LockLost
from ._redis import OutcomeUnknown as OutcomeUnknown
from ._redis import RedisAuthenticationError as RedisAuthenticationError
from ._redis import RedisError as RedisError
from ._redis import RedisExecutionAborted as RedisExecutionAborted
from ._redis import RedisGroupExists as RedisGroupExists
from ._redis import RedisNoScript as RedisNoScript
from ._redis import RedisOutOfMemory as RedisOutOfMemory
from ._redis import RedisPermissionDenied as RedisPermissionDenied
from ._redis import RedisReadOnly as RedisReadOnly
from ._redis import RedisRedirection as RedisRedirection
from ._redis import RedisUnavailable as RedisUnavailable
from ._redis import RedisWrongType as RedisWrongType
from ._redis import TransactionConflict as TransactionConflict
from ._redis import redis_error as redis_error
from ._table import error_code as error_code
from ._tls import CertificateInvalid as CertificateInvalid
from ._tls import TLSError as TLSError
from ._translate import from_os_error as from_os_error
from ._translate import network_error as network_error
from ._tree import ChannelEnded as ChannelEnded
from ._tree import CircuitOpen as CircuitOpen
from ._tree import HelianthusError as HelianthusError
from ._tree import LimitExceeded as LimitExceeded
from ._tree import LocalProtocolError as LocalProtocolError
from ._tree import MissingExtraError as MissingExtraError
from ._tree import OperationCancelled as OperationCancelled
from ._tree import OperationTimeout as OperationTimeout
from ._tree import PortalStopped as PortalStopped
from ._tree import ProtocolError as ProtocolError
from ._tree import RemoteProtocolError as RemoteProtocolError
from ._tree import ResourceBusy as ResourceBusy
from ._tree import ResourceClosed as ResourceClosed
from ._tree import ResourceFull as ResourceFull
from ._tree import ServiceDraining as ServiceDraining
from ._tree import SubscriberTooSlow as SubscriberTooSlow
from ._tree import WebSocketBroken as WebSocketBroken
from ._tree import WebSocketClosed as WebSocketClosed
from ._tree import WebSocketEnded as WebSocketEnded

__all__ = [
    "AccessDenied",
    "AddressInUse",
    "AddressNotAvailable",
    "CertificateInvalid",
    "ChannelEnded",
    "CircuitOpen",
    "ConnectionAborted",
    "ConnectionBroken",
    "ConnectionRefused",
    "ConnectionReset",
    "ConnectionTimedOut",
    "ErrorCode",
    "ErrorDomain",
    "HelianthusError",
    "IncompleteReceive",
    "LimitExceeded",
    "LocalProtocolError",
    "LockLost",
    "MissingExtraError",
    "NameResolutionFailed",
    "NetworkError",
    "NotConnected",
    "OperationCancelled",
    "OperationTimeout",
    "OutcomeUnknown",
    "PortalStopped",
    "ProtocolError",
    "RedisAuthenticationError",
    "RedisError",
    "RedisExecutionAborted",
    "RedisGroupExists",
    "RedisNoScript",
    "RedisOutOfMemory",
    "RedisPermissionDenied",
    "RedisReadOnly",
    "RedisRedirection",
    "RedisUnavailable",
    "RedisWrongType",
    "RemoteProtocolError",
    "ResourceBusy",
    "ResourceClosed",
    "ResourceFull",
    "ServiceDraining",
    "SubscriberTooSlow",
    "TLSError",
    "TooManyOpenFiles",
    "TransactionConflict",
    "Unreachable",
    "WebSocketBroken",
    "WebSocketClosed",
    "WebSocketEnded",
    "error_code",
    "format_address",
    "from_os_error",
    "network_error",
    "redis_error",
]
