package dev.culvert.conf;

import static dev.culvert.conf.ConfFiles.PEER_A;
import static dev.culvert.conf.ConfFiles.PEER_B;
import static dev.culvert.conf.ConfFiles.PRIVATE_KEY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.device.DeviceControl;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class InterfaceSetupTest {
    private static final String FULL = """
            [Interface]
            Address = 10.0.0.2/24, fd00::2/64
            PrivateKey = %s
            DNS = 10.0.0.1, corp.example.com
            PreUp = echo pre-up %%i
            PostUp = echo post-up %%i
            PreDown = echo pre-down %%i
            PostDown = echo post-down %%i
            [Peer]
            PublicKey = %s
            Endpoint = 192.0.2.1:51820
            AllowedIPs = 0.0.0.0/0, ::/0, 10.0.0.0/24, 192.168.7.0/24
            """.formatted(PRIVATE_KEY, PEER_A);

    private static final List<String> UP = List.of(
            "hook echo pre-up wg0",
            "link create",
            "ip -4 address add 10.0.0.2/24 dev wg0",
            "ip -6 address add fd00::2/64 dev wg0",
            "ip link set mtu 1420 up dev wg0",
            "resolvconf -a wg0 -m 0 -x",
            "ip -4 route add 192.168.7.0/24 dev wg0",
            "ip -4 rule add not fwmark 51820 table 51820",
            "ip -4 rule add table main suppress_prefixlength 0",
            "ip -4 route add 0.0.0.0/0 dev wg0 table 51820",
            "sysctl -q net.ipv4.conf.all.src_valid_mark=1",
            "nft -f -",
            "ip -6 rule add not fwmark 51820 table 51820",
            "ip -6 rule add table main suppress_prefixlength 0",
            "ip -6 route add ::/0 dev wg0 table 51820",
            "nft -f -",
            "hook echo post-up wg0");

    private static final List<String> UNDONE = List.of(
            "nft -f -",
            "ip -6 rule delete table main suppress_prefixlength 0",
            "ip -6 rule delete not fwmark 51820 table 51820",
            "nft -f -",
            "ip -4 rule delete table main suppress_prefixlength 0",
            "ip -4 rule delete not fwmark 51820 table 51820",
            "resolvconf -d wg0 -f",
            "link remove");

    @TempDir
    private Path directory;

    private final RecordingCommands commands = new RecordingCommands();
    private final FakeDevice device = new FakeDevice();
    private Path path = Path.of("wg0.conf");

    @BeforeEach
    void answerAsAHostWithOneRoute() throws IOException {
        commands.missing = Set.of();
        commands.answers.put(
                "ip -o -force -batch -", "192.0.2.1 via 198.51.100.1 dev eth0 src 198.51.100.2 uid 0 \\    cache \n");
        commands.answers.put("ip link show dev eth0", "2: eth0: <UP> mtu 1500 qdisc fq state UP\n");
        commands.answers.put("ip -4 route show dev wg0", "10.0.0.0/24 proto kernel scope link src 10.0.0.2 \n");
        commands.answers.put("ip -6 route show dev wg0", "fd00::/64 proto kernel metric 256 pref medium\n");
        commands.answers.put("ip -o -4 addr show dev wg0", "9: wg0    inet 10.0.0.2/24 scope global wg0\\ valid_lft\n");
        commands.answers.put("ip -o -6 addr show dev wg0", "9: wg0    inet6 fd00::2/64 scope global \\ valid_lft\n");
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
        path = directory.resolve("wg0.conf");
        Files.createFile(path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    }

    @Test
    void makesWhatWgQuickMakesInItsOrder() throws Exception {
        setup(FULL).up();
        assertThat(commands.log).isEqualTo(UP);
        assertThat(commands.said).contains("[#] wg set wg0 fwmark 51820");
        assertThat(device.status().fwmark()).isEqualTo(51820);
        assertThat(commands.inputs.get("resolvconf -a wg0 -m 0 -x"))
                .isEqualTo("nameserver 10.0.0.1\nsearch corp.example.com\n");
        assertThat(commands.inputs.get("nft -f -"))
                .contains("add rule ip wg-quick-wg0 preraw iifname != \"wg0\" ip daddr 10.0.0.2 fib saddr type != local"
                        + " drop\n")
                .contains("add rule ip wg-quick-wg0 postmangle meta l4proto udp mark 51820 ct mark set mark\n")
                .contains("add rule ip6 wg-quick-wg0 preraw iifname != \"wg0\" ip6 daddr fd00::2 fib saddr")
                .doesNotContain("delete table ip wg-quick-wg0\n\n");
    }

    @Test
    void goesDownInOrder() throws Exception {
        InterfaceSetup setup = setup(FULL);
        setup.up();
        commands.log.clear();
        assertThat(setup.down()).isTrue();
        assertThat(commands.log).startsWith("hook echo pre-down wg0").endsWith("hook echo post-down wg0");
        assertThat(commands.log.subList(1, commands.log.size() - 1)).isEqualTo(UNDONE);
    }

    /// Whatever fails, every rule, table, entry and link that was made is removed, and nothing more is made.
    @Test
    void leavesNothingBehindWhereverItFails() throws Exception {
        for (int failAt = 0; failAt < UP.size(); failAt++) {
            RecordingCommands failing = new RecordingCommands();
            failing.missing = Set.of();
            failing.answers.putAll(commands.answers);
            failing.failAt = failAt;
            InterfaceSetup setup = setup(FULL, failing, new FakeDevice());
            assertThatThrownBy(setup::up).isInstanceOf(IOException.class).hasMessageContaining("as the test wants it");
            List<String> made = failing.log.subList(0, failAt);
            List<String> undone = failing.log.subList(failAt + 1, failing.log.size());
            assertThat(failing.log.subList(0, failAt + 1)).isEqualTo(UP.subList(0, failAt + 1));
            assertThat(undone).isSubsetOf(UNDONE);
            for (String step : made) {
                if (step.contains(" rule add ")) {
                    assertThat(undone).contains(step.replace(" add ", " delete "));
                }
            }
            assertThat(count(undone, "nft -f -")).isGreaterThanOrEqualTo(count(made, "nft -f -"));
            assertThat(undone.contains("resolvconf -d wg0 -f")).isEqualTo(failAt >= 5);
            assertThat(undone.contains("link remove")).isEqualTo(made.contains("link create"));
            assertThat(undone.isEmpty() || undone.getLast().equals("link remove"))
                    .isTrue();
        }
    }

    @Test
    void removesTheLinkIfTheDeviceRefusesItsConfiguration() throws Exception {
        device.refuses = true;
        assertThatThrownBy(setup(FULL)::up)
                .hasMessage("the device refused its configuration: the port is in use; choose another");
        assertThat(commands.log).containsExactly("hook echo pre-up wg0", "link create", "link remove");
    }

    @Test
    void goesOnGoingDownAfterAFailure() throws Exception {
        InterfaceSetup setup = setup(FULL);
        setup.up();
        commands.log.clear();
        commands.failAt = 1;
        assertThat(setup.down()).isFalse();
        assertThat(commands.log).hasSize(UNDONE.size() + 2);
        assertThat(commands.said.getLast()).startsWith("while undoing: `nft -f -` failed");
    }

    @Test
    void usesIptablesWhereThereIsNoNft() throws Exception {
        commands.missing = Set.of("nft");
        InterfaceSetup setup = setup(FULL);
        setup.up();
        assertThat(commands.log).contains("iptables-restore -n", "ip6tables-restore -n");
        assertThat(commands.inputs.get("iptables-restore -n"))
                .isEqualTo("""
                        *raw
                        -I PREROUTING ! -i wg0 -d 10.0.0.2 -m addrtype ! --src-type LOCAL -j DROP COMMENT
                        COMMIT
                        *mangle
                        -I POSTROUTING -m mark --mark 51820 -p udp -j CONNMARK --save-mark COMMENT
                        -I PREROUTING -p udp -j CONNMARK --restore-mark COMMENT
                        COMMIT
                        """.replace("COMMENT", "-m comment --comment \"wg-quick(8) rule for wg0\""));
        commands.inputs.clear();
        setup.down();
        assertThat(commands.inputs.get("iptables-restore -n"))
                .contains("-D PREROUTING ! -i wg0")
                .doesNotContain("-I ");
    }

    @Test
    void saysWhatToInstallForADefaultRoute() throws Exception {
        commands.missing = Set.of("nft", "iptables-restore");
        assertThatThrownBy(setup(FULL)::up).hasMessageContaining("install nftables, or set Table");
        assertThat(commands.log).endsWith("resolvconf -d wg0 -f", "link remove");
    }

    @Test
    void refusesDnsWithoutResolvconfBeforeAnythingIsMade() throws Exception {
        commands.missing = Set.of("resolvconf");
        assertThatThrownBy(setup(FULL)::up).hasMessageContaining("install openresolv");
        assertThat(commands.log).isEmpty();
    }

    @Test
    void refusesALinkThatIsThere() throws Exception {
        commands.answers.put("ip link show dev wg0", "7: wg0: <UP> mtu 1420\n");
        assertThatThrownBy(setup(FULL)::up)
                .hasMessage("`wg0` already exists; `culvert down wg0` ends it, or `ip link delete wg0`");
        assertThat(commands.log).isEmpty();
    }

    @Test
    void refusesHooksThatOthersCouldHaveWritten() throws Exception {
        for (String permissions : List.of("rw--w----", "rw-----w-")) {
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
            assertThatThrownBy(setup(FULL)::up).hasMessageContaining("others may write to the file");
        }
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
        assertThatThrownBy(setup(FULL)::up).hasMessageContaining("others may write to the directory");
        assertThat(commands.log).isEmpty();
        setup("[Interface]\n").up(); // nothing would be run
    }

    @Test
    void takesTheMarkOfTheFileAsTheTable() throws Exception {
        setup("[Interface]\nFwMark = 77\n[Peer]\nPublicKey = " + PEER_A + "\nAllowedIPs = ::/0\n")
                .up();
        assertThat(commands.log).contains("ip -6 rule add not fwmark 77 table 77");
        assertThat(commands.said).noneMatch(line -> line.contains("wg set"));
    }

    @Test
    void choosesTheNextTableIfOneIsInUse() throws Exception {
        commands.answers.put("ip -4 route show table 51820", "default dev wg1 scope link\n");
        setup("[Interface]\n[Peer]\nPublicKey = " + PEER_A + "\nAllowedIPs = 0.0.0.0/0\n")
                .up();
        assertThat(commands.log).contains("ip -4 rule add not fwmark 51821 table 51821");
    }

    @Test
    void takesOverTheRulesOfAKilledProcess() throws Exception {
        commands.answers.put("ip -4 rule show", """
                0:\tfrom all lookup local
                32764:\tfrom all lookup main suppress_prefixlength 0
                32765:\tnot from all fwmark 0xca6c lookup 51820
                32766:\tfrom all lookup main
                """);
        InterfaceSetup setup = setup("[Interface]\n[Peer]\nPublicKey = " + PEER_A + "\nAllowedIPs = 0.0.0.0/0\n");
        setup.up();
        assertThat(commands.log).noneMatch(step -> step.contains("rule add"));
        setup.down();
        assertThat(commands.log)
                .contains(
                        "ip -4 rule delete not fwmark 51820 table 51820",
                        "ip -4 rule delete table main suppress_prefixlength 0");
    }

    @Test
    void leavesAMarkSettingAloneThatStandsAlready() throws Exception {
        commands.answers.put("sysctl -n net.ipv4.conf.all.src_valid_mark", "1\n");
        setup(FULL).up();
        assertThat(commands.log).noneMatch(step -> step.startsWith("sysctl"));
    }

    @Test
    void makesNoRoutesWithTableOff() throws Exception {
        setup("[Interface]\nTable = off\n[Peer]\nPublicKey = " + PEER_A + "\nAllowedIPs = 0.0.0.0/0, 10.9.0.0/16\n")
                .up();
        assertThat(commands.log).noneMatch(step -> step.contains("route"));
    }

    @Test
    void putsAllRoutesIntoANumberedTableLongestFirst() throws Exception {
        setup("[Interface]\nTable = 1234\n[Peer]\nPublicKey = " + PEER_A
                        + "\nAllowedIPs = 0.0.0.0/0, 10.0.0.0/24, fd01::/48, 10.0.0.7/32\n")
                .up();
        assertThat(commands.log.stream().filter(step -> step.contains("route")))
                .containsExactly(
                        "ip -6 route add fd01::/48 dev wg0 table 1234",
                        "ip -4 route add 10.0.0.7/32 dev wg0 table 1234",
                        "ip -4 route add 10.0.0.0/24 dev wg0 table 1234",
                        "ip -4 route add 0.0.0.0/0 dev wg0 table 1234");
    }

    @Test
    void makesManyRoutesInOneGo() throws Exception {
        StringBuilder text = new StringBuilder("[Interface]\n[Peer]\nPublicKey = " + PEER_A + "\n");
        for (int i = 0; i < 100; i++) {
            text.append("AllowedIPs = 10.7.")
                    .append(i)
                    .append(".0/24, 10.0.0.")
                    .append(i)
                    .append("/32\n");
        }
        setup(text.toString()).up();
        assertThat(commands.log).containsExactly("link create", "ip link set mtu 1420 up dev wg0", "ip -4 -batch -");
        assertThat(commands.inputs.get("ip -4 -batch -"))
                .startsWith("route add 10.7.0.0/24 dev wg0\nroute add 10.7.1.0/24 dev wg0\n")
                .hasLineCount(100);
    }

    @Test
    void takesTheSmallestPathMtuOfTheEndpoints() throws Exception {
        commands.answers.put(
                "ip -o -force -batch -",
                "192.0.2.1 dev eth0 uid 0 \\    cache \n192.0.2.2 dev eth1 uid 0 \\    cache mtu 1400\n");
        String text = "[Interface]\n[Peer]\nPublicKey = " + PEER_A + "\nEndpoint = 192.0.2.1:1\n[Peer]\nPublicKey = "
                + PEER_B + "\nEndpoint = 192.0.2.2:1\n";
        setup(text).up();
        assertThat(commands.log).contains("ip link set mtu 1320 up dev wg0");
    }

    @Test
    void takesTheDefaultRoutesMtuWithoutEndpointsAndTheFilesAboveAll() throws Exception {
        commands.answers.put("ip route show default", "default via 198.51.100.1 dev eth0\n");
        commands.answers.put("ip link show dev eth0", "2: eth0: <UP> mtu 9000 qdisc fq state UP\n");
        setup("[Interface]\n").up();
        setup("[Interface]\nMTU = 1333\n").up();
        assertThat(commands.log)
                .containsExactly(
                        "link create",
                        "ip link set mtu 8920 up dev wg0",
                        "link create",
                        "ip link set mtu 1333 up dev wg0");
    }

    @Test
    void reloadsPeersAndRoutesAndSaysWhatItLeaves() throws Exception {
        String head = "[Interface]\nPrivateKey = " + PRIVATE_KEY + "\nAddress = 10.0.0.2/24\n";
        InterfaceSetup setup = setup(head + "[Peer]\nPublicKey = " + PEER_A + "\nAllowedIPs = 10.8.0.0/16\n");
        setup.up();
        commands.log.clear();
        setup.reload(ConfFiles.parse(head.replace("10.0.0.2", "10.0.0.3") + "MTU = 1400\n[Peer]\nPublicKey = " + PEER_B
                + "\nAllowedIPs = 10.9.0.0/16\n"));
        assertThat(commands.log)
                .containsExactly("ip -4 route delete 10.8.0.0/16 dev wg0", "ip -4 route add 10.9.0.0/16 dev wg0");
        assertThat(commands.said).contains("not taken over without `culvert down` and `up`: Address, MTU");
        assertThat(device.status().peers())
                .extracting(peer -> peer.publicKey().toBase64())
                .containsExactly(PEER_B);
    }

    @Test
    void savesTheStateOnTheWayDownIfTheFileAsksForIt() throws Exception {
        commands.answers.put(
                "ip -brief address show dev wg0", "wg0  UNKNOWN  10.0.0.2/24 10.5.0.1/16 fe80::1234/64 \n");
        commands.answers.put("ip link show dev wg0", "");
        Files.writeString(path, "old");
        InterfaceSetup setup = setup("[Interface]\nAddress = 10.0.0.2/24\nSaveConfig = true\nPrivateKey = "
                + PRIVATE_KEY + "\nPostUp = echo %i\n[Peer]\nPublicKey = " + PEER_A + "\nAllowedIPs = 10.8.0.0/16\n");
        commands.answers.remove("ip link show dev wg0");
        setup.up();
        assertThat(setup.down()).isTrue();
        assertThat(path).hasContent("""
                [Interface]
                Address = 10.0.0.2/24
                Address = 10.5.0.1/16
                SaveConfig = true
                PostUp = echo %%i
                PrivateKey = %s

                [Peer]
                PublicKey = %s
                AllowedIPs = 10.8.0.0/16
                """.formatted(PRIVATE_KEY, PEER_A));
        assertThat(Files.getPosixFilePermissions(path)).isEqualTo(PosixFilePermissions.fromString("rw-------"));
        assertThat(directory.resolve("wg0.conf.tmp")).doesNotExist();
    }

    private InterfaceSetup setup(String text) throws ConfException {
        return setup(text, commands, device);
    }

    private InterfaceSetup setup(String text, RecordingCommands runner, FakeDevice control) throws ConfException {
        EndpointResolver resolver = new EndpointResolver(
                host -> InetAddress.getByAddress(new byte[] {(byte) 192, 0, 2, 1}), _ -> {}, 0, runner::say);
        return new InterfaceSetup(runner, resolver, path, ConfFiles.parse(text), "wg0", 0, new InterfaceSetup.Link() {
            @Override
            public DeviceControl create() throws IOException {
                runner.step("link create");
                return control;
            }

            @Override
            public void remove() {
                runner.log.add("link remove");
            }
        });
    }

    private static long count(List<String> steps, String step) {
        return steps.stream().filter(step::equals).count();
    }
}
