"""Runs commands where every packet that they send is seen, and none gets anywhere.

    unshare --map-root-user --net python watched_network.py < commands.json

Standard input is a list of commands, standard output gets a line of JSON for each: its exit code, what it
said on standard error, and to where it sent, as "protocol address port". In the new network the loopback is
the way to everywhere: a connection, or a question to a name server, is a packet on it.
"""

import ctypes
import fcntl
import json
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator

# From <linux/sockios.h>, <linux/if.h>, <linux/route.h>, <linux/ipv6_route.h> and <linux/if_ether.h>.
_SIOCADDRT, _SIOCGIFFLAGS, _SIOCSIFFLAGS = 0x890B, 0x8913, 0x8914
_UP = 1
_ALL, _IPV4, _IPV6 = 0x3, 0x0800, 0x86DD
_LOOPBACK = 1  # the index of the device

_PROTOCOLS = {6: "tcp", 17: "udp"}
_ICMP6, _UNREACHABLE = 58, 1


def loopback_to_everywhere() -> None:
    """Switch the loopback on, and send all there that has no other way."""
    device = ctypes.create_string_buffer(b"lo")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = fcntl.ioctl(control, _SIOCGIFFLAGS, struct.pack("16sh22x", b"lo", 0))
        flags = struct.unpack_from("h", request, 16)[0] | _UP
        fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", flags))
        anywhere = struct.pack("h14x", socket.AF_INET)
        before, after = (0,), (0, 0, 0, 0, ctypes.addressof(device), 0, 0, 0)
        route = struct.pack("L16s16s16sHhLPhPLLH", *before, anywhere, anywhere, anywhere, _UP, *after)
        fcntl.ioctl(control, _SIOCADDRT, route)
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, _SIOCADDRT, struct.pack("48xIHHILIi", 0, 0, 0, 1, 0, _UP, _LOOPBACK))


def packets_of(watcher: socket.socket) -> Iterator[tuple[int, bytes]]:
    """The packets that wait to be looked at, with the version of the protocol."""
    while True:
        try:
            packet, (_, version, *_) = watcher.recvfrom(1 << 16)
        except BlockingIOError:
            return
        yield version, packet


def sent_to(version: int, packet: bytes) -> str | None:
    """To where a packet went, None if it stayed on this machine."""
    if version == _IPV4:
        begin, protocol, address = 4 * (packet[0] & 15), packet[9], packet[16:20]
        family, own = socket.AF_INET, packet[16] == 127
    elif version == _IPV6:
        begin, protocol, address = 40, packet[6], packet[24:40]
        if (protocol, packet[begin]) == (_ICMP6, _UNREACHABLE):  # with the packet that got nowhere in it
            return sent_to(version, packet[begin + 8 :])
        family, own = socket.AF_INET6, address == socket.inet_pton(socket.AF_INET6, "::1")
    else:
        return None
    port = int.from_bytes(packet[begin + 2 : begin + 4], "big")
    name = _PROTOCOLS.get(protocol, str(protocol))
    return None if own else f"{name} {socket.inet_ntop(family, address)} {port}"


def main() -> None:
    loopback_to_everywhere()
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ALL)) as watcher:
        watcher.setblocking(False)
        for command in json.load(sys.stdin):
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
            )
            went = {place for packet in packets_of(watcher) if (place := sent_to(*packet))}
            said = {"code": done.returncode, "said": done.stderr[-2000:], "sent": sorted(went)}
            sys.stdout.write(json.dumps(said) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
