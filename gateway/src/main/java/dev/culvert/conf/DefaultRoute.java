package dev.culvert.conf;

import dev.culvert.device.AllowedIp;
import dev.culvert.device.DeviceChange;
import dev.culvert.device.DeviceControl;
import dev.culvert.device.DeviceException;
import dev.culvert.device.IpText;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Sends everything through the link but what the device itself sends, as wg-quick(8)'s add_default does: a table
/// of its own, a mark on the device's datagrams, two rules, and a guard against packets for the link's addresses
/// that come in elsewhere.
final class DefaultRoute {
    private static final int TABLE_FIRST = 51820;
    private static final int TABLES_MAX = 1000;
    private static final Pattern ADDRESS = Pattern.compile("\\binet6? ([0-9a-f:.]+)/[0-9]+");
    private static final String MARK_SYSCTL = "net.ipv4.conf.all.src_valid_mark";

    private final CommandRunner commands;
    private final String interfaceName;
    private final DeviceControl device;
    private final UndoList undos;

    DefaultRoute(CommandRunner commands, String interfaceName, DeviceControl device, UndoList undos) {
        this.commands = commands;
        this.interfaceName = interfaceName;
        this.device = device;
        this.undos = undos;
    }

    /// @param prefix of length 0
    void add(AllowedIp prefix) throws IOException, InterruptedException {
        String family = prefix.ipv6() ? "-6" : "-4";
        String table = Integer.toUnsignedString(markedTable());
        addRules(family, table);
        commands.run(
                List.of("ip", family, "route", "add", IpText.format(prefix), "dev", interfaceName, "table", table),
                null);
        guard(prefix.ipv6(), table);
    }

    /// The device's mark, which is the table's number too; chosen if there is none yet.
    private int markedTable() throws IOException, InterruptedException {
        int fwmark = device.status().fwmark();
        if (fwmark != 0) {
            return fwmark;
        }
        for (int table = TABLE_FIRST; table < TABLE_FIRST + TABLES_MAX; table++) {
            String number = String.valueOf(table);
            if (isEmpty("-4", number) && isEmpty("-6", number)) {
                commands.say("[#] wg set " + interfaceName + " fwmark " + table);
                try {
                    device.apply(new DeviceChange(null, false, null, table, false, List.of()));
                } catch (DeviceException e) {
                    throw new IOException("the device's mark cannot be set: " + e.getMessage(), e);
                }
                return table;
            }
        }
        throw new IOException("the routing tables " + TABLE_FIRST + " to " + (TABLE_FIRST + TABLES_MAX - 1)
                + " are all in use; set Table in the file");
    }

    private boolean isEmpty(String family, String table) throws IOException, InterruptedException {
        return commands.query(List.of("ip", family, "route", "show", "table", table), null)
                .text()
                .isBlank();
    }

    private void addRules(String family, String table) throws IOException, InterruptedException {
        // The table was empty: a rule to it is left from a process that was killed, and so are its companions.
        String standing =
                commands.query(List.of("ip", family, "rule", "show"), null).text();
        boolean left = standing.contains("lookup " + table + '\n') || standing.contains("lookup " + table + ' ');
        addRule(left, family, List.of("not", "fwmark", table, "table", table));
        addRule(
                left && standing.contains("lookup main suppress_prefixlength 0"),
                family,
                List.of("table", "main", "suppress_prefixlength", "0"));
    }

    private void addRule(boolean stands, String family, List<String> selector)
            throws IOException, InterruptedException {
        if (!stands) {
            commands.run(rule(family, "add", selector), null);
        }
        undos.add(() -> commands.run(rule(family, "delete", selector), null));
    }

    private static List<String> rule(String family, String verb, List<String> selector) {
        List<String> command = new ArrayList<>(List.of("ip", family, "rule", verb));
        command.addAll(selector);
        return command;
    }

