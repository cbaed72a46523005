"""Connections on trio: TCP, unix, TLS, UDP and DTLS, every operation with two limits.

:func:`connect_tcp`, :func:`connect_unix` and :func:`connect_tls` make a :class:`ByteStream`,
:func:`serve_tcp`, :func:`serve_unix` and :func:`serve_tls` hand one to a handler for each
connection, :func:`start_tls` upgrades one, and :func:`adopt` makes one of a socket that exists.
A :class:`FramedChannel` makes whole messages of a stream's bytes, and :func:`open_send_queue` lets
many tasks send through one. :func:`open_udp` sends and receives datagrams, :func:`open_dtls` and
:func:`serve_dtls` encrypted ones. What the system reports becomes an error of
:mod:`trio_helianthus.errors` here, and nowhere else.
"""

from __future__ import annotations

from trio_helianthus.wire import MAX_FRAME_BYTES as MAX_FRAME_BYTES

from ._address import SocketAddress as SocketAddress
from ._adopt import adopt as adopt
from ._buffer_pool import MAX_KEPT_BYTES as MAX_KEPT_BYTES
from ._buffer_pool import MAX_OUTSTANDING_BYTES as MAX_OUTSTANDING_BYTES
from ._buffer_pool import POOL_SIZES as POOL_SIZES
from ._buffer_pool import BufferPool as BufferPool
from ._buffer_pool import BufferPoolStatistics as BufferPoolStatistics
from ._buffers import Buffer as Buffer
from ._buffers import WritableBuffer as WritableBuffer
from ._connect import ATTEMPT_DELAY_SECONDS as ATTEMPT_DELAY_SECONDS
from ._connect import CONNECT_SECONDS as CONNECT_SECONDS
from ._connect import connect_tcp as connect_tcp
from ._dtls import open_dtls as open_dtls
from ._dtls_channel import MAX_DTLS_PAYLOAD as MAX_DTLS_PAYLOAD
from ._dtls_channel import RETRANSMIT_SECONDS as RETRANSMIT_SECONDS
from ._dtls_channel import DTLSChannel as DTLSChannel
from ._dtls_channel import DTLSInfo as DTLSInfo
from ._dtls_channel import DTLSStatistics as DTLSStatistics
from ._dtls_handshakes import MAX_HANDSHAKES as MAX_HANDSHAKES
from ._dtls_serve import DTLSHandler as DTLSHandler
from ._dtls_serve import DTLSServer as DTLSServer
from ._dtls_serve import DTLSServerStatistics as DTLSServerStatistics
from ._dtls_serve import serve_dtls as serve_dtls
from ._dtls_socket import INCOMING_DATAGRAMS as INCOMING_DATAGRAMS
from ._file_part import FILE_PART_BYTES as FILE_PART_BYTES
from ._file_part import BinaryFile as BinaryFile
from ._framed_channel import FramedChannel as FramedChannel
from ._framing import Delimiter as Delimiter
from ._framing import Framing as Framing
from ._framing import Header as Header
from ._framing import LengthPrefix as LengthPrefix
from ._framing import Lines as Lines
from ._framing import Netstring as Netstring
from ._framing import Varint as Varint
from ._listen import BACKLOG as BACKLOG
from ._listen import TCPListener as TCPListener
from ._listen import listen_tcp as listen_tcp
from ._memory_stream import MEMORY_STREAM_BYTES as MEMORY_STREAM_BYTES
from ._memory_stream import MemoryStream as MemoryStream
from ._memory_stream import memory_stream_pair as memory_stream_pair
from ._network import AddressInfo as AddressInfo
from ._network import Network as Network
from ._network import SystemNetwork as SystemNetwork
from ._network import current_network as current_network
from ._network import use_network as use_network
from ._open_send_queue import open_send_queue as open_send_queue
from ._options import SocketOption as SocketOption
from ._peer_state import PeerState as PeerState
from ._peer_state import PeerWatcher as PeerWatcher
from ._readiness import Readiness as Readiness
from ._reloading_certificate import WATCH_SECONDS as WATCH_SECONDS
from ._reloading_certificate import ReloadingCertificate as ReloadingCertificate
from ._send_batch import MAX_BATCH_BYTES as MAX_BATCH_BYTES
from ._send_policy import FLUSH_SECONDS as FLUSH_SECONDS
from ._send_policy import HIGH_WATER as HIGH_WATER
from ._send_policy import LOW_WATER as LOW_WATER
from ._send_policy import SendQueueStatistics as SendQueueStatistics
from ._send_policy import WhenFull as WhenFull
from ._send_queue import SendQueue as SendQueue
from ._serve import MAX_CONNECTIONS as MAX_CONNECTIONS
from ._serve import Handler as Handler
from ._serve import serve_tcp as serve_tcp
from ._serve import serve_tls as serve_tls
from ._serve import serve_unix as serve_unix
from ._server import Server as Server
from ._server import ServerStatistics as ServerStatistics
from ._socket_listener import SocketListener as SocketListener
from ._socket_stream import SocketStream as SocketStream
from ._stream import MAX_ALL_BYTES as MAX_ALL_BYTES
from ._stream import MAX_UNTIL_BYTES as MAX_UNTIL_BYTES
from ._stream import RECEIVE_BYTES as RECEIVE_BYTES
from ._stream import SYSTEM_ERRORS as SYSTEM_ERRORS
from ._stream import ByteStream as ByteStream
from ._tcp_stream import TCPStream as TCPStream
from ._tls import HANDSHAKE_SECONDS as HANDSHAKE_SECONDS
from ._tls import TCPOptions as TCPOptions
from ._tls import TLSContextSource as TLSContextSource
from ._tls import connect_tls as connect_tls
from ._tls import start_tls as start_tls
from ._tls_ciphertext import GOODBYE_SECONDS as GOODBYE_SECONDS
from ._tls_stream import TLSInfo as TLSInfo
from ._tls_stream import TLSStream as TLSStream
from ._udp import ConnectedUDPSocket as ConnectedUDPSocket
from ._udp import Datagram as Datagram
from ._udp import UDPSocket as UDPSocket
from ._udp_open import UDPOptions as UDPOptions
from ._udp_open import open_udp as open_udp
from ._udp_socket import DRAIN_DATAGRAMS as DRAIN_DATAGRAMS
from ._udp_socket import MAX_DATAGRAM_SIZE as MAX_DATAGRAM_SIZE
from ._udp_socket import DatagramSocket as DatagramSocket
from ._udp_socket import UDPStatistics as UDPStatistics
from ._unix_address import UnixPath as UnixPath
from ._unix_connect import connect_unix as connect_unix
from ._unix_listen import SOCKET_MODE as SOCKET_MODE
from ._unix_listen import UnixListener as UnixListener
from ._unix_listen import listen_unix as listen_unix
from ._unix_stream import PeerCredentials as PeerCredentials
from ._unix_stream import UnixStream as UnixStream

