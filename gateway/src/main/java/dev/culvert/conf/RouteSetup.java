package dev.culvert.conf;

import dev.culvert.device.AllowedIp;
import dev.culvert.device.DeviceControl;
import dev.culvert.device.IpText;
import dev.culvert.device.PeerStatus;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// The routes of the allowed IPs, longest first, as wg-quick(8)'s add_route makes them: none with `Table = off`,
/// all of them into a numbered table, else into the main table those that the link's own routes do not cover. They
/// end with the link.
final class RouteSetup {
    /// More routes than this go to one `ip -batch` process instead of a process each.
    static final int SINGLE_COMMANDS_MAX = 32;

    private final CommandRunner commands;
    private final String interfaceName;
    private final DeviceControl device;
    private final DefaultRoute defaultRoute;
    private final Set<AllowedIp> made = new LinkedHashSet<>();
    private final Set<AllowedIp> defaults = new HashSet<>();
    private final WgQuickFile.Table table;

    RouteSetup(
            CommandRunner commands,
            String interfaceName,
            DeviceControl device,
            WgQuickFile.Table table,
            UndoList undos) {
        this.commands = commands;
        this.interfaceName = interfaceName;
        this.device = device;
        this.table = table;
        defaultRoute = new DefaultRoute(commands, interfaceName, device, undos);
    }

    /// Makes the routes that the device's allowed IPs need and that are not there, and removes those that were
    /// made here and are not needed any more.
    void update() throws IOException, InterruptedException {
        if (table.isOff()) {
            return;
        }
        Set<AllowedIp> wanted = allowedIps();
        List<AllowedIp> gone = new ArrayList<>(made);
        gone.removeAll(wanted);
        change("delete", gone);
        gone.forEach(made::remove);

        Set<AllowedIp> covering = new HashSet<>(made);
        if (table.isAuto()) {
            covering.addAll(standing("-4"));
            covering.addAll(standing("-6"));
        }
        List<AllowedIp> longestFirst = new ArrayList<>(wanted);
        longestFirst.sort(Comparator.comparingInt(AllowedIp::length).reversed());
        List<AllowedIp> missing = new ArrayList<>();
        for (AllowedIp prefix : longestFirst) {
            boolean isDefault = table.isAuto() && prefix.length() == 0;
            if (!isDefault && !made.contains(prefix) && !(table.isAuto() && covers(covering, prefix))) {
                missing.add(prefix);
                covering.add(prefix);
            }
        }
        change("add", missing);
        made.addAll(missing);
        for (AllowedIp prefix : longestFirst) {
            if (table.isAuto() && prefix.length() == 0 && defaults.add(prefix)) {
                defaultRoute.add(prefix);
            }
        }
    }

    private Set<AllowedIp> allowedIps() {
        Set<AllowedIp> all = new LinkedHashSet<>();
        for (PeerStatus peer : device.status().peers()) {
            all.addAll(peer.allowedIps());
        }
        return all;
    }

    private Collection<AllowedIp> standing(String family) throws IOException, InterruptedException {
        List<AllowedIp> prefixes = new ArrayList<>();
        String routes = commands.query(List.of("ip", family, "route", "show", "dev", interfaceName), null)
                .text();
        for (String route : routes.lines().toList()) {
            int blank = route.indexOf(' ');
            String destination = blank < 0 ? route : route.substring(0, blank);
            AllowedIp prefix = destination.equals("default")
                    ? new AllowedIp(family.equals("-6"), 0, 0, 0)
                    : IpText.parsePrefix(destination);
            if (prefix != null) {
                prefixes.add(prefix);
            }
        }
        return prefixes;
    }

    private static boolean covers(Set<AllowedIp> routes, AllowedIp prefix) {
        for (int length = prefix.length(); length >= 0; length--) {
            if (routes.contains(new AllowedIp(prefix.ipv6(), prefix.hi(), prefix.lo(), length))) {
                return true;
            }
        }
        return false;
    }

    private void change(String verb, List<AllowedIp> prefixes) throws IOException, InterruptedException {
        if (prefixes.size() <= SINGLE_COMMANDS_MAX) {
            for (AllowedIp prefix : prefixes) {
                List<String> command = new ArrayList<>(List.of("ip", prefix.ipv6() ? "-6" : "-4"));
                command.addAll(arguments(verb, prefix));
                commands.run(command, null);
            }
            return;
        }
        batch("-4", verb, prefixes.stream().filter(p -> !p.ipv6()).toList());
        batch("-6", verb, prefixes.stream().filter(AllowedIp::ipv6).toList());
    }

    private void batch(String family, String verb, List<AllowedIp> prefixes) throws IOException, InterruptedException {
        if (prefixes.isEmpty()) {
            return;
        }
        commands.say("[#] ip " + family + " route " + verb + " … dev " + interfaceName + " (" + prefixes.size()
                + " routes in one go)");
        StringBuilder lines = new StringBuilder();
        for (AllowedIp prefix : prefixes) {
            lines.append(String.join(" ", arguments(verb, prefix))).append('\n');
        }
        commands.run(List.of("ip", family, "-batch", "-"), lines.toString());
    }

    private List<String> arguments(String verb, AllowedIp prefix) {
        List<String> arguments = new ArrayList<>(List.of("route", verb, IpText.format(prefix), "dev", interfaceName));
        if (!table.isAuto()) {
            arguments.addAll(List.of("table", table.text()));
        }
        return arguments;
    }
}
