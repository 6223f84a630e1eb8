package dev.culvert.wire;

import java.nio.ByteBuffer;
import java.util.Arrays;

/// A TCP or UDP packet of a test, built byte by byte from its fields; its checksums are computed here, not by what
/// is
/// tested.
///
/// @param port the source port, by which flows differ
/// @param sequence of TCP
/// @param options of TCP, a multiple of four bytes
/// @param flags of TCP
/// @param id of IPv4
/// @param fragment IPv4's flags and offset
/// @param wrong how much the transport checksum is off
@SuppressWarnings("ArrayRecordComponent") // a test value
public record FlowPacket(
        boolean ipv6,
        boolean tcp,
        int port,
        int sequence,
        int acknowledgement,
        int window,
        byte[] options,
        int flags,
        int id,
        int fragment,
        int service,
        int hops,
        int wrong,
        byte[] payload) {
    public static final int DONT_FRAGMENT = 0x4000;
    static final int ACK = 0x10;
    static final int PSH = 0x08;

    public static FlowPacket tcp(boolean ipv6, int sequence, int payload) {
        return new FlowPacket(
                ipv6,
                true,
                1,
                sequence,
                7,
                500,
                new byte[12],
                ACK,
                0,
                DONT_FRAGMENT,
                0,
                64,
                0,
                filled(payload, sequence));
    }

    static FlowPacket udp(boolean ipv6, int number, int payload) {
        return new FlowPacket(ipv6, false, 1, 0, 0, 0, new byte[0], 0, number, 0, 0, 64, 0, filled(payload, number));
    }

    static byte[] filled(int length, int seed) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (seed + i * 31);
        }
        return bytes;
    }

    FlowPacket withFlags(int other) {
        return new FlowPacket(
                ipv6,
                tcp,
                port,
                sequence,
                acknowledgement,
                window,
                options,
                other,
                id,
                fragment,
                service,
                hops,
                wrong,
                payload);
    }

    FlowPacket withPort(int other) {
        return new FlowPacket(
                ipv6,
                tcp,
                other,
                sequence,
                acknowledgement,
                window,
                options,
                flags,
                id,
                fragment,
                service,
                hops,
                wrong,
                payload);
    }

    FlowPacket withService(int other) {
        return new FlowPacket(
                ipv6,
                tcp,
                port,
                sequence,
                acknowledgement,
                window,
                options,
                flags,
                id,
                fragment,
                other,
                hops,
                wrong,
                payload);
    }

    FlowPacket withHops(int other) {
        return new FlowPacket(
                ipv6,
                tcp,
                port,
                sequence,
                acknowledgement,
                window,
                options,
                flags,
                id,
                fragment,
                service,
                other,
                wrong,
                payload);
    }

    FlowPacket withOptions(byte... other) {
        return new FlowPacket(
                ipv6,
                tcp,
                port,
                sequence,
                acknowledgement,
                window,
                other,
                flags,
                id,
                fragment,
                service,
                hops,
                wrong,
                payload);
    }

    FlowPacket withAcknowledgement(int other) {
        return new FlowPacket(
                ipv6, tcp, port, sequence, other, window, options, flags, id, fragment, service, hops, wrong, payload);
    }

    FlowPacket withWindow(int other) {
        return new FlowPacket(
                ipv6,
                tcp,
                port,
                sequence,
                acknowledgement,
                other,
                options,
                flags,
                id,
                fragment,
                service,
                hops,
                wrong,
                payload);
    }

    public FlowPacket withPayload(byte[] other) {
        return new FlowPacket(
                ipv6,
                tcp,
                port,
                sequence,
                acknowledgement,
                window,
                options,
                flags,
                id,
                fragment,
                service,
                hops,
                wrong,
                other);
    }

    public FlowPacket withId(int other, int otherFragment) {
        return new FlowPacket(
                ipv6,
                tcp,
                port,
                sequence,
                acknowledgement,
                window,
                options,
                flags,
                other,
                otherFragment,
                service,
                hops,
                wrong,
                payload);
    }

    FlowPacket withWrongChecksum() {
        return new FlowPacket(
                ipv6,
                tcp,
                port,
                sequence,
                acknowledgement,
                window,
                options,
                flags,
                id,
                fragment,
                service,
                hops,
                1,
                payload);
    }

    public byte[] bytes() {
        int ip = ipv6 ? 40 : 20;
        int own = tcp ? 20 + options.length : 8;
        ByteBuffer packet = ByteBuffer.allocate(ip + own + payload.length);
        if (ipv6) {
            packet.putInt(0, 0x60000000 | service << 20 | 0x12345);
            packet.putShort(4, (short) (own + payload.length));
            packet.put(6, (byte) (tcp ? 6 : 17)).put(7, (byte) hops);
            packet.put(8, (byte) 0xfd).put(23, (byte) 1).put(24, (byte) 0xfd).put(39, (byte) 2);
        } else {
            packet.put(0, (byte) 0x45).put(1, (byte) service).putShort(2, (short) packet.capacity());
            packet.putShort(4, (short) id).putShort(6, (short) fragment);
            packet.put(8, (byte) hops).put(9, (byte) (tcp ? 6 : 17));
            packet.putInt(12, 0x0a000001).putInt(16, 0x0a000002);
            packet.putShort(10, (short) (~sum(packet, 0, 20, 0) & 0xffff));
        }
        packet.putShort(ip, (short) port).putShort(ip + 2, (short) 80);
        if (tcp) {
            packet.putInt(ip + 4, sequence).putInt(ip + 8, acknowledgement);
            packet.put(ip + 12, (byte) (own / 4 << 4))
                    .put(ip + 13, (byte) flags)
                    .putShort(ip + 14, (short) window);
            packet.position(ip + 20).put(options);
        } else {
            packet.putShort(ip + 4, (short) (own + payload.length));
        }
        packet.position(ip + own).put(payload);
        int pseudo = (tcp ? 6 : 17) + own + payload.length + sum(packet, ipv6 ? 8 : 12, ipv6 ? 32 : 8, 0);
        int checksum = ~sum(packet, ip, own + payload.length, pseudo) & 0xffff;
        if (!tcp && checksum == 0) {
            checksum = 0xffff;
        }
        packet.putShort(ip + (tcp ? 16 : 6), (short) (checksum + wrong));
        return packet.array();
    }

    /// The ones' complement sum, byte by byte.
    private static int sum(ByteBuffer packet, int from, int length, int begin) {
        int sum = begin;
        for (int i = 0; i < length; i++) {
            sum += (packet.get(from + i) & 0xff) << (i % 2 == 0 ? 8 : 0);
            sum = (sum & 0xffff) + (sum >>> 16);
        }
        return (sum & 0xffff) + (sum >>> 16);
    }

    /// The packet without what may change where it must not be fragmented: IPv4's ID, and the header checksum with
    /// it.
    static byte[] comparable(byte[] packet) {
        byte[] copy = packet.clone();
        if (copy[0] >>> 4 == 4 && (copy[6] & 0x40) != 0) {
            Arrays.fill(copy, 4, 6, (byte) 0);
            Arrays.fill(copy, 10, 12, (byte) 0);
        }
        return copy;
    }

    /// Of one flow, or of none.
    static String flow(byte[] packet) {
        int ip = packet[0] >>> 4 == 4 ? 20 : 40;
        return packet[0] + "/" + packet[ip == 20 ? 9 : 6] + "/" + packet[ip] + "/" + packet[ip + 1];
    }
}
