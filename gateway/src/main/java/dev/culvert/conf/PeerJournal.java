package dev.culvert.conf;

import dev.culvert.crypto.PublicKey;
import dev.culvert.device.PeerNotes;
import dev.culvert.device.RememberedPeer;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The journal of a hub's peers: endpoints and greatest timestamps, no keys (architecture, decision 12). A
/// restarted hub refuses replays by it and greets its spokes itself.
///
/// A file of lines ([PeerRecord]) under a title, mode 0600. Changes are appended and forced to the disk within
/// a fraction of a second; a line that a crash cut off is left out by its checksum. When most lines are out of
/// date, or after any error, the whole is written anew beside it and renamed. Trouble with the file is told in
/// one line each ten minutes and never stops a tunnel.
///
/// [#open] reads; [#follow] writes, on a thread of its own, until [#close].
public final class PeerJournal implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PeerJournal.class);

    private static final String TITLE = "culvert peers 1";
    private static final Path DIRECTORY = Path.of("/var/lib/culvert");
    private static final long FILE_BYTES_MAX = 1L << 30;
    /// Who was not heard of for so long before the last one was is forgotten, or the file would only grow.
    private static final long FORGOTTEN_NS = TimeUnit.DAYS.toNanos(90);
    /// Changes of so long are written together.
    private static final long GATHER_MS = 100;
    private static final long IDLE_MS = 3_600_000;
    private static final long RETRY_MS = 10_000;
    private static final int LINES_AT_ONCE = 4096;
    private static final int LINES_MIN = 1024;
    private static final long COMPLAINT_NS = TimeUnit.MINUTES.toNanos(10);
    private static final long CLOSE_MS = 500;

    private final Path file;
    private final List<RememberedPeer> peers;
    private final long retryMs;
    /// Held while the file is written: an interrupt would close it.
    private final ReentrantLock writing = new ReentrantLock();
    private volatile boolean closing;
    private final AtomicLong errors = new AtomicLong();
    private @Nullable Thread writer;

    // Of the writer alone.
    private @Nullable FileChannel channel;
    private int lines;
    private int linesWhenWhole;
    private long wholeAgainNs;
    private long complainNs = Long.MIN_VALUE;

    private PeerJournal(Path file, List<RememberedPeer> peers, long retryMs) {
        this.file = file;
        this.retryMs = retryMs;
        this.peers = List.copyOf(peers);
    }

    /// Where the journal of an interface is.
    public static Path fileOf(String interfaceName) {
        return DIRECTORY.resolve(interfaceName + ".peers");
    }

    /// Reads what an earlier run left. What cannot be read is set aside, with a line in the log.
    public static PeerJournal open(Path file) {
        return open(file, RETRY_MS);
    }

    /// @param retryMs after a failure
    static PeerJournal open(Path file, long retryMs) {
        List<RememberedPeer> known = List.of();
        try {
            if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
                known = read(file);
            }
        } catch (IOException e) {
            LOG.warn("the journal {} is set aside, the hub starts without it: {}", file, e.getMessage());
            try {
                Files.move(file, file.resolveSibling(file.getFileName() + ".bad"), StandardCopyOption.REPLACE_EXISTING);
            } catch (IOException again) {
                LOG.warn("nor can it be renamed: {}", again.getMessage());
            }
        }
        return new PeerJournal(file, known, retryMs);
    }

    private static List<RememberedPeer> read(Path file) throws IOException {
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            throw new IOException("it is no regular file");
        }
        if (Files.size(file) > FILE_BYTES_MAX) {
            throw new IOException("it has more than " + (FILE_BYTES_MAX >> 20) + " MB");
        }
        Map<PublicKey, RememberedPeer> known = new LinkedHashMap<>();
        long damaged = 0;
        boolean lastIsWhole = true;
        try (BufferedReader reader = Files.newBufferedReader(file, StandardCharsets.ISO_8859_1)) {
            if (!TITLE.equals(reader.readLine())) {
                throw new IOException("it does not begin with `" + TITLE + "`");
            }
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                RememberedPeer peer = line.length() > PeerRecord.LINE_CHARS_MAX ? null : PeerRecord.parse(line);
                lastIsWhole = peer != null;
                if (peer == null) {
                    damaged++;
                } else if (peer.removed()) {
                    known.remove(peer.publicKey());
                } else {
                    known.put(peer.publicKey(), peer);
                }
            }
        }
        // One cut off at the end is what a crash leaves.
        if (damaged > (lastIsWhole ? 0 : 1)) {
            LOG.warn("the journal {} has {} damaged lines, which are left out", file, damaged);
        }
        long newestNs = known.values().stream()
                .mapToLong(RememberedPeer::lastHandshakeWallNs)
                .max()
                .orElse(0);
        return known.values().stream()
                .filter(peer ->
                        peer.lastHandshakeWallNs() == 0 || newestNs - peer.lastHandshakeWallNs() <= FORGOTTEN_NS)
                .toList();
    }

    /// What the file held.
    public List<RememberedPeer> peers() {
        return peers;
    }

    /// Begins to write down what changes.
    ///
    /// @param name of the interface
    public void follow(PeerNotes notes, String name) {
        writer = Thread.ofPlatform().daemon().name(name + "-journal").start(() -> write(notes));
    }

    private void write(PeerNotes notes) {
        uninterrupted(() -> whole(notes));
        List<RememberedPeer> batch = new ArrayList<>();
        boolean ending = false;
        while (!ending || !batch.isEmpty()) {
            batch.clear();
            ending = isClosing(); // before: what was noted until then is still written
            gather(notes, ending ? 0 : channel == null ? retryMs : IDLE_MS, batch);
            if (channel != null && !batch.isEmpty()) {
                uninterrupted(() -> append(batch, notes));
            }
            if (channel == null && System.nanoTime() - wholeAgainNs >= 0) {
                uninterrupted(() -> whole(notes));
            }
        }
        closeChannel();
    }

    private void uninterrupted(Runnable write) {
        writing.lock();
        try {
            Thread.interrupted(); // of close(), which can send no other while the lock is held
            write.run();
        } finally {
            writing.unlock();
        }
    }

    /// Once it is true, the interrupt of [#close] has come and is over.
    private boolean isClosing() {
        boolean[] seen = new boolean[1];
        uninterrupted(() -> seen[0] = closing);
        return seen[0];
    }

    private static void gather(PeerNotes notes, long waitMs, List<RememberedPeer> batch) {
        try {
            RememberedPeer next = notes.awaitChange(waitMs);
            if (next != null && waitMs != 0) {
                batch.add(next);
                Thread.sleep(GATHER_MS);
                next = notes.awaitChange(0);
            }
            while (next != null) {
                batch.add(next);
                next = batch.size() < LINES_AT_ONCE ? notes.awaitChange(0) : null;
            }
        } catch (InterruptedException e) {
            // Of close(), and once: what was gathered is written, and the next call does not wait.
        }
    }

    private void append(List<RememberedPeer> batch, PeerNotes notes) {
        StringBuilder text = new StringBuilder();
        batch.forEach(peer -> text.append(PeerRecord.format(peer)));
        try {
            FileChannel open = Objects.requireNonNull(channel);
            writeAll(open, text);
            open.force(false);
            lines += batch.size();
        } catch (IOException e) {
            failed(e);
            return;
        }
        if (lines > Math.max(LINES_MIN, 2 * linesWhenWhole)) {
            whole(notes);
        }
    }

    /// Writes all peers anew.
    private void whole(PeerNotes notes) {
        closeChannel();
        List<RememberedPeer> all = notes.all();
        Path temporary = file.resolveSibling(file.getFileName() + ".tmp");
        try {
            Path directory = file.toAbsolutePath().getParent();
            if (directory != null && !Files.isDirectory(directory)) {
                Files.createDirectories(
                        directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            }
            Files.deleteIfExists(temporary); // of a crash; CREATE_NEW then refuses a link that someone put there
            FileChannel fresh = FileChannel.open(
                    temporary,
                    Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            channel = fresh;
            StringBuilder text = new StringBuilder(TITLE).append('\n');
            for (RememberedPeer peer : all) {
                text.append(PeerRecord.format(peer));
                if (text.length() > 1 << 16) {
                    writeAll(fresh, text);
                    text.setLength(0);
                }
            }
            writeAll(fresh, text);
            fresh.force(true);
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            if (directory != null) {
                try (FileChannel entry = FileChannel.open(directory, StandardOpenOption.READ)) {
                    entry.force(true);
                }
            }
            lines = all.size();
            linesWhenWhole = all.size();
        } catch (IOException e) {
            failed(e);
            try {
                Files.deleteIfExists(temporary);
            } catch (IOException again) {
                // the same trouble
            }
        }
    }

    private static void writeAll(FileChannel channel, CharSequence text) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(text.toString().getBytes(StandardCharsets.ISO_8859_1));
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    /// How often it could not be written.
    public long errors() {
        return errors.get();
    }

    private void failed(IOException e) {
        errors.incrementAndGet();
        closeChannel();
        long nowNs = System.nanoTime();
        wholeAgainNs = nowNs + TimeUnit.MILLISECONDS.toNanos(retryMs);
        if (complainNs == Long.MIN_VALUE || nowNs - complainNs >= 0) {
            complainNs = nowNs + COMPLAINT_NS;
            LOG.warn(
                    "the journal {} cannot be written: {}. The tunnel goes on; until it can, a restart forgets what changed",
                    file,
                    e.getMessage());
        }
    }

    private void closeChannel() {
        FileChannel open = channel;
        channel = null;
        if (open != null) {
            try {
                open.close();
            } catch (IOException e) {
                LOG.debug("close of the journal: {}", e.getMessage());
            }
        }
    }

    /// Writes down what is still waiting, and ends; a disk that hangs is not waited for.
    @Override
    public void close() {
        Thread thread = writer;
        try {
            boolean between = writing.tryLock(CLOSE_MS, TimeUnit.MILLISECONDS);
            closing = true;
            if (between) {
                if (thread != null) {
                    thread.interrupt();
                }
                writing.unlock();
            }
            if (thread != null && between) {
                thread.join(CLOSE_MS);
            }
        } catch (InterruptedException e) {
            closing = true;
            Thread.currentThread().interrupt();
        }
    }
}
