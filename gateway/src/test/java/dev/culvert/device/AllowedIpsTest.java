package dev.culvert.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.wire.Vectors;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/// The trie against the shared vectors, hand cases, and a list that is searched naively.
@LaneConfined
final class AllowedIpsTest {
    private static AllowedIp prefix(String address, int length) {
        return AllowedIp.of(InetAddress.ofLiteral(address).getAddress(), length);
    }

    private static <V> AllowedIps<V> with(AllowedIps<V> table, AllowedIp p, V value) {
        return table.edit().insert(p.hi(), p.lo(), p.length(), value).table();
    }

    private static <V> AllowedIps<V> without(AllowedIps<V> table, AllowedIp p, V owner) {
        return table.edit().remove(p.hi(), p.lo(), p.length(), owner).table();
    }

    private static <V> @Nullable V lookup(AllowedIps<V> table, String address) {
        int bits = address.indexOf(':') < 0 ? 32 : 128;
        AllowedIp p = prefix(address, bits);
        return table.lookup(p.hi(), p.lo(), bits);
    }

    @Test
    void agreesWithTheVectors() {
        for (JsonNode vector : Vectors.field(Vectors.read("allowedips.json"), "tables")) {
            AllowedIps<String> table = AllowedIps.empty();
            List<Entry> inserted = new ArrayList<>();
            JsonNode ops = Vectors.field(vector, "ops");
            JsonNode expect = Vectors.field(vector, "expect");
            int lookups = 0;
            for (int i = 0; i < ops.size(); i++) {
                JsonNode op = ops.get(i);
                switch (op.get(0).asString()) {
                    case "insert" -> {
                        AllowedIp p = prefix(op.get(1).asString(), op.get(2).asInt());
                        table = with(table, p, op.get(3).asString());
                        inserted.add(new Entry(p, op.get(3).asString()));
                    }
                    case "remove" ->
                        table = without(
                                table,
                                prefix(op.get(1).asString(), op.get(2).asInt()),
                                op.get(3).asString());
                    case "remove_peer" -> {
                        for (Entry entry : inserted) {
                            if (entry.value().equals(op.get(1).asString())) {
                                table = without(table, entry.prefix(), entry.value());
                            }
                        }
                    }
                    default -> {
                        lookups++;
                        String wanted =
                                expect.get(i).isNull() ? null : expect.get(i).asString();
                        assertThat(lookup(table, op.get(1).asString()))
                                .as("op %d", i)
                                .isEqualTo(wanted);
                    }
                }
            }
            assertThat(lookups).isPositive();
        }
    }

    private record Entry(AllowedIp prefix, String value) {}

    @Test
    void nestsAndKeepsTheOuterWhenTheInnerGoes() {
        AllowedIps<String> table = AllowedIps.empty();
        table = with(table, prefix("0.0.0.0", 0), "default");
        table = with(table, prefix("10.0.0.0", 8), "site");
        table = with(table, prefix("10.1.0.0", 16), "branch");
        table = with(table, prefix("10.1.2.3", 32), "host");
        assertThat(lookup(table, "10.1.2.3")).isEqualTo("host");
        assertThat(lookup(table, "10.1.2.4")).isEqualTo("branch");
        assertThat(lookup(table, "10.2.0.0")).isEqualTo("site");
        assertThat(lookup(table, "255.255.255.255")).isEqualTo("default");
        AllowedIps<String> less = without(table, prefix("10.1.0.0", 16), "branch");
        assertThat(lookup(less, "10.1.2.3")).isEqualTo("host");
        assertThat(lookup(less, "10.1.2.4")).isEqualTo("site");
        assertThat(lookup(table, "10.1.2.4")).as("the old table stands").isEqualTo("branch");
    }

    @Test
    void removesOnlyTheExactPrefixOfItsOwner() {
        AllowedIps<String> table = with(AllowedIps.empty(), prefix("10.0.0.0", 8), "a");
        assertThat(without(table, prefix("10.0.0.0", 8), "b")).isSameAs(table);
        assertThat(without(table, prefix("10.0.0.0", 9), "a")).isSameAs(table);
        assertThat(lookup(without(table, prefix("10.0.0.0", 8), "a"), "10.0.0.1"))
                .isNull();
    }

    @Test
    void tellsV6AddressesApartInEveryBit() {
        AllowedIps<String> table = with(AllowedIps.empty(), prefix("2001:db8::1", 128), "one");
        table = with(table, prefix("::", 0), "all");
        assertThat(lookup(table, "2001:db8::1")).isEqualTo("one");
        byte[] address = InetAddress.ofLiteral("2001:db8::1").getAddress();
        for (int bit = 0; bit < 128; bit++) {
            byte[] other = address.clone();
            other[bit / 8] ^= (byte) (0x80 >>> bit % 8);
            AllowedIp p = AllowedIp.of(other, 128);
            assertThat(table.lookup(p.hi(), p.lo(), 128)).as("bit %d", bit).isEqualTo("all");
        }
    }

    @Property(tries = 200)
    void agreesWithANaiveList(@ForAll long seed, @ForAll boolean ipv6) {
        Random random = new Random(seed);
        AllowedIps<Integer> table = AllowedIps.empty();
        List<NaiveEntry> naive = new ArrayList<>();
        int bits = ipv6 ? 128 : 32;
        for (int i = 0; i < 300; i++) {
            AllowedIp p = random(random, ipv6, random.nextInt(bits + 1));
            int value = random.nextInt(10);
            if (random.nextInt(4) == 0 && !naive.isEmpty()) {
                NaiveEntry victim = naive.get(random.nextInt(naive.size()));
                int owner = random.nextBoolean() ? victim.value() : value;
                table = without(table, victim.prefix(), owner);
                if (owner == victim.value()) {
                    naive.remove(victim);
                }
            } else {
                table = with(table, p, value);
                naive.removeIf(entry -> entry.prefix().equals(p));
                naive.add(new NaiveEntry(p, value));
            }
            AllowedIp address = random(random, ipv6, bits);
            assertThat(table.lookup(address.hi(), address.lo(), bits)).isEqualTo(naiveLookup(naive, address));
        }
    }

    private record NaiveEntry(AllowedIp prefix, int value) {}

    private static @Nullable Integer naiveLookup(List<NaiveEntry> entries, AllowedIp address) {
        Integer best = null;
        int longest = -1;
        for (NaiveEntry entry : entries) {
            AllowedIp p = entry.prefix();
            AllowedIp masked = new AllowedIp(p.ipv6(), address.hi(), address.lo(), p.length());
            if (masked.equals(p) && p.length() > longest) {
                longest = p.length();
                best = entry.value();
            }
        }
        return best;
    }

    /// Few distinct bits, so that prefixes nest and collide.
    private static AllowedIp random(Random random, boolean ipv6, int length) {
        long hi = random.nextLong() & 0x8181_0181_0000_0081L;
        return new AllowedIp(ipv6, ipv6 ? hi : hi & 0xffff_ffff_0000_0000L, ipv6 ? random.nextInt(4) : 0, length);
    }
}
