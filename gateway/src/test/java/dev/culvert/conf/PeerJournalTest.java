package dev.culvert.conf;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.crypto.PublicKey;
import dev.culvert.device.PeerNotes;
import dev.culvert.device.RememberedPeer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PeerJournalTest {
    private static final long DAY_NS = 86_400_000_000_000L;
    private static final long NOW_NS = 20_000 * DAY_NS;

    @TempDir
    private Path directory = Path.of("");

    private Path file = Path.of("");
    private final Notes notes = new Notes();

    @BeforeEach
    void names() {
        file = directory.resolve("state/wg0.peers");
    }

    /// A device, as far as a journal sees it.
    private static final class Notes implements PeerNotes {
        private final BlockingQueue<RememberedPeer> changes = new LinkedBlockingQueue<>();
        private final Map<PublicKey, RememberedPeer> peers = Collections.synchronizedMap(new LinkedHashMap<>());

        @Override
        public @Nullable RememberedPeer awaitChange(long timeoutMs) throws InterruptedException {
            return changes.poll(timeoutMs, TimeUnit.MILLISECONDS);
        }

        @Override
        public List<RememberedPeer> all() {
            synchronized (peers) {
                return new ArrayList<>(peers.values());
            }
        }

        private void change(RememberedPeer peer) {
            if (peer.removed()) {
                peers.remove(peer.publicKey());
            } else {
                peers.put(peer.publicKey(), peer);
            }
            changes.add(peer);
        }
    }

    private static PublicKey key(int number) {
        byte[] bytes = new byte[PublicKey.BYTES];
        bytes[0] = (byte) number;
        bytes[1] = (byte) (number >> 8);
        bytes[2] = (byte) (number >> 16);
        return PublicKey.fromBytes(bytes);
    }

    private static RememberedPeer peer(int number, String address, int port, long handshakeNs) {
        try {
            return new RememberedPeer(
                    key(number),
                    new InetSocketAddress(InetAddress.getByName(address), port),
                    0x4000_0000_6000_0000L + number,
                    number << 24,
                    handshakeNs,
                    false);
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    private static RememberedPeer peer(int number) {
        return peer(number, "192.0.2.1", 1000 + number, NOW_NS);
    }

    /// A whole life of a journal: reads, writes what changes, ends.
    private List<RememberedPeer> write(RememberedPeer... changes) {
        try (PeerJournal journal = PeerJournal.open(file)) {
            journal.peers().forEach(peer -> notes.peers.put(peer.publicKey(), peer)); // as a device remembers
            journal.follow(notes, "wg0");
            for (RememberedPeer change : changes) {
                notes.change(change);
            }
            return journal.peers();
        }
    }

    private List<RememberedPeer> read() {
        try (PeerJournal journal = PeerJournal.open(file)) {
            return journal.peers();
        }
    }

    private static void until(BooleanSupplier condition) {
        long endNs = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("waited 30 s").isLessThan(endNs);
            LockSupport.parkNanos(5_000_000);
        }
    }

    @Test
    void givesBackWhatItWasTold() {
        RememberedPeer[] peers = {
            peer(1),
            peer(2, "2001:db8::7", 51820, 0),
            new RememberedPeer(key(3), null, -1L, -1, NOW_NS, false), // unsigned
            peer(4),
        };
        assertThat(write(peers)).isEmpty();
        assertThat(read()).containsExactlyInAnyOrder(peers);
    }

    @Test
    void theLastWordCounts() {
        write(peer(1), peer(2), peer(1, "198.51.100.9", 9, NOW_NS), RememberedPeer.removed(key(2)), peer(3));
        assertThat(read()).containsExactlyInAnyOrder(peer(1, "198.51.100.9", 9, NOW_NS), peer(3));
    }

    @Test
    void aSecondLifeKeepsWhatTheFirstKnew() {
        write(peer(1), peer(2));
        notes.peers.clear();
        assertThat(write(peer(2, "203.0.113.5", 5, NOW_NS))).hasSize(2);
        assertThat(read()).containsExactlyInAnyOrder(peer(1), peer(2, "203.0.113.5", 5, NOW_NS));
    }

    @Test
    void nobodyElseMayReadIt() throws IOException {
        write(peer(1));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file.getParent())))
                .isEqualTo("rwx------");
    }

    @Test
    void isWrittenWhileItRuns() {
        try (PeerJournal journal = PeerJournal.open(file)) {
            journal.follow(notes, "wg0");
            until(() -> Files.exists(file));
            notes.change(peer(1));
            until(() -> read().equals(List.of(peer(1)))); // as after kill -9: nothing was closed
            notes.change(peer(2));
            until(() -> read().equals(List.of(peer(1), peer(2))));
            assertThat(journal.peers()).isEmpty();
        }
    }

    // What a crash or a disk leaves.

    @Test
    void anyCutLosesTheLineThatItHitsAndNoOther() throws IOException {
        write(peer(1), peer(2), peer(3));
        write(); // one line each
        byte[] whole = Files.readAllBytes(file);
        String text = new String(whole, StandardCharsets.ISO_8859_1);
        int third = text.indexOf("peer " + key(3).toBase64());
        for (int length = third; length < whole.length - 1; length++) {
            Files.write(file, Arrays.copyOf(whole, length));
            assertThat(read()).as("cut to %d bytes", length).containsExactly(peer(1), peer(2));
        }
        Files.write(file, Arrays.copyOf(whole, whole.length - 1));
        assertThat(read()).as("only the last line's end is missing").hasSize(3);
    }

    @Test
    void anyFlippedBitLosesItsLineAtMost() throws IOException {
        write(peer(1), peer(2));
        write(); // one line each
        byte[] whole = Files.readAllBytes(file);
        String text = new String(whole, StandardCharsets.ISO_8859_1);
        int first = text.indexOf('\n') + 1;
        int second = text.indexOf('\n', first) + 1;
        for (int bit = 8 * first; bit < 8 * second; bit++) {
            byte[] damaged = whole.clone();
            damaged[bit / 8] ^= (byte) (1 << bit % 8);
            Files.write(file, damaged);
            if (damaged[second - 1] == '\n') {
                assertThat(read()).as("bit %d", bit).containsExactly(peer(2));
            } else {
                assertThat(read()).as("two lines became one by bit %d", bit).isEmpty();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\n", "culvert peers 2\n", "\0\0\0\0", "[Interface]\nPrivateKey = x\n"})
    void whatIsNoJournalIsSetAside(String text) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
        assertThat(write(peer(1))).isEmpty();
        assertThat(read()).containsExactly(peer(1));
        assertThat(file.resolveSibling("wg0.peers.bad")).hasContent(text);
    }

    @Test
    void aLinkInItsPlaceIsNotFollowed() throws IOException {
        Files.createDirectories(file.getParent());
        Path other = Files.writeString(directory.resolve("other"), "mine");
        Files.createSymbolicLink(file, other);
        write(peer(1));
        assertThat(read()).containsExactly(peer(1));
        assertThat(other).hasContent("mine");
        assertThat(Files.isSymbolicLink(file)).isFalse();
    }

    @Test
    void goesOnWhenItsDirectoryCannotBeMadeAndCatchesUpLater() throws IOException {
        Path inTheWay = Files.writeString(directory.resolve("state"), "a file where a directory should be");
        try (PeerJournal journal = PeerJournal.open(file, 20)) {
            journal.follow(notes, "wg0");
            notes.change(peer(1));
            until(() -> notes.changes.isEmpty());
            notes.change(peer(2));
            Files.delete(inTheWay);
            until(() -> Files.exists(file) && read().size() == 2);
            notes.change(peer(3));
            until(() -> read().size() == 3);
        }
    }

    @Test
    void aNewLifeMendsAHalfLine() throws IOException {
        write(peer(1));
        Files.writeString(file, "peer half a li", StandardOpenOption.APPEND);
        assertThat(write(peer(2))).containsExactly(peer(1));
        assertThat(read()).containsExactly(peer(1), peer(2));
    }

    @Test
    void doesNotGrowWithTheNumberOfChanges() throws IOException {
        try (PeerJournal journal = PeerJournal.open(file)) {
            journal.follow(notes, "wg0");
            for (int i = 0; i < 5; i++) {
                for (int j = 0; j < 2000; j++) {
                    notes.change(peer(1, "192.0.2.1", 1 + j, NOW_NS));
                }
                until(() -> notes.changes.isEmpty());
            }
        }
        assertThat(Files.size(file)).isLessThan(2 * 4096 * 120);
        assertThat(read()).containsExactly(peer(1, "192.0.2.1", 2000, NOW_NS));
    }

    @Test
    void forgetsWhoWasNotHeardOfForMonths() {
        write(peer(1, "192.0.2.1", 1, NOW_NS - 91 * DAY_NS), peer(2, "192.0.2.1", 2, NOW_NS - 89 * DAY_NS), peer(3));
        assertThat(read()).extracting(RememberedPeer::publicKey).containsExactly(key(2), key(3));
    }

    @Test
    void holdsFiftyThousandPeers() {
        for (int i = 0; i < 50_000; i++) {
            notes.peers.put(key(i), peer(i, "192.0.2.1", 1 + i % 60_000, NOW_NS));
        }
        try (PeerJournal journal = PeerJournal.open(file)) {
            journal.follow(notes, "wg0");
            until(() -> Files.exists(file) && read().size() == 50_000);
        }
    }
}
