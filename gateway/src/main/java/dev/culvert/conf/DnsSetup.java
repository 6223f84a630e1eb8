package dev.culvert.conf;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The name servers of a file, given to resolvconf(8) for as long as the link is up, as wg-quick(8) does. Search
/// domains alone are passed over, as there.
final class DnsSetup {
    private static final Path INTERFACE_ORDER = Path.of("/etc/resolvconf/interface-order");
    private static final Pattern TUNNEL_PREFIX = Pattern.compile("([A-Za-z0-9-]+)\\*");

    private final CommandRunner commands;
    private final String interfaceName;
    private final WgQuickFile.Dns dns;

    DnsSetup(CommandRunner commands, String interfaceName, WgQuickFile.Dns dns) {
        this.commands = commands;
        this.interfaceName = interfaceName;
        this.dns = dns;
    }

    /// Said before anything is made.
    void requireResolvconf(String source) throws IOException {
        if (!dns.servers().isEmpty() && !commands.finds("resolvconf")) {
            throw new IOException(source + ": DNS is given, but there is no resolvconf to hand it to;"
                    + " install openresolv (or systemd-resolved with its resolvconf), or delete the DNS line");
        }
    }

    void add(UndoList undos) throws IOException, InterruptedException {
        if (dns.servers().isEmpty()) {
            return;
        }
        StringBuilder text = new StringBuilder();
        dns.servers()
                .forEach(server -> text.append("nameserver ").append(server).append('\n'));
        if (!dns.searchDomains().isEmpty()) {
            text.append("search ").append(String.join(" ", dns.searchDomains())).append('\n');
        }
        String entry = prefix() + interfaceName;
        undos.add(() -> commands.run(List.of("resolvconf", "-d", entry, "-f"), null));
        commands.run(List.of("resolvconf", "-a", entry, "-m", "0", "-x"), text.toString());
    }

    /// Debian's resolvconf ranks interfaces by name: the first pattern of its list puts ours before all others.
    private static String prefix() throws IOException {
        if (!Files.isRegularFile(INTERFACE_ORDER)) {
            return "";
        }
        for (String line : Files.readAllLines(INTERFACE_ORDER, StandardCharsets.ISO_8859_1)) {
            Matcher pattern = TUNNEL_PREFIX.matcher(line.strip());
            if (pattern.matches()) {
                return pattern.group(1) + ".";
            }
        }
        return "";
    }
}