    private void guard(boolean ipv6, String table) throws IOException, InterruptedException {
        List<String> addresses = new ArrayList<>();
        Matcher matcher = ADDRESS.matcher(
                commands.query(List.of("ip", "-o", ipv6 ? "-6" : "-4", "addr", "show", "dev", interfaceName), null)
                        .text());
        while (matcher.find()) {
            addresses.add(matcher.group(1));
        }
        if (!ipv6) {
            acceptMarkedReplies();
        }
        if (commands.finds("nft")) {
            String family = ipv6 ? "ip6" : "ip";
            String own = family + " wg-quick-" + interfaceName;
            undos.add(() -> commands.run(List.of("nft", "-f", "-"), "delete table " + own + '\n'));
            try {
                commands.run(List.of("nft", "-f", "-"), nftables(family, table, addresses));
            } catch (IOException e) {
                throw new IOException(
                        "the firewall guard of the default route failed: " + e.getMessage()
                                + "; without it set Table in the file and route by hand",
                        e);
            }
        } else if (commands.finds("iptables-restore")) {
            String restore = ipv6 ? "ip6tables-restore" : "iptables-restore";
            undos.add(() -> commands.run(List.of(restore, "-n"), iptables("-D", table, addresses)));
            commands.run(List.of(restore, "-n"), iptables("-I", table, addresses));
        } else {
            throw new IOException("a default route needs nft or iptables for its guard, and neither is installed;"
                    + " install nftables, or set Table in the file");
        }
    }

    /// Left set on the way down, as wg-quick does: another tunnel may need it by then. Where it is set already (in
    /// a container it cannot be written) nothing is run.
    private void acceptMarkedReplies() throws IOException, InterruptedException {
        CommandRunner.Answer standing = commands.query(List.of("sysctl", "-n", MARK_SYSCTL), null);
        if (!standing.text().strip().equals("1")) {
            commands.run(List.of("sysctl", "-q", MARK_SYSCTL + "=1"), null);
        }
    }

    private String nftables(String family, String table, List<String> addresses) {
        String own = family + " wg-quick-" + interfaceName;
        StringBuilder text = new StringBuilder();
        // In one transaction: what a killed process left is replaced, not doubled.
        text.append("add table ").append(own).append("\ndelete table ").append(own);
        text.append("\nadd table ").append(own).append('\n');
        chain(text, own, "preraw", "prerouting", -300);
        chain(text, own, "premangle", "prerouting", -150);
        chain(text, own, "postmangle", "postrouting", -150);
        for (String address : addresses) {
            text.append("add rule ").append(own).append(" preraw iifname != \"").append(interfaceName);
            text.append("\" ").append(family).append(" daddr ").append(address);
            text.append(" fib saddr type != local drop\n");
        }
        text.append("add rule ")
                .append(own)
                .append(" postmangle meta l4proto udp mark ")
                .append(table);
        text.append(" ct mark set mark\nadd rule ").append(own);
        text.append(" premangle meta l4proto udp meta mark set ct mark\n");
        return text.toString();
    }

    private static void chain(StringBuilder text, String own, String name, String hook, int priority) {
        text.append("add chain ")
                .append(own)
                .append(' ')
                .append(name)
                .append(" { type filter hook ")
                .append(hook);
        text.append(" priority ").append(priority).append("; }\n");
    }

    /// @param verb `-I` or `-D`
    private String iptables(String verb, String table, List<String> addresses) {
        String comment = " -m comment --comment \"wg-quick(8) rule for " + interfaceName + "\"\n";
        StringBuilder text = new StringBuilder("*raw\n");
        for (String address : addresses) {
            text.append(verb)
                    .append(" PREROUTING ! -i ")
                    .append(interfaceName)
                    .append(" -d ")
                    .append(address);
            text.append(" -m addrtype ! --src-type LOCAL -j DROP").append(comment);
        }
        text.append("COMMIT\n*mangle\n")
                .append(verb)
                .append(" POSTROUTING -m mark --mark ")
                .append(table);
        text.append(" -p udp -j CONNMARK --save-mark").append(comment);
        text.append(verb)
                .append(" PREROUTING -p udp -j CONNMARK --restore-mark")
                .append(comment);
        return text.append("COMMIT\n").toString();
    }
}
