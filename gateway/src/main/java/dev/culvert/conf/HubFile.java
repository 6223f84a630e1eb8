package dev.culvert.conf;

import dev.culvert.crypto.PresharedKey;
import dev.culvert.crypto.PrivateKey;
import dev.culvert.crypto.PublicKey;
import dev.culvert.crypto.RandomSource;
import dev.culvert.device.PeerLabel;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// A hub's wg-quick file that is made, or gets new peers, with their own files. What is in it already stays as it is,
/// comments and keys and all.
public final class HubFile {
    private static final int KEEPALIVE_S = 25;

    private HubFile() {}

    /// What the files of new peers say.
    ///
    /// @param endpoint `HOST:PORT` or `HOST`, where the hub is reached; the port is then the hub's own
    /// @param allowedIps what goes through the tunnel
    /// @param dns empty for none
    public record ClientSettings(String endpoint, String allowedIps, String dns) {}

    /// @param addresses as the hub routes them to it
    public record Client(String name, Path file, List<String> addresses) {}

    /// Makes a file with a new key, mode 0600.
    ///
    /// @param addresses as behind `Address =`
    /// @throws IOException if there is such a file already
    public static void create(Path file, String addresses, int listenPort, RandomSource random)
            throws IOException, ConfException {
        if (Files.exists(file)) {
            throw new IOException(file + " is there already, and stays as it is; remove it or name another");
        }
        try (PrivateKey key = PrivateKey.generate(random)) {
            String text = "[Interface]\nPrivateKey = " + key.toBase64() + "\nAddress = " + addresses + "\nListenPort = "
                    + listenPort + '\n';
            checked(file, text);
            SafeFile.replace(file, text);
        }
    }

    /// The names of its peers, from its comments.
    public static Set<String> names(Path file) throws IOException {
        Set<String> names = new HashSet<>();
        for (PeerLabel label : PeerLabels.of(text(file)).values()) {
            names.add(label.name());
        }
        return names;
    }

    /// Adds peers, each with a new key, a preshared key and the next free addresses, and writes `NAME.conf` for each,
    /// mode 0600. If one of them cannot be made, none is.
    ///
    /// @param names which no peer of the file has
    public static List<Client> add(
            Path file, List<String> names, Path directory, ClientSettings settings, RandomSource random)
            throws IOException, ConfException {
        String text = text(file);
        WgQuickFile hub = checked(file, text);
        try (PrivateKey key = hub.device().privateKey()) {
            if (key == null) {
                throw new IOException(
                        file + " has no PrivateKey, so that nobody can connect; `culvert genkey` makes one");
            }
            FreeAddresses free = new FreeAddresses(hub);
            String endpoint = endpoint(settings.endpoint(), hub);
            StringBuilder extended = new StringBuilder(text);
            if (!text.endsWith("\n")) {
                extended.append('\n');
            }
            List<Client> clients = new ArrayList<>();
            try {
                for (String name : names) {
                    Path target = directory.resolve(name + ".conf");
                    if (Files.exists(target)) {
                        throw new IOException(target + " is there already, and stays as it is; remove it, or choose"
                                + " another name than " + name);
                    }
                    Client client = new Client(name, target, free.next());
                    clients.add(client);
                    extended.append(write(client, key.publicKey(), endpoint, settings, random));
                }
                String all = extended.toString();
                checked(file, all);
                SafeFile.replace(file, all);
            } catch (IOException | ConfException e) {
                for (Client client : clients) {
                    Files.deleteIfExists(client.file());
                }
                throw e;
            }
            return clients;
        }
    }

    /// @return the section that the hub's file gets
    private static String write(
            Client client, PublicKey hub, String endpoint, ClientSettings settings, RandomSource random)
            throws IOException, ConfException {
        try (PrivateKey key = PrivateKey.generate(random);
                PresharedKey preshared = PresharedKey.generate(random)) {
            String addresses = String.join(", ", client.addresses());
            String dns = settings.dns().isEmpty() ? "" : "DNS = " + settings.dns() + '\n';
            String text = "[Interface]\n# " + client.name() + "\nPrivateKey = " + key.toBase64() + "\nAddress = "
                    + addresses + '\n' + dns + "\n[Peer]\nPublicKey = " + hub.toBase64() + "\nPresharedKey = "
                    + preshared.toBase64() + "\nEndpoint = " + endpoint + "\nAllowedIPs = " + settings.allowedIps()
                    + "\nPersistentKeepalive = " + KEEPALIVE_S + '\n';
            checked(client.file(), text);
            SafeFile.replace(client.file(), text);
            return "\n[Peer]\n# friendly_name = " + client.name() + "\nPublicKey = "
                    + key.publicKey().toBase64() + "\nPresharedKey = " + preshared.toBase64() + "\nAllowedIPs = "
                    + addresses + '\n';
        }
    }

    private static String endpoint(String text, WgQuickFile hub) throws IOException {
        boolean isIpv6 = text.indexOf(':') != text.lastIndexOf(':') && !text.startsWith("[");
        if (!isIpv6 && text.matches(".*:[0-9]+")) {
            return text;
        }
        if (hub.device().listenPort() == null) {
            throw new IOException(hub.source() + " has no ListenPort, so that the port is another at each start;"
                    + " ListenPort = 51820 would be right");
        }
        return (isIpv6 ? '[' + text + ']' : text) + ':' + hub.device().listenPort();
    }

    /// Comments that are not UTF-8 lose what is not.
    private static String text(Path file) throws IOException {
        return new String(WgQuickParser.readBytes(file), StandardCharsets.UTF_8);
    }

    private static WgQuickFile checked(Path file, String text) throws ConfException {
        return WgQuickParser.parse(file.toString(), text.getBytes(StandardCharsets.UTF_8));
    }
}