__all__ = [
    "ATTEMPT_DELAY_SECONDS",
    "BACKLOG",
    "CONNECT_SECONDS",
    "DRAIN_DATAGRAMS",
    "FILE_PART_BYTES",
    "FLUSH_SECONDS",
    "GOODBYE_SECONDS",
    "HANDSHAKE_SECONDS",
    "HIGH_WATER",
    "INCOMING_DATAGRAMS",
    "LOW_WATER",
    "MAX_ALL_BYTES",
    "MAX_BATCH_BYTES",
    "MAX_CONNECTIONS",
    "MAX_DATAGRAM_SIZE",
    "MAX_DTLS_PAYLOAD",
    "MAX_FRAME_BYTES",
    "MAX_HANDSHAKES",
    "MAX_KEPT_BYTES",
    "MAX_OUTSTANDING_BYTES",
    "MAX_UNTIL_BYTES",
    "MEMORY_STREAM_BYTES",
    "POOL_SIZES",
    "RECEIVE_BYTES",
    "RETRANSMIT_SECONDS",
    "SOCKET_MODE",
    "SYSTEM_ERRORS",
    "WATCH_SECONDS",
    "AddressInfo",
    "BinaryFile",
    "Buffer",
    "BufferPool",
    "BufferPoolStatistics",
    "ByteStream",
    "ConnectedUDPSocket",
    "DTLSChannel",
    "DTLSHandler",
    "DTLSInfo",
    "DTLSServer",
    "DTLSServerStatistics",
    "DTLSStatistics",
    "Datagram",
    "DatagramSocket",
    "Delimiter",
    "FramedChannel",
    "Framing",
    "Handler",
    "Header",
    "LengthPrefix",
    "Lines",
    "MemoryStream",
    "Netstring",
    "Network",
    "PeerCredentials",
    "PeerState",
    "PeerWatcher",
    "Readiness",
    "ReloadingCertificate",
    "SendQueue",
    "SendQueueStatistics",
    "Server",
    "ServerStatistics",
    "SocketAddress",
    "SocketListener",
    "SocketOption",
    "SocketStream",
    "SystemNetwork",
    "TCPListener",
    "TCPOptions",
    "TCPStream",
    "TLSContextSource",
    "TLSInfo",
    "TLSStream",
    "UDPOptions",
    "UDPSocket",
    "UDPStatistics",
    "UnixListener",
    "UnixPath",
    "UnixStream",
    "Varint",
    "WhenFull",
    "WritableBuffer",
    "adopt",
    "connect_tcp",
    "connect_tls",
    "connect_unix",
    "current_network",
    "listen_tcp",
    "listen_unix",
    "memory_stream_pair",
    "open_dtls",
    "open_send_queue",
    "open_udp",
    "serve_dtls",
    "serve_tcp",
    "serve_tls",
    "serve_unix",
    "start_tls",
    "use_network",
]
