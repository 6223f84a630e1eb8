package dev.culvert.conf;

import dev.culvert.device.DeviceChange;
import dev.culvert.device.DeviceControl;
import dev.culvert.device.DeviceException;
import dev.culvert.device.DeviceStatus;
import dev.culvert.device.IpText;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// One link with all that its file asks of the host, as `wg-quick up` and `down` make and unmake it: hooks,
/// addresses, MTU, DNS, routes. Whatever fails in the middle, what was made before is removed again. Called by one
/// thread, that of `culvert up`; it never touches a packet.
public final class InterfaceSetup {
    /// The link and the device behind it, made by the gateway.
    public interface Link {
        /// Makes the link, down and without addresses.
        ///
        /// @throws IOException with a sentence
        DeviceControl create() throws IOException, InterruptedException;

        /// Removes the link; the device ends with it.
        void remove();
    }

    private final CommandRunner commands;
    private final EndpointResolver resolver;
    private final Path path;
    private final String interfaceName;
    private final Link link;
    private final int deadPeerAfterS;
    private final UndoList undos = new UndoList();
    private WgQuickFile file;
    private @Nullable DeviceControl device;
    private @Nullable RouteSetup routes;
    private @Nullable EndpointRefresh refresh;

    /// @param path of the file, for hooks and for saving
    /// @param deadPeerAfterS as in [HubSettings]
    public InterfaceSetup(
            CommandRunner commands,
            EndpointResolver resolver,
            Path path,
            WgQuickFile file,
            String interfaceName,
            int deadPeerAfterS,
            Link link) {
        this.commands = commands;
        this.resolver = resolver;
        this.path = path;
        this.file = file;
        this.interfaceName = interfaceName;
        this.deadPeerAfterS = deadPeerAfterS;
        this.link = link;
    }

    /// All or nothing.
    ///
    /// @throws IOException with a sentence; then nothing is left of what was made here
    public void up() throws IOException, InterruptedException {
        DnsSetup dns = new DnsSetup(commands, interfaceName, file.device().dns());
        checkBeforehand(dns);
        boolean done = false;
        try {
            hooks(file.device().hooks().preUp());
            DeviceControl made = link.create();
            undos.add(link::remove);
            device = made;
            Map<EndpointText, InetSocketAddress> endpoints = resolver.resolve(file);
            apply(made, ConfChange.toChange(file, endpoints));
            for (String address : file.device().addresses()) {
                addAddress(address);
            }
            setMtuAndUp(endpoints);
            dns.add(undos);
            RouteSetup madeRoutes =
                    new RouteSetup(commands, interfaceName, made, file.device().table(), undos);
            madeRoutes.update();
            routes = madeRoutes;
            hooks(file.device().hooks().postUp());
            if (deadPeerAfterS > 0) {
                refresh = EndpointRefresh.ofSystem(made, deadPeerAfterS, commands::say);
                refresh.watch(file);
            }
            done = true;
        } finally {
            if (!done) {
                boolean interrupted = Thread.interrupted(); // the commands that undo must run to their end
                undos.undoAll(commands);
                if (interrupted) {
                    Thread.currentThread().interrupt();
                }
            }
        }
    }

    /// PreDown, saving if the file asks for it, everything undone, PostDown. Goes on after a failure.
    ///
    /// @return false if something failed; it has been said
    public boolean down() {
        EndpointRefresh watching = refresh;
        if (watching != null) {
            watching.close();
        }
        boolean clean = attempt(() -> hooks(file.device().hooks().preDown()));
        if (file.device().savesConfig()) {
            clean &= attempt(this::save);
        }
        clean &= undos.undoAll(commands);
        clean &= attempt(() -> hooks(file.device().hooks().postDown()));
        return clean;
    }

    /// Takes over a changed file without dropping sessions: the device's keys, port, mark, peers, and the routes.
    /// What else has changed needs `down` and `up`, and is said.
    ///
    /// @throws IOException with a sentence; the device is as it was then
    public void reload(WgQuickFile changed) throws IOException, InterruptedException {
        DeviceControl standing = device;
        if (standing == null) {
            throw new IllegalStateException("reload before up");
        }
        Map<EndpointText, InetSocketAddress> endpoints = resolver.resolve(changed);
        apply(standing, ConfChange.toSync(changed, file, standing.status(), endpoints));
        List<String> untouched = new ArrayList<>();
        WgQuickFile.Interface before = file.device();
        WgQuickFile.Interface after = changed.device();
        noteChange(untouched, "Address", before.addresses(), after.addresses());
        noteChange(untouched, "DNS", before.dns(), after.dns());
        noteChange(untouched, "MTU", String.valueOf(before.mtu()), String.valueOf(after.mtu()));
        noteChange(untouched, "Table", before.table(), after.table());
        if (!before.hooks().equals(after.hooks())) {
            commands.say("the changed hooks count from the next `culvert up`");
        }
        if (!untouched.isEmpty()) {
            commands.say("not taken over without `culvert down` and `up`: " + String.join(", ", untouched));
        }
        // What was made is what must be undone: the host's part stays as it was read at `up`.
        file = new WgQuickFile(
                changed.source(),
                new WgQuickFile.Interface(
                        after.privateKey(),
                        after.removesPrivateKey(),
                        after.listenPort(),
                        after.fwmark(),
                        before.addresses(),
                        before.dns(),
                        before.mtu(),
                        before.table(),
                        before.savesConfig(),
                        before.hooks()),
                changed.peers(),
                changed.warnings());
        if (routes != null) {
            routes.update();
        }
        if (refresh != null) {
            refresh.watch(changed);
        }
    }

