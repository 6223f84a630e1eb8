package dev.culvert.device;

import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/// Greets peers that had a session when an earlier run ended: without it, a spoke that only sends keepalives
/// notices a restart when its key is 120 s old, and nobody reaches it until then. Paced, since each greeting
/// costs a worker three Diffie-Hellmans and the peers answer at once.
///
/// The thread lives while there is somebody to greet.
@AnyThread
final class PeerGreeter implements PeerConfiguration.Greeter, AutoCloseable {
    private static final int AT_ONCE = 10;
    private static final int PAUSE_MS = 5;

    private final DeviceState state;
    private final String name;
    private final Queue<Peer> waiting = new ArrayDeque<>();
    private @Nullable Thread thread;
    private boolean closed;

    /// @param name of the interface
    PeerGreeter(DeviceState state, String name) {
        this.state = state;
        this.name = name;
    }

    /// The peer is greeted as soon as the link is up.
    @Override
    public synchronized void add(Peer peer) {
        waiting.add(peer);
        begin();
    }

    @Override
    public synchronized void begin() {
        if (thread == null && !waiting.isEmpty() && state.up && !closed) {
            thread = Thread.ofPlatform().daemon().name(name + "-greet").start(this::run);
        }
    }

    private void run() {
        while (greetSome()) {
            try {
                Thread.sleep(PAUSE_MS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private synchronized boolean greetSome() {
        for (int i = 0; i < AT_ONCE && !waiting.isEmpty() && state.up && !closed; i++) {
            LanePeer peer = state.assignment.home(waiting.remove());
            if (peer != null) {
                peer.lane.command(() -> peer.lane.handshakes.greet(peer));
            }
        }
        if (waiting.isEmpty() || !state.up || closed) {
            thread = null;
            return false;
        }
        return true;
    }

    @Override
    public synchronized void close() {
        closed = true;
        waiting.clear();
    }
}
