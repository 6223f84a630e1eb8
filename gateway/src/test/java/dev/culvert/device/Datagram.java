package dev.culvert.device;

/// A datagram between test devices: the sender's and the receiver's outer address are small numbers.
@Published
@SuppressWarnings("ArrayRecordComponent") // a test value, compared by its parts
record Datagram(int from, int fromPort, int to, int toPort, int tos, byte[] bytes) {
    Datagram withBytes(byte[] other) {
        return new Datagram(from, fromPort, to, toPort, tos, other);
    }

    Datagram withSource(int otherFrom, int otherPort) {
        return new Datagram(otherFrom, otherPort, to, toPort, tos, bytes);
    }

    boolean isEmpty() {
        return bytes.length == 0;
    }

    int type() {
        return bytes.length == 0 ? 0 : bytes[0];
    }

    /// 192.0.2.`host`, left-aligned.
    static long hi(int host) {
        return (long) (0xC0000200 | host) << 32;
    }

    static int host(long hi) {
        return (int) (hi >>> 32) & 0xff;
    }
}
