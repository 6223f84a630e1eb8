package dev.culvert.bench;

import dev.culvert.crypto.Memory;
import dev.culvert.wire.SegmentCoalescer;
import dev.culvert.wire.SegmentSplitter;
import dev.culvert.wire.VirtioNetHeader;
import java.lang.foreign.Arena;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// What does a packet cost to be cut from a unit of TSO, and to be joined to one? Both compute its checksum. The copy
/// is there for scale. A unit is 46 TCP packets of IPv4, full ones under the usual MTU of 1420.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(value = 2, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class SegmentBenchmark {
    private static final int SEGMENTS = 46;
    private static final int PAYLOAD = 1_380;
    private static final int IP = 20;
    private static final int HEADERS = 40;
    private static final int TCP = 6;
    private static final int CHECKSUM = 16;
    private static final int ACK = 0x10;
    private static final int STRIDE = 1_536;

    private final Arena memory = Arena.ofAuto();
    private final SegmentSplitter splitter = new SegmentSplitter();
    private final SegmentCoalescer coalescer = new SegmentCoalescer(true, true);
    private final int bytes = HEADERS + SEGMENTS * PAYLOAD;
    private final long unit =
            memory.allocate(VirtioNetHeader.BYTES + bytes + 64, 64).address() + 16;
    private final long firstHeaders = memory.allocate(HEADERS, 64).address();
    private final long packets =
            memory.allocate((long) (SEGMENTS + 1) * STRIDE, 64).address() + 64;

    @Setup(Level.Trial)
    public void fill() {
        for (int i = 0; i < bytes; i++) {
            Memory.putByte(unit + i, i * 31);
        }
        Memory.zero(unit, HEADERS);
        Memory.putByte(unit, 0x45);
        Memory.putShortBe(unit + 2, bytes);
        Memory.putByte(unit + 8, 64);
        Memory.putByte(unit + 9, TCP);
        Memory.putIntBe(unit + 12, 0x0a000001);
        Memory.putIntBe(unit + 16, 0x0a000002);
        Memory.putByte(unit + IP + 12, 5 << 4);
        Memory.putByte(unit + IP + 13, ACK);
        VirtioNetHeader.write(unit - VirtioNetHeader.BYTES, VirtioNetHeader.TCP_IPV4, HEADERS, PAYLOAD, IP, CHECKSUM);
        split();
        Memory.copy(packet(0), firstHeaders, HEADERS);
    }

    private long packet(int i) {
        return packets + (long) i * STRIDE;
    }

    @Benchmark
    @OperationsPerInvocation(SEGMENTS)
    public int split() {
        int parts = splitter.open(unit, bytes);
        for (int i = 0; i < parts; i++) {
            splitter.write(i, packet(i));
        }
        if (parts != SEGMENTS) {
            throw new IllegalStateException(parts + " packets");
        }
        return parts;
    }

    @Benchmark
    @OperationsPerInvocation(SEGMENTS)
    public int join() {
        Memory.copy(firstHeaders, packet(0), HEADERS); // they became the unit's
        for (int i = 0; i < SEGMENTS; i++) {
            coalescer.add(packet(i), HEADERS + PAYLOAD);
        }
        int units = coalescer.finish();
        coalescer.clear();
        if (units != 1) {
            throw new IllegalStateException(units + " units");
        }
        return units;
    }

    @Benchmark
    @OperationsPerInvocation(SEGMENTS)
    public long copy() {
        for (int i = 0; i < SEGMENTS; i++) {
            Memory.copy(unit + (long) i * PAYLOAD, packet(i), PAYLOAD);
        }
        return packets;
    }

    @TearDown(Level.Trial)
    public void free() {
        coalescer.close();
    }
}
