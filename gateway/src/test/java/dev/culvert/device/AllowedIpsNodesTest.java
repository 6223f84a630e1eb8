package dev.culvert.device;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// The trie's shape: no node that nothing needs, no more copies than a change's path has, and an old table that
/// stands.
@LaneConfined
final class AllowedIpsNodesTest {
    @Property(tries = 200)
    void everyNodeIsAPrefixOrAForkAndAChangeCopiesItsPathOnly(@ForAll long seed, @ForAll boolean ipv6) {
        Random random = new Random(seed);
        int bits = ipv6 ? 128 : 32;
        AllowedIps<Object> table = AllowedIps.empty();
        Map<AllowedIp, Object> model = new LinkedHashMap<>();
        for (int i = 0; i < 200; i++) {
            Set<AllowedIps.Node<Object>> before = nodes(table);
            AllowedIp prefix = new AllowedIp(ipv6, few(random), ipv6 ? few(random) : 0, random.nextInt(bits + 1));
            if (random.nextInt(3) == 0 && !model.isEmpty()) {
                prefix = model.keySet().stream()
                        .skip(random.nextInt(model.size()))
                        .findFirst()
                        .orElseThrow();
                Object owner = model.remove(prefix);
                assert owner != null;
                table = table.edit()
                        .remove(prefix.hi(), prefix.lo(), prefix.length(), owner)
                        .table();
            } else {
                Object owner = new Object();
                model.put(prefix, owner);
                table = table.edit()
                        .insert(prefix.hi(), prefix.lo(), prefix.length(), owner)
                        .table();
            }
            Set<AllowedIps.Node<Object>> after = nodes(table);
            assertThat(after.size()).isLessThanOrEqualTo(Math.max(0, 2 * model.size() - 1));
            assertThat(after.stream().filter(node -> node.value() != null)).hasSize(model.size());
            after.removeAll(before);
            assertThat(after.size()).as("copied").isLessThanOrEqualTo(prefix.length() + 2);
        }
        for (Map.Entry<AllowedIp, Object> entry : model.entrySet()) {
            AllowedIp prefix = entry.getKey();
            assertThat(table.exact(prefix.hi(), prefix.lo(), prefix.length())).isSameAs(entry.getValue());
            table = table.edit()
                    .remove(prefix.hi(), prefix.lo(), prefix.length(), entry.getValue())
                    .table();
        }
        assertThat(table.root).isNull();
    }

    /// One edit of many changes, handed out now and then: each table says what the list said at that moment,
    /// whatever the same edit did afterwards.
    @Property(tries = 100)
    void aTableThatAnEditHandedOutStandsWhileTheEditGoesOn(@ForAll long seed, @ForAll boolean ipv6) {
        Random random = new Random(seed);
        int bits = ipv6 ? 128 : 32;
        AllowedIps.Edit<Object> edit = AllowedIps.empty().edit();
        Map<AllowedIp, Object> model = new LinkedHashMap<>();
        Map<AllowedIps<Object>, Map<AllowedIp, Object>> handedOut = new LinkedHashMap<>();
        for (int i = 0; i < 200; i++) {
            AllowedIp prefix = new AllowedIp(ipv6, few(random), ipv6 ? few(random) : 0, random.nextInt(bits + 1));
            Object owner = model.get(prefix);
            if (owner != null && random.nextBoolean()) {
                edit.remove(prefix.hi(), prefix.lo(), prefix.length(), owner);
                model.remove(prefix);
            } else {
                owner = new Object();
                edit.insert(prefix.hi(), prefix.lo(), prefix.length(), owner);
                model.put(prefix, owner);
            }
            assertThat(edit.exact(prefix.hi(), prefix.lo(), prefix.length())).isSameAs(model.get(prefix));
            if (random.nextInt(20) == 0) {
                handedOut.put(edit.table(), Map.copyOf(model));
                assertThat(edit.table()).as("without a change").isSameAs(edit.table());
            }
        }
        handedOut.put(edit.table(), model);
        handedOut.forEach((table, then) -> {
            assertThat(nodes(table).stream().filter(node -> node.value() != null))
                    .hasSize(then.size());
            then.forEach((prefix, owner) -> assertThat(table.exact(prefix.hi(), prefix.lo(), prefix.length()))
                    .isSameAs(owner));
        });
    }

    /// As the kernel's self-test does with its special cases: both ends of the lengths, and both sides of the
    /// halves.
    @Test
    void forksAtEveryBitButTheLast() {
        for (int bit = 0; bit < 127; bit++) {
            long hi = bit < 64 ? 1L << 63 - bit : 0;
            long lo = bit < 64 ? 0 : 1L << 127 - bit;
            AllowedIps<String> table = AllowedIps.<String>empty()
                    .edit()
                    .insert(0, 0, 0, "all")
                    .insert(0, 0, 128, "zero")
                    .insert(hi, lo, 128, "one")
                    .insert(hi, lo, bit + 1, "half")
                    .table();
            assertThat(table.lookup(0, 0, 128)).isEqualTo("zero");
            assertThat(table.lookup(hi, lo, 128)).isEqualTo("one");
            assertThat(table.edit().remove(hi, lo, 128, "one").table().lookup(hi, lo, 128))
                    .isEqualTo("half");
            assertThat(table.lookup(~hi, ~lo, 128)).isEqualTo("all");
        }
    }

    private static long few(Random random) {
        return random.nextLong() & 0x8100_0003_8000_0001L;
    }

    private static Set<AllowedIps.Node<Object>> nodes(AllowedIps<Object> table) {
        Set<AllowedIps.Node<Object>> nodes = Collections.newSetFromMap(new IdentityHashMap<>());
        collect(table.root, nodes);
        return nodes;
    }

    private static void collect(AllowedIps.@Nullable Node<Object> node, Set<AllowedIps.Node<Object>> into) {
        if (node != null) {
            assertThat(node.value() != null || (node.zero() != null && node.one() != null))
                    .as("a prefix or a fork")
                    .isTrue();
            into.add(node);
            collect(node.zero(), into);
            collect(node.one(), into);
        }
    }
}
