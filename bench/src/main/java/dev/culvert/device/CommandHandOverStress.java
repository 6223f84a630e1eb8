package dev.culvert.device;

import dev.culvert.crypto.PublicKey;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/// The control plane configures an endpoint at the moment in which a peer gets its home lane: the new lane state begins
/// with it, or a command brings it.
@JCStressTest
@Outcome(id = "4711, 1", expect = Expect.ACCEPTABLE, desc = "the endpoint arrives")
@Outcome(expect = Expect.FORBIDDEN, desc = "lost on the way")
@State
@SuppressWarnings("NullAway.Init") // the actors run before the arbiter
public class CommandHandOverStress {
    private static final int PORT = 4711;
    private static final StressDevice DEVICE = new StressDevice();

    private final Peer peer = new Peer(PublicKey.fromBytes(new byte[PublicKey.BYTES]));
    private LanePeer home;

    @Actor
    public void control() {
        PeerConfiguration.endpoint(peer, new InetSocketAddress(InetAddress.getLoopbackAddress(), PORT));
    }

    @Actor
    public void lane() {
        home = DEVICE.assign(peer);
    }

    @Arbiter
    @SuppressWarnings("ReferenceEquality") // one object it must be
    public void afterwards(II_Result result) {
        DEVICE.runCommands();
        Endpoint endpoint = home.endpoint;
        result.r1 = endpoint == null ? 0 : endpoint.port;
        result.r2 = home == peer.lanePeer ? 1 : 0;
    }
}
