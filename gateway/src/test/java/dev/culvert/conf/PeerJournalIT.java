package dev.culvert.conf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.crypto.PublicKey;
import dev.culvert.device.PeerNotes;
import dev.culvert.device.RememberedPeer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A journal on a disk that is really full.
final class PeerJournalIT implements PeerNotes {
    private static final int DISK_KIB = 64;
    private static final long RETRY_MS = 20;

    private final ProcessCommandRunner host = new ProcessCommandRunner(_ -> {});
    private final BlockingQueue<RememberedPeer> changes = new LinkedBlockingQueue<>();
    private final Map<PublicKey, RememberedPeer> peers = new ConcurrentHashMap<>();

    @TempDir
    private Path directory = Path.of("");

    @BeforeEach
    void mount() throws Exception {
        String size = "size=" + DISK_KIB + "k,mode=700";
        host.run(List.of("mount", "-t", "tmpfs", "-o", size, "tmpfs", directory.toString()), null);
    }

    @AfterEach
    void unmount() throws Exception {
        host.run(List.of("umount", directory.toString()), null);
    }

    @Test
    void aFullDiskLosesNothingThatWasWrittenAndIsCaughtUpWith() throws Exception {
        Path file = directory.resolve("wg0.peers");
        Path filler = directory.resolve("filler");
        try (PeerJournal journal = PeerJournal.open(file, RETRY_MS)) {
            journal.follow(this, "wg0");
            change(1);
            until(() -> read(file) == 1);
            fill(filler);
            for (int number = 2; number <= 200; number++) {
                change(number);
            }
            until(changes::isEmpty);
            change(201); // the one before it has been tried, and was refused
            until(changes::isEmpty);
            assertThat(read(file)).isBetween(1, 200);
            assertThat(journal.errors()).isPositive();
            Files.delete(filler);
            until(() -> read(file) == 201);
            change(202);
            until(() -> read(file) == 202);
        }
        assertThat(read(file)).isEqualTo(202);
    }

    private static void fill(Path filler) {
        assertThatThrownBy(() -> Files.write(filler, new byte[(DISK_KIB + 4) * 1024]))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("No space left");
    }

    private static int read(Path file) {
        try (PeerJournal journal = PeerJournal.open(file)) {
            return journal.peers().size();
        }
    }

    private void change(int number) {
        byte[] key = new byte[PublicKey.BYTES];
        Arrays.fill(key, 4, 8, (byte) 1);
        key[0] = (byte) number;
        RememberedPeer peer = new RememberedPeer(
                PublicKey.fromBytes(key),
                new InetSocketAddress("192.0.2.1", 1000 + number),
                0x4000_0000_6000_0000L + number,
                0,
                System.currentTimeMillis() * 1_000_000,
                false);
        peers.put(peer.publicKey(), peer);
        changes.add(peer);
    }

    @Override
    public @Nullable RememberedPeer awaitChange(long timeoutMs) throws InterruptedException {
        return changes.poll(timeoutMs, TimeUnit.MILLISECONDS);
    }

    @Override
    public List<RememberedPeer> all() {
        return List.copyOf(peers.values());
    }

    private static void until(BooleanSupplier condition) {
        long endNs = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("waited 30 s").isLessThan(endNs);
            LockSupport.parkNanos(5_000_000);
        }
    }
}
