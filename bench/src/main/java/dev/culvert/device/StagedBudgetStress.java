package dev.culvert.device;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/// Two lanes reserve six of ten bytes at once: one of them gets them.
@JCStressTest
@Outcome(
        id = {"true, false", "false, true"},
        expect = Expect.ACCEPTABLE,
        desc = "one of them")
@Outcome(expect = Expect.FORBIDDEN, desc = "both, or neither")
@State
public class StagedBudgetStress {
    private final StagedBudget budget = new StagedBudget(10);

    @Actor
    public void one(ZZ_Result result) {
        result.r1 = budget.reserve(6);
    }

    @Actor
    public void other(ZZ_Result result) {
        result.r2 = budget.reserve(6);
    }
}
