package dev.culvert.noise;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.crypto.PrivateKey;
import dev.culvert.crypto.PublicKey;
import dev.culvert.wire.Vectors;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class IdentityTest {
    private static final int THREADS = 4;

    @Test
    void derivesTheKeysOfEveryVector() {
        for (JsonNode c : Vectors.field(Vectors.read("cookie.json"), "cases")) {
            RemoteIdentity remote = new RemoteIdentity(PublicKey.fromBytes(Vectors.bytes(c, "responder_public")));
            try (StaticIdentity own = new StaticIdentity(PrivateKey.fromBytes(Vectors.bytes(c, "responder_private")))) {
                assertThat(own.publicKey()).isEqualTo(remote.publicKey());
                assertThat(Vectors.hex(Labels.mac1Key(own.publicKey()))).isEqualTo(Vectors.text(c, "mac1_key"));
                assertThat(Vectors.hex(own.cookieKey())).isEqualTo(Vectors.text(c, "cookie_key"));
                assertThat(Vectors.hex(remote.mac1Key())).isEqualTo(Vectors.text(c, "mac1_key"));
                assertThat(Vectors.hex(remote.cookieKey())).isEqualTo(Vectors.text(c, "cookie_key"));
            }
        }
    }

    @Test
    void computesAPeersKeysOnce() {
        try (Duo duo = new Duo(1)) {
            assertThat(duo.remoteBob.mac1Key()).isSameAs(duo.remoteBob.mac1Key());
            assertThat(duo.remoteBob.cookieKey()).isSameAs(duo.remoteBob.cookieKey());
        }
    }

    @Test
    void closingZeroesThePrivateKey() {
        try (Duo duo = new Duo(2)) {
            PrivateKey key = duo.ephemeral();
            new StaticIdentity(key).close();
            assertThat(key.toHex()).isEqualTo("00".repeat(32));
        }
    }

    @Test
    void givesTheSameKeysToAllThreadsThatAskAtOnce() throws Exception {
        try (Duo duo = new Duo(3);
                ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
            for (int round = 0; round < 50; round++) {
                PublicKey key = duo.ephemeral().publicKey();
                RemoteIdentity remote = new RemoteIdentity(key);
                CyclicBarrier start = new CyclicBarrier(THREADS);
                List<Future<byte[]>> results = new ArrayList<>();
                for (int i = 0; i < THREADS; i++) {
                    results.add(threads.submit(() -> {
                        start.await();
                        return remote.mac1Key();
                    }));
                }
                for (Future<byte[]> result : results) {
                    assertThat(result.get()).isEqualTo(Labels.mac1Key(key));
                }
            }
        }
    }
}
