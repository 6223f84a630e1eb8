package dev.culvert.device;

import dev.culvert.crypto.PublicKey;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/// A prefix moves from one peer to another while two lanes look it up: it always has an owner, and never the old one
/// again after the new one (conformance 1.14).
@JCStressTest
@Outcome(
        id = {"1, 1", "1, 2", "2, 2"},
        expect = Expect.ACCEPTABLE,
        desc = "the old owner, then the new one")
@Outcome(expect = Expect.FORBIDDEN, desc = "no owner for a moment (0), or back to the old one")
@State
public class RouterPublicationStress {
    private static final Peer OLD = peer(1);
    private static final Peer NEW = peer(2);
    private static final AllowedIp PREFIX = AllowedIp.of(new byte[] {10, 0, 0, 0}, 8);
    private static final AllowedIp INSIDE = AllowedIp.of(new byte[] {10, 1, 0, 0}, 16);
    private static final CryptokeyRouter BEFORE = before();

    private final DeviceState device = StressDevice.state();

    public RouterPublicationStress() {
        device.router = BEFORE;
    }

    private static Peer peer(int number) {
        byte[] key = new byte[PublicKey.BYTES];
        key[0] = (byte) number;
        return new Peer(PublicKey.fromBytes(key));
    }

    private static CryptokeyRouter before() {
        DeviceState state = StressDevice.state();
        RouterEdit edit = new RouterEdit(CryptokeyRouter.EMPTY);
        edit.insert(PREFIX, OLD);
        edit.insert(INSIDE, OLD);
        edit.publish(state);
        return state.router;
    }

    @Actor
    public void control() {
        RouterEdit edit = new RouterEdit(device.router);
        edit.remove(INSIDE, OLD);
        edit.insert(INSIDE, NEW);
        edit.publish(device);
    }

    @Actor
    public void lane(II_Result result) {
        result.r1 = owner();
        result.r2 = owner();
    }

    private int owner() {
        @Nullable Peer peer = device.router.peerFor(false, INSIDE.hi(), 0);
        return peer == null ? 0 : peer.equals(OLD) ? 1 : 2;
    }
}
