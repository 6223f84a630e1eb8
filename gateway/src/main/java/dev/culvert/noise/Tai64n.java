package dev.culvert.noise;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/// An initiation's timestamp, 12 bytes big-endian (paper section 5.1; cr.yp.to/libtai/tai64.html). Both parts are
/// unsigned. A receiver asks only whether it is later than the last one; what it says about the time is nobody's
/// business, hence it is rounded.
///
/// @param seconds since 1970 plus 2^62 + 10
public record Tai64n(long seconds, int nanoseconds) implements Comparable<Tai64n> {
    public static final int BYTES = 12;

    private static final VarHandle LONG_BE = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle INT_BE = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);

    private static final long BASE = 0x4000_0000_0000_000aL;
    private static final int SECOND_NS = 1_000_000_000;
    // The largest power of two within the interval in which no second initiation is accepted (kernel tai64n_now).
    private static final int STEP_NS = Integer.highestOneBit((int) Protocol.INITIATION_INTERVAL_MIN_NS);

    /// The stamp of a wall-clock time in nanoseconds since 1970, rounded down to a multiple of 2^24 ns.
    public static Tai64n of(long wallNs) {
        return new Tai64n(BASE + Math.floorDiv(wallNs, SECOND_NS), Math.floorMod(wallNs, SECOND_NS) & -STEP_NS);
    }

    /// This stamp or, if the wall clock stood still or went back, the first one after `last`: stamps sent to a
    /// peer must grow.
    ///
    /// @param last sent before; null if there is none
    public Tai64n orAfter(@Nullable Tai64n last) {
        if (last == null) {
            return this;
        }
        Tai64n next = last.next();
        return compareTo(next) >= 0 ? this : next;
    }

    private Tai64n next() {
        long next = Integer.toUnsignedLong(nanoseconds & -STEP_NS) + STEP_NS;
        return next < SECOND_NS ? new Tai64n(seconds, (int) next) : new Tai64n(seconds + 1, 0);
    }

    /// Writes 12 bytes.
    public void encode(byte[] target, int offset) {
        LONG_BE.set(target, offset, seconds);
        INT_BE.set(target, offset + Long.BYTES, nanoseconds);
    }

    /// Reads 12 bytes; any are valid.
    public static Tai64n decode(byte[] source, int offset) {
        return new Tai64n((long) LONG_BE.get(source, offset), (int) INT_BE.get(source, offset + Long.BYTES));
    }

    /// As the 12 bytes compare.
    @Override
    public int compareTo(Tai64n other) {
        int bySeconds = Long.compareUnsigned(seconds, other.seconds);
        return bySeconds != 0 ? bySeconds : Integer.compareUnsigned(nanoseconds, other.nanoseconds);
    }
}
