package dev.culvert.device;

import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/// What does cryptokey routing cost a packet that goes to a random peer of many, and what does it cost to move
/// one prefix? Each peer has one /32 of 10.0.0.0/8, as hubs give them out, and there is a default route. Beside
/// the trie: a list that is searched through, and a hash table for each prefix length, longest first, which
/// pays for each length that is in use (two here) and copies all of itself for a change that readers must not
/// see half of.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(value = 2, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@SuppressWarnings("NullAway.Init") // JMH calls #fill before anything else
public class AllowedIpsBenchmark {
    private static final int BITS = 32;
    private static final Integer DEFAULT_ROUTE = -1;
    private static final int ADDRESSES = 1 << 16;
    private static final long NETWORK = 10L << 56;

    @Param({"10", "1000", "100000"})
    public int peers;

    private AllowedIps<Integer> table;
    private long[] listed;
    private Map<Long, Integer> hashed;
    private long[] addresses;
    private int next;

    @Setup(Level.Trial)
    public void fill() {
        AllowedIps.Edit<Integer> edit = AllowedIps.<Integer>empty().edit().insert(0, 0, 0, -1);
        listed = new long[peers];
        hashed = new HashMap<>();
        for (int i = 0; i < peers; i++) {
            edit.insert(addressOf(i), 0, BITS, i);
            listed[i] = addressOf(i);
            hashed.put(addressOf(i), i);
        }
        table = edit.table();
        SplittableRandom random = new SplittableRandom(1);
        addresses = new long[ADDRESSES];
        for (int i = 0; i < ADDRESSES; i++) {
            addresses[i] = addressOf(random.nextInt(peers));
        }
    }

    @Benchmark
    public @Nullable Integer lookup() {
        return table.lookup(nextAddress(), 0, BITS);
    }

    @Benchmark
    public int lookupInList() {
        long address = nextAddress();
        for (int i = 0; i < listed.length; i++) {
            if (listed[i] == address) {
                return i;
            }
        }
        return -1;
    }

    @Benchmark
    public Integer lookupInHashTables() {
        Integer exact = hashed.get(nextAddress());
        return exact == null ? DEFAULT_ROUTE : exact;
    }

    @Benchmark
    public Object moveOnePrefix() {
        return table.edit().insert(nextAddress(), 0, BITS, -1).table();
    }

    private long nextAddress() {
        return addresses[next++ & (ADDRESSES - 1)];
    }

    private static long addressOf(int peer) {
        return NETWORK | (long) peer << 32;
    }
}
