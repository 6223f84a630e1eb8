package dev.culvert.device;

import dev.culvert.tun.LocalRoute;
import java.util.List;

/// The addresses that the host's kernel takes for its own, broadcast and multicast ones among them.
@Published
final class LocalAddresses {
    private final AllowedIps<Boolean> ipv4;
    private final AllowedIps<Boolean> ipv6;

    private LocalAddresses(AllowedIps<Boolean> ipv4, AllowedIps<Boolean> ipv6) {
        this.ipv4 = ipv4;
        this.ipv6 = ipv6;
    }

    static LocalAddresses of(List<LocalRoute> routes) {
        AllowedIps.Edit<Boolean> edit4 = AllowedIps.<Boolean>empty().edit();
        AllowedIps.Edit<Boolean> edit6 = AllowedIps.<Boolean>empty().edit();
        for (LocalRoute route : routes) {
            (route.ipv6() ? edit6 : edit4).insert(route.hi(), route.lo(), route.length(), true);
        }
        return new LocalAddresses(edit4.table(), edit6.table());
    }

    boolean contains(boolean isIpv6, long hi, long lo) {
        return (isIpv6 ? ipv6.lookup(hi, lo, 128) : ipv4.lookup(hi, lo, 32)) != null;
    }
}
