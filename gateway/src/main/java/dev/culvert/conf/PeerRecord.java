package dev.culvert.conf;

import dev.culvert.crypto.PublicKey;
import dev.culvert.device.IpText;
import dev.culvert.device.RememberedPeer;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// A line of the journal: seven words, the last the CRC-32C of all before it, in hexadecimal.
///
/// ```
/// peer PUBLICKEY ENDPOINT|- STAMPSECONDS STAMPNANOSECONDS LASTHANDSHAKE CRC
/// gone PUBLICKEY - 0 0 0 CRC
/// ```
final class PeerRecord {
    static final int LINE_CHARS_MAX = 256;

    private static final String PEER = "peer";
    private static final String GONE = "gone";
    private static final int WORDS = 6;
    private static final long SECOND_NS = 1_000_000_000L;

    private PeerRecord() {}

    /// With the line's end. The time of the last handshake is rounded down to a second.
    static String format(RememberedPeer peer) {
        InetSocketAddress endpoint = peer.endpoint();
        String text = String.join(
                " ",
                peer.removed() ? GONE : PEER,
                peer.publicKey().toBase64(),
                endpoint == null ? "-" : IpText.format(endpoint),
                Long.toUnsignedString(peer.stampSeconds()),
                Integer.toUnsignedString(peer.stampNanoseconds()),
                Long.toString(peer.lastHandshakeWallNs() / SECOND_NS));
        return text + ' ' + crc(text) + '\n';
    }

    /// Null if the line is damaged. An endpoint that is none on this host any more (its zone is gone) is left
    /// out.
    static @Nullable RememberedPeer parse(String line) {
        int last = line.lastIndexOf(' ');
        if (last < 0 || !crc(line.substring(0, last)).equals(line.substring(last + 1))) {
            return null;
        }
        String[] words = line.substring(0, last).split(" ", -1);
        if (words.length != WORDS) {
            return null;
        }
        try {
            PublicKey key = PublicKey.fromBase64(words[1]);
            return switch (words[0]) {
                case GONE -> RememberedPeer.removed(key);
                case PEER ->
                    new RememberedPeer(
                            key,
                            words[2].equals("-") ? null : IpText.parseEndpoint(words[2]),
                            Long.parseUnsignedLong(words[3]),
                            Integer.parseUnsignedInt(words[4]),
                            Math.multiplyExact(Long.parseLong(words[5]), SECOND_NS),
                            false);
                default -> null;
            };
        } catch (IllegalArgumentException | ArithmeticException e) {
            return null; // a right checksum over what this version does not write
        }
    }

    private static String crc(String text) {
        CRC32C crc = new CRC32C();
        crc.update(text.getBytes(StandardCharsets.ISO_8859_1));
        return String.format(Locale.ROOT, "%08x", crc.getValue());
    }
}
