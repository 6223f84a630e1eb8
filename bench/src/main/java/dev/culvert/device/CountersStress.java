package dev.culvert.device;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/// A lane counts while another thread reads: what it reads only rises.
@JCStressTest
@Outcome(
        id = {"0, 0", "0, 1", "0, 2", "1, 1", "1, 2", "2, 2"},
        expect = Expect.ACCEPTABLE,
        desc = "rising")
@Outcome(expect = Expect.FORBIDDEN, desc = "falling, or never counted")
@State
public class CountersStress {
    private final LaneCounters counters = new LaneCounters();

    @Actor
    public void lane() {
        counters.dropped(DropReason.FORGED);
        counters.dropped(DropReason.FORGED);
    }

    @Actor
    public void reader(II_Result result) {
        result.r1 = (int) counters.drops(DropReason.FORGED);
        result.r2 = (int) counters.drops(DropReason.FORGED);
    }
}
