package dev.culvert.device;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/// Two slots come home: in order, each once, never one that was not yet written.
@JCStressTest
@Outcome(
        id = {"-1, -1", "-1, 5", "5, -1", "5, 9"},
        expect = Expect.ACCEPTABLE,
        desc = "in order")
@Outcome(expect = Expect.FORBIDDEN, desc = "out of order, twice, or not a slot")
@State
public class SlotReturnRingStress {
    private final SlotReturnRing ring = new SlotReturnRing(2);

    @Actor
    public void borrower() {
        ring.offer(5);
        ring.offer(9);
    }

    @Actor
    public void owner(II_Result result) {
        result.r1 = ring.poll();
        result.r2 = ring.poll();
    }
}