    /// Writes the state to the file, as `wg-quick save` does.
    public void save() throws IOException, InterruptedException {
        if (device != null) {
            save(commands, path, file, interfaceName, device.status());
        }
    }

    /// @param status of the device that `interfaceName` is the link of
    public static void save(
            CommandRunner commands, Path path, WgQuickFile file, String interfaceName, DeviceStatus status)
            throws IOException, InterruptedException {
        CommandRunner.Answer shown =
                commands.query(List.of("ip", "-brief", "address", "show", "dev", interfaceName), null);
        List<String> addresses = shown.isSuccess()
                ? addresses(shown.text(), interfaceName, file.device().addresses())
                : file.device().addresses();
        int mtu = file.device().mtu() == null ? 0 : MtuChoice.ofLink(commands, interfaceName);
        if (mtu == 0 && file.device().mtu() != null) {
            mtu = file.device().mtu();
        }
        commands.say("[#] culvert showconf " + interfaceName + " > " + path);
        SafeFile.replace(path, ConfText.saved(file, addresses, mtu, status));
    }

    /// Link-local addresses that the kernel gave are left out: at the next `up` there would be one more.
    private static List<String> addresses(String brief, String interfaceName, List<String> given) {
        Matcher line = Pattern.compile(
                        "^" + Pattern.quote(interfaceName) + "(?:@\\S+)?\\s+[A-Z]+\\s+(.+)$", Pattern.MULTILINE)
                .matcher(brief);
        if (!line.find()) {
            return List.of();
        }
        Set<String> known = new HashSet<>(given);
        List<String> addresses = new ArrayList<>(WgQuickParser.words(line.group(1)));
        addresses.removeIf(a -> IpText.parsePrefix(a) == null || a.startsWith("fe80:") && !known.contains(a));
        return addresses;
    }

    private void checkBeforehand(DnsSetup dns) throws IOException, InterruptedException {
        if (!file.device().hooks().isEmpty()) {
            FileTrust.requireTrustedHooks(path);
        }
        if (!commands.finds("ip")) {
            throw new IOException("there is no `ip` program; install iproute2");
        }
        dns.requireResolvconf(file.source());
        if (commands.query(List.of("ip", "link", "show", "dev", interfaceName), null)
                .isSuccess()) {
            throw new IOException("`" + interfaceName + "` already exists; `culvert down " + interfaceName
                    + "` ends it, or `ip link delete " + interfaceName + "`");
        }
    }

    private void addAddress(String address) throws IOException, InterruptedException {
        String family = address.indexOf(':') >= 0 ? "-6" : "-4";
        commands.run(List.of("ip", family, "address", "add", address, "dev", interfaceName), null);
    }

    private void setMtuAndUp(Map<EndpointText, InetSocketAddress> endpoints) throws IOException, InterruptedException {
        Integer given = file.device().mtu();
        int mtu = given != null ? given : MtuChoice.choose(commands, endpoints.values());
        commands.run(List.of("ip", "link", "set", "mtu", String.valueOf(mtu), "up", "dev", interfaceName), null);
    }

    private static void apply(DeviceControl device, DeviceChange change) throws IOException {
        try {
            device.apply(change);
        } catch (DeviceException e) {
            throw new IOException("the device refused its configuration: " + e.getMessage(), e);
        }
    }

    private void hooks(List<String> hooks) throws IOException, InterruptedException {
        for (String hook : hooks) {
            commands.hook(hook.replace("%i", interfaceName), interfaceName, path.toString());
        }
    }

    private static void noteChange(List<String> untouched, String key, Object before, Object after) {
        if (!before.equals(after)) {
            untouched.add(key);
        }
    }

    @FunctionalInterface
    private interface Attempt {
        void run() throws IOException, InterruptedException;
    }

    private boolean attempt(Attempt step) {
        try {
            step.run();
            return true;
        } catch (IOException e) {
            commands.say("while going down: " + e.getMessage());
            return false;
        } catch (InterruptedException e) {
            commands.say("while going down: interrupted"); // once more asked to end: go on ending
            return false;
        }
    }
}
