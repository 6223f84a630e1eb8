package dev.culvert.noise;

import org.jspecify.annotations.Nullable;

/// A peer's three sessions (kernel `struct noise_keypairs`, `add_new_keypair`, `wg_noise_received_with_keypair`).
/// Touched by the peer's home lane only. We send with *current* and accept with any.
///
/// ```
/// event                          previous                  current    next
/// added as initiator             next if any (current is   new        –
///                                dropped), else current
/// added as responder             –                         the same   new
/// first packet under *next*      current                   next       –
/// ```
///
/// Whatever stood in a slot and stands in none afterwards is dropped.
public final class Keypairs {
    private @Nullable Keypair previous;
    private @Nullable Keypair current;
    private @Nullable Keypair next;

    /// Whoever owns indices and key memory.
    @FunctionalInterface
    public interface Reaper {
        /// The keypair has just left its slot: remove its index, zero and free its keys.
        void dropped(Keypair keypair);
    }

    public @Nullable Keypair previous() {
        return previous;
    }

    public @Nullable Keypair current() {
        return current;
    }

    public @Nullable Keypair next() {
        return next;
    }

    /// We received the response: the peer has the keys, we may send at once.
    public void addAsInitiator(Keypair added, Reaper reaper) {
        drop(previous, reaper);
        if (next != null) {
            drop(current, reaper);
            previous = next;
            next = null;
        } else {
            previous = current;
        }
        current = added;
    }

    /// We sent the response: unconfirmed until the peer's first packet.
    public void addAsResponder(Keypair added, Reaper reaper) {
        drop(previous, reaper);
        drop(next, reaper);
        previous = null;
        next = added;
    }

    /// Told of each authentic, fresh packet.
    ///
    /// @return true if its keypair was *next* and is *current* from now on: the handshake is complete
    public boolean received(Keypair keypair, Reaper reaper) {
        if (keypair != next) {
            return false;
        }
        drop(previous, reaper);
        previous = current;
        current = next;
        next = null;
        return true;
    }

    /// Drops all three.
    public void clear(Reaper reaper) {
        drop(previous, reaper);
        drop(current, reaper);
        drop(next, reaper);
        previous = null;
        current = null;
        next = null;
    }

    /// Our own key has changed (kernel `wg_noise_expire_current_peer_keypairs`): nothing is sent any more with
    /// what we have, but still received.
    public void invalidateSending() {
        if (current != null) {
            current.invalidateSending();
        }
        if (next != null) {
            next.invalidateSending();
        }
    }

    private static void drop(@Nullable Keypair keypair, Reaper reaper) {
        if (keypair != null) {
            reaper.dropped(keypair);
        }
    }
}
