package dev.culvert.device;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/// A packet goes over while the other lane drains: it is seen whole by this drain, or another one is scheduled for it.
@JCStressTest
@Outcome(id = "0, 1", expect = Expect.ACCEPTABLE, desc = "not seen, and a drain is scheduled")
@Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "seen, and a drain is scheduled that finds nothing")
@Outcome(id = "1, 0", expect = Expect.ACCEPTABLE, desc = "seen; the drain that was scheduled before is this one")
@Outcome(expect = Expect.FORBIDDEN, desc = "lost (0, 0) or torn (2, ...)")
@State
public class HandOverRingStress {
    private final HandOverRing ring = new HandOverRing(4);

    /// As after an earlier packet whose drain has been scheduled and is only now beginning.
    public HandOverRingStress() {
        fill(ring.claim(), 1);
        ring.publish();
    }

    private void fill(int entry, int value) {
        ring.packet(entry, HandOver.DATAGRAM, value, value, value, null);
        ring.source(entry, true, value, value, value, value);
        ring.local(entry, value, value, value, value);
    }

    @Actor
    public void producer(II_Result result) {
        fill(ring.claim(), 7);
        result.r2 = ring.publish() ? 1 : 0;
    }

    @Actor
    public void consumer(II_Result result) {
        int count = ring.available();
        if (count == 2) {
            int entry = ring.entry(1);
            boolean whole = ring.slot(entry) == 7
                    && ring.address(entry) == 7
                    && ring.length(entry) == 7
                    && ring.ecn(entry) == 7;
            result.r1 = whole ? 1 : 2;
        }
        ring.consumed(count);
    }
}
