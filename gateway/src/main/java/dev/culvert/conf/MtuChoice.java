package dev.culvert.conf;

import dev.culvert.device.AllowedIp;
import dev.culvert.device.IpText;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The MTU of a link whose file gives none, as wg-quick since 2025 chooses it: the smallest path MTU to an
/// endpoint, else the default route's, else 1500, minus 80 for WireGuard over IPv6.
final class MtuChoice {
    static final int OVERHEAD_BYTES = 80;

    private static final int MTU_DEFAULT = 1500;
    private static final Pattern MTU = Pattern.compile("\\bmtu ([0-9]{2,9})\\b");
    private static final Pattern DEVICE = Pattern.compile("\\bdev ([^ ]+)");

    private MtuChoice() {}

    static int choose(CommandRunner commands, Collection<InetSocketAddress> endpoints)
            throws IOException, InterruptedException {
        Set<String> hosts = new LinkedHashSet<>();
        for (InetSocketAddress endpoint : endpoints) {
            InetAddress address = endpoint.getAddress();
            if (!address.isLinkLocalAddress()) { // needs its zone, which wg-quick does not give either
                hosts.add(IpText.formatAddress(AllowedIp.of(address.getAddress(), 8 * address.getAddress().length)));
            }
        }
        int mtu = 0;
        if (!hosts.isEmpty()) {
            // One process for all: a hub may know thousands of endpoints.
            StringBuilder batch = new StringBuilder();
            hosts.forEach(host -> batch.append("route get ").append(host).append('\n'));
            mtu = smallest(
                    commands,
                    commands.query(List.of("ip", "-o", "-force", "-batch", "-"), batch.toString())
                            .text());
        }
        if (mtu == 0) {
            String routes = commands.query(List.of("ip", "route", "show", "default"), null)
                    .text();
            mtu = smallest(commands, routes.lines().findFirst().orElse(""));
        }
        return (mtu == 0 ? MTU_DEFAULT : mtu) - OVERHEAD_BYTES;
    }

    private static int smallest(CommandRunner commands, String routes) throws IOException, InterruptedException {
        int smallest = 0;
        Set<String> devices = new LinkedHashSet<>();
        for (String route : routes.lines().toList()) {
            Matcher mtu = MTU.matcher(route);
            Matcher device = DEVICE.matcher(route);
            if (mtu.find()) {
                smallest = lesser(smallest, Integer.parseInt(mtu.group(1)));
            } else if (device.find()) {
                devices.add(device.group(1));
            }
        }
        for (String device : devices) {
            smallest = lesser(smallest, ofLink(commands, device));
        }
        return smallest;
    }

    /// 0 if there is no such link.
    static int ofLink(CommandRunner commands, String device) throws IOException, InterruptedException {
        Matcher mtu = MTU.matcher(commands.query(List.of("ip", "link", "show", "dev", device), null)
                .text());
        return mtu.find() ? Integer.parseInt(mtu.group(1)) : 0;
    }

    private static int lesser(int known, int other) {
        return known == 0 ? other : other == 0 ? known : Math.min(known, other);
    }
}
