package dev.culvert.device;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/// Makes inner packets: 10.0.0.`host` or fd00::`host`, with a text as payload.
@AnyThread
final class InnerPacket {
    static final byte PROTOCOL = 17;

    private InnerPacket() {}

    static byte[] ipv4(int source, int destination, String payload) {
        byte[] text = payload.getBytes(StandardCharsets.US_ASCII);
        ByteBuffer packet = ByteBuffer.allocate(20 + text.length);
        packet.put((byte) 0x45).put((byte) 0).putShort((short) packet.capacity());
        packet.putInt(0).put((byte) 64).put(PROTOCOL).putShort((short) 0);
        packet.putInt(0x0a000000 | source).putInt(0x0a000000 | destination);
        int sum = 0;
        for (int i = 0; i < 20; i += 2) {
            sum += packet.getShort(i) & 0xffff;
        }
        sum = (sum & 0xffff) + (sum >>> 16);
        packet.putShort(10, (short) ~((sum & 0xffff) + (sum >>> 16)));
        packet.position(20);
        packet.put(text);
        return packet.array();
    }

    static byte[] ipv6(int source, int destination, String payload) {
        byte[] text = payload.getBytes(StandardCharsets.US_ASCII);
        ByteBuffer packet = ByteBuffer.allocate(40 + text.length);
        packet.putInt(0x60000000).putShort((short) text.length).put(PROTOCOL).put((byte) 64);
        packet.putLong(0xfd00L << 48).putLong(source);
        packet.putLong(0xfd00L << 48).putLong(destination);
        packet.put(text);
        return packet.array();
    }

    static String payload(byte[] packet) {
        int header = packet[0] >>> 4 == 4 ? 20 : 40;
        return new String(packet, header, packet.length - header, StandardCharsets.US_ASCII);
    }

    static AllowedIp prefix4(int host, int length) {
        return AllowedIp.of(new byte[] {10, 0, 0, (byte) host}, length);
    }

    static AllowedIp prefix6(int host, int length) {
        byte[] address = new byte[16];
        address[0] = (byte) 0xfd;
        address[15] = (byte) host;
        return AllowedIp.of(address, length);
    }
}
