package dev.culvert.device;

import org.jspecify.annotations.Nullable;

/// A table of prefixes with longest-prefix match: an immutable, path-compressed binary trie (kernel:
/// allowedips.c). Changes are made by an [Edit], which copies the nodes on their paths and shares the rest. Keys
/// are left-aligned in 128 bits; one table a family.
///
/// A node without a value has two children, so there is no node that nothing needs.
@Published
final class AllowedIps<V> {
    /// Changed only by the [Edit] that made it, and only until that one hands out its table.
    static final class Node<V> {
        private final long hi;
        private final long lo;
        private final int length;
        private @Nullable V value;
        private @Nullable Node<V> zero;
        private @Nullable Node<V> one;
        /// Which edit, between which two of its tables, made the node.
        private final Object made;

        private Node(long hi, long lo, int length, @Nullable V value, Object made) {
            this.hi = hi;
            this.lo = lo;
            this.length = length;
            this.value = value;
            this.made = made;
        }

        private boolean covers(long keyHi, long keyLo) {
            return commonBits(hi, lo, keyHi, keyLo) >= length;
        }

        private @Nullable Node<V> child(int bit) {
            return bit == 0 ? zero : one;
        }

        private void child(int bit, @Nullable Node<V> child) {
            if (bit == 0) {
                zero = child;
            } else {
                one = child;
            }
        }

        @Nullable
        V value() {
            return value;
        }

        @Nullable
        Node<V> zero() {
            return zero;
        }

        @Nullable
        Node<V> one() {
            return one;
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

    /// The value of the exact prefix.
    @Nullable
    V exact(long hi, long lo, int length) {
        return exact(root, hi, lo, length);
    }

    private static <V> @Nullable V exact(@Nullable Node<V> root, long hi, long lo, int length) {
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

    /// Begins changes to this table, which itself stays as it is.
    Edit<V> edit() {
        return new Edit<>(this);
    }

    /// Changes that are published together. What an edit has copied or made since its last [#table] nobody
    /// else has seen: it is changed in place, so that a list of many prefixes does not copy the way to each of
    /// them. Prefixes are masked to their length, as in [AllowedIp]. Used by one thread at a time.
    static final class Edit<V> {
        private AllowedIps<V> last;
        private @Nullable Node<V> root;
        private Object current = new Object();

        private Edit(AllowedIps<V> from) {
            last = from;
            root = from.root;
        }

        /// The table as it is now; the same one as before if nothing has changed.
        AllowedIps<V> table() {
            if (root != last.root) {
                last = root == null ? empty() : new AllowedIps<>(root);
                current = new Object();
            }
            return last;
        }

        /// See [AllowedIps#exact].
        @Nullable
        V exact(long hi, long lo, int length) {
            return AllowedIps.exact(root, hi, lo, length);
        }

        /// Gives the prefix to `value`, whoever had it.
        Edit<V> insert(long hi, long lo, int length, V value) {
            root = insert(root, hi, lo, length, value);
            return this;
        }

        /// Takes the exact prefix away if `owner` has it.
        Edit<V> remove(long hi, long lo, int length, V owner) {
            if (root != null && owner.equals(exact(hi, lo, length))) {
                root = remove(root, hi, lo, length);
            }
            return this;
        }

        private Node<V> insert(@Nullable Node<V> node, long hi, long lo, int length, V value) {
            if (node == null) {
                return made(hi, lo, length, value);
            }
            int common = Math.min(commonBits(node.hi, node.lo, hi, lo), Math.min(node.length, length));
            if (common == node.length) {
                Node<V> mine = mine(node);
                if (length == node.length) {
                    mine.value = value;
                } else {
                    int bit = bitAt(hi, lo, node.length);
                    mine.child(bit, insert(mine.child(bit), hi, lo, length, value));
                }
                return mine;
            }
            int nodesBit = bitAt(node.hi, node.lo, common);
            if (common == length) {
                Node<V> above = made(hi, lo, length, value);
                above.child(nodesBit, node);
                return above;
            }
            Node<V> fork = made(maskHi(hi, common), maskLo(lo, common), common, null);
            fork.child(nodesBit, node);
            fork.child(1 - nodesBit, made(hi, lo, length, value));
            return fork;
        }

        /// The prefix is there.
        private @Nullable Node<V> remove(Node<V> node, long hi, long lo, int length) {
            Node<V> mine = mine(node);
            if (node.length == length) {
                mine.value = null;
            } else {
                int bit = bitAt(hi, lo, node.length);
                Node<V> child = mine.child(bit);
                assert child != null;
                mine.child(bit, remove(child, hi, lo, length));
            }
            return pruned(mine);
        }

        /// A node that neither has a value nor branches is replaced by its child.
        private @Nullable Node<V> pruned(Node<V> node) {
            if (node.value != null || node.zero != null && node.one != null) {
                return node;
            }
            return node.zero != null ? node.zero : node.one;
        }

        private Node<V> made(long hi, long lo, int length, @Nullable V value) {
            return new Node<>(hi, lo, length, value, current);
        }

        /// The node itself if it may be changed, else a copy that may.
        @SuppressWarnings("ReferenceEquality") // a mark is nothing but itself
        private Node<V> mine(Node<V> node) {
            if (node.made == current) {
                return node;
            }
            Node<V> copy = made(node.hi, node.lo, node.length, node.value);
            copy.zero = node.zero;
            copy.one = node.one;
            return copy;
        }
    }
}
