package dev.culvert.device;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.culvert.crypto.Aead;
import dev.culvert.crypto.AeadEngine;
import dev.culvert.crypto.PrivateKey;
import dev.culvert.crypto.RandomSource;
import dev.culvert.noise.CookieChecker;
import dev.culvert.noise.CookieTools;
import dev.culvert.noise.StaticIdentity;
import dev.culvert.wire.HandshakeInitiation;
import java.lang.management.ManagementFactory;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// What the path calls of the lane's structures allocates nothing. A compiler thread or a profile may disturb
/// one run: a structure passes when one run of several allocates nothing.
@LaneConfined
final class AllocationTest {
    private static final int RUNS = 20;
    private static final int ROUNDS = 2000;

    private long sink;

    private static final class Timer extends TimerWheel.Entry {}

    @Test
    void lookingUpARouteAllocatesNothing() {
        AllowedIps.Edit<Object> edit = AllowedIps.empty().edit();
        for (int i = 0; i < 256; i++) {
            edit.insert((long) i << 56, 0, 8, "a").insert((long) i << 56 | 1L << 40, i, 128, "b");
        }
        AllowedIps<Object> full = edit.table();
        assertAllocatesNothing(i -> {
            Object owner = full.lookup((long) i << 56 | 1L << 40, i & 255, 128);
            sink += owner == null ? 0 : 1;
        });
    }

    @Test
    void findingAndReplacingASessionAllocatesNothing() {
        SessionIndexTable<Object> table = new SessionIndexTable<>();
        for (int i = 0; i < 100; i++) {
            table.insert(i * 0x01000193, "session");
        }
        assertAllocatesNothing(i -> {
            sink += table.find(i * 0x01000193) == null ? 0 : 1;
            table.remove(i % 100 * 0x01000193);
            table.insert(i % 100 * 0x01000193, "session");
        });
    }

    @Test
    void timersAllocateNothing() {
        TimerWheel wheel = new TimerWheel(0);
        Timer[] timers = new Timer[64];
        for (int i = 0; i < timers.length; i++) {
            timers[i] = new Timer();
        }
        long[] nowNs = {0};
        TimerWheel.ExpiryListener listener = entry -> sink++;
        assertAllocatesNothing(i -> {
            wheel.arm(timers[i & 63], nowNs[0] + (long) (i & 7) * 3_000_000_000L);
            wheel.disarm(timers[i * 7 & 63]);
            nowNs[0] = Math.max(nowNs[0], Math.min(wheel.nextWakeUpNs(), nowNs[0] + 100_000_000L));
            wheel.expire(nowNs[0], 10, listener);
        });
    }

    @Test
    void handingOverAllocatesNothing() {
        HandOverRing ring = new HandOverRing(16);
        SlotReturnRing returns = new SlotReturnRing(16);
        try (SlotPool pool = new SlotPool(4)) {
            assertAllocatesNothing(i -> {
                int slot = pool.take();
                int entry = ring.claim();
                ring.packet(entry, HandOver.DATAGRAM, slot, pool.address(slot), i, null);
                ring.source(entry, false, i, 0, 1, 0);
                ring.local(entry, i, 0, 1, 0);
                sink += ring.publish() ? 1 : 0;
                int count = ring.available();
                for (int position = 0; position < count; position++) {
                    returns.offer(ring.slot(ring.entry(position)));
                }
                ring.consumed(count);
                pool.release(returns.poll());
            });
        }
    }

    @Test
    void limitingAndCountingAllocateNothing() {
        HandshakeRateLimiter limiter = new HandshakeRateLimiter(20, 5, 1024, 3, 0);
        LaneCounters counters = new LaneCounters();
        long[] nowNs = {0};
        assertAllocatesNothing(i -> {
            nowNs[0] += 10_000_000;
            sink += limiter.allow(true, i, nowNs[0]) ? 1 : 0;
            counters.dropped(DropReason.RATE_LIMITED);
            counters.datagramsReceived(2, 300);
        });
    }

    // What anyone can make us do.

    @Test
    void refusingAWrongMac1AllocatesNothing() {
        withTools(AeadEngine.JDK, (checker, tools) -> {
            byte[] initiation = new byte[HandshakeInitiation.BYTES];
            assertAllocatesNothing(i -> {
                initiation[8] = (byte) i;
                sink += checker.mac1Valid(initiation, tools) ? 1 : 0;
            });
        });
    }

    @Test
    void refusingAWrongMac2AllocatesNothing() {
        withTools(AeadEngine.JDK, (checker, tools) -> {
            byte[] initiation = new byte[HandshakeInitiation.BYTES];
            assertAllocatesNothing(i -> {
                initiation[HandshakeInitiation.MAC2] = (byte) (i | 1);
                tools.source(false, (long) i << 32, 0, i);
                sink += checker.mac2Valid(initiation, i, tools) ? 1 : 0;
            });
        });
    }

    @Test
    void aCookieReplyByTheDefaultEngineAllocatesNothing() {
        withTools(AeadEngine.LIBCRYPTO, (checker, tools) -> {
            byte[] initiation = new byte[HandshakeInitiation.BYTES];
            assertAllocatesNothing(i -> {
                tools.source(false, (long) i << 32, 0, i);
                sink += checker.reply(initiation, i, tools)[40];
            });
        });
    }

    @Test
    void withholdingACookieAllocatesNothing() {
        try (CookieReplyBudget budget = new CookieReplyBudget(1, 3, 0)) {
            assertAllocatesNothing(i -> sink += budget.allows((long) i << 32, 0, i, 5L * i) ? 1 : 0);
        }
    }

    @Test
    void whatIsBeyondTheAllowanceOfIncidentsAllocatesNothing() {
        IncidentLog log = new IncidentLog(new ManualClock(), new EventLog(new ManualClock()));
        assertAllocatesNothing(i -> sink += log.allows(IncidentLog.Of.SOURCE, 5L * i) ? 1 : 0);
    }

    private interface Macs {
        void run(CookieChecker checker, CookieTools tools);
    }

    private static void withTools(AeadEngine engine, Macs macs) {
        RandomSource random = new Random(1)::nextBytes;
        try (Aead aead = engine.newAead();
                CookieTools tools = new CookieTools(aead, random)) {
            macs.run(new CookieChecker(new StaticIdentity(PrivateKey.generate(random))), tools);
        }
    }

    private interface Round {
        void run(int i);
    }

    private static void assertAllocatesNothing(Round round) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        for (int run = 0; run < RUNS && least != 0; run++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < ROUNDS; i++) {
                round.run(i);
            }
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        assertThat(least).as("bytes allocated by the best of the runs").isZero();
    }
}
