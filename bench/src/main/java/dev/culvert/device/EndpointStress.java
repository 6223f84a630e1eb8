package dev.culvert.device;

import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/// An endpoint is never seen in part, even where it is handed on by a plain write.
@JCStressTest
@Outcome(id = "0", expect = Expect.ACCEPTABLE, desc = "not seen")
@Outcome(id = "1", expect = Expect.ACCEPTABLE, desc = "seen whole")
@Outcome(expect = Expect.FORBIDDEN, desc = "seen in part")
@State
public class EndpointStress {
    private @Nullable Endpoint shared;

    @Actor
    public void lane() {
        shared = new Endpoint(true, 7, 7, 7, 7, 7, 7, 7);
    }

    @Actor
    public void reader(I_Result result) {
        Endpoint seen = shared;
        if (seen != null) {
            boolean whole = seen.ipv6
                    && seen.hi == 7
                    && seen.lo == 7
                    && seen.port == 7
                    && seen.scope == 7
                    && seen.localHi == 7
                    && seen.localLo == 7
                    && seen.localInterface == 7;
            result.r1 = whole ? 1 : 2;
        }
    }
}
