package dev.culvert.device;

import org.jspecify.annotations.Nullable;

/// A table of prefixes with longest-prefix match: an immutable, path-compressed binary trie (kernel:
/// allowedips.c). A change copies the nodes on its path and shares the rest. Keys are left-aligned in 128 bits;
/// one table a family.
///
/// A node without a value has two children, so there is no node that nothing needs.
@Published
final class AllowedIps<V> {
    record Node<V>(
            long hi,
            long lo,
            int length,
            @Nullable V value,
            @Nullable Node<V> zero,
            @Nullable Node<V> one) {
        boolean covers(long keyHi, long keyLo) {
            return commonBits(hi, lo, keyHi, keyLo) >= length;
        }

        Node<V> withChild(int bit, @Nullable Node<V> child) {
            return bit == 0
                    ? new Node<>(hi, lo, length, value, child, one)
                    : new Node<>(hi, lo, length, value, zero, child);
        }

        @Nullable
        Node<V> child(int bit) {
            return bit == 0 ? zero : one;
        }
    }

    private static final AllowedIps<Object> EMPTY = new AllowedIps<>(null);

    final @Nullable Node<V> root;

    private AllowedIps(@Nullable Node<V> root) {
        this.root = root;
    }

    @SuppressWarnings("unchecked") // it holds nothing
    static <V> AllowedIps<V> empty() {
        return (AllowedIps<V>) EMPTY;
    }

    private static int commonBits(long aHi, long aLo, long bHi, long bLo) {
        long difference = aHi ^ bHi;
        return difference != 0 ? Long.numberOfLeadingZeros(difference) : 64 + Long.numberOfLeadingZeros(aLo ^ bLo);
    }

    private static int bitAt(long hi, long lo, int position) {
        return (int) (position < 64 ? hi >>> 63 - position : lo >>> 127 - position) & 1;
    }

    private static long maskHi(long hi, int length) {
        return length == 0 ? 0 : length >= 64 ? hi : hi & -1L << 64 - length;
    }

    private static long maskLo(long lo, int length) {
        return length <= 64 ? 0 : length == 128 ? lo : lo & -1L << 128 - length;
    }

    /// The table with the prefix given to `value`, whoever had it.
    ///
    /// @param hi masked to `length`, as in [AllowedIp]
    AllowedIps<V> with(long hi, long lo, int length, V value) {
        return new AllowedIps<>(insert(root, hi, lo, length, value));
    }

    private static <V> Node<V> insert(@Nullable Node<V> node, long hi, long lo, int length, V value) {
        if (node == null) {
            return new Node<>(hi, lo, length, value, null, null);
        }
        int common = Math.min(commonBits(node.hi, node.lo, hi, lo), Math.min(node.length, length));
        if (common == node.length) {
            if (length == node.length) {
                return new Node<>(hi, lo, length, value, node.zero, node.one);
            }
            int bit = bitAt(hi, lo, node.length);
            @Nullable Node<V> child = node.child(bit);
            return node.withChild(bit, insert(child, hi, lo, length, value));
        }
        boolean nodeGoesRight = bitAt(node.hi, node.lo, common) == 1;
        if (common == length) {
            return new Node<>(hi, lo, length, value, nodeGoesRight ? null : node, nodeGoesRight ? node : null);
        }
        Node<V> leaf = new Node<>(hi, lo, length, value, null, null);
        return new Node<>(
                maskHi(hi, common),
                maskLo(lo, common),
                common,
                null,
                nodeGoesRight ? leaf : node,
                nodeGoesRight ? node : leaf);
    }

    /// The table without the exact prefix, if `owner` has it; this same table if not.
    AllowedIps<V> without(long hi, long lo, int length, V owner) {
        if (root == null || !owner.equals(exact(hi, lo, length))) {
            return this;
        }
        Node<V> left = remove(root, hi, lo, length);
        return left == null ? empty() : new AllowedIps<>(left);
    }

    /// The prefix is there.
    private static <V> @Nullable Node<V> remove(Node<V> node, long hi, long lo, int length) {
        if (node.length == length) {
            return pruned(new Node<>(node.hi, node.lo, node.length, null, node.zero, node.one));
        }
        int bit = bitAt(hi, lo, node.length);
        Node<V> child = node.child(bit);
        assert child != null;
        return pruned(node.withChild(bit, remove(child, hi, lo, length)));
    }

    /// A node that neither has a value nor branches is replaced by its child.
    private static <V> @Nullable Node<V> pruned(Node<V> node) {
        if (node.value != null || node.zero != null && node.one != null) {
            return node;
        }
        return node.zero != null ? node.zero : node.one;
    }

    /// The value of the exact prefix.
    @Nullable
    V exact(long hi, long lo, int length) {
        Node<V> node = root;
        while (node != null && node.length < length && node.covers(hi, lo)) {
            node = node.child(bitAt(hi, lo, node.length));
        }
        return node != null && node.length == length && node.hi == hi && node.lo == lo ? node.value : null;
    }

    /// The value of the longest prefix that covers the address. Allocates nothing.
    ///
    /// @param bits of an address of this family: 32 or 128
    @Nullable
    V lookup(long hi, long lo, int bits) {
        V best = null;
        Node<V> node = root;
        while (node != null && node.covers(hi, lo)) {
            if (node.value != null) {
                best = node.value;
            }
            if (node.length == bits) {
                break;
            }
            node = node.child(bitAt(hi, lo, node.length));
        }
        return best;
    }
}
