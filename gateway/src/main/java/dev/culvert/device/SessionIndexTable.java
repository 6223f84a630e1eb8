package dev.culvert.device;

import org.jspecify.annotations.Nullable;

/// A lane's session indices (kernel: `index_hashtable`): open addressing, linear probing, at most half full.
/// Finding allocates nothing; an entry that goes leaves no tombstone.
@LaneConfined
final class SessionIndexTable<V> {
    private static final int CAPACITY_MIN = 16;

    private int[] keys = new int[CAPACITY_MIN];
    private @Nullable Object[] values = new Object[CAPACITY_MIN];
    private int size;

    int size() {
        return size;
    }

    @SuppressWarnings("unchecked") // only V is ever stored
    @Nullable
    V find(int index) {
        int mask = keys.length - 1;
        for (int i = home(index, mask); ; i = i + 1 & mask) {
            Object value = values[i];
            if (value == null || keys[i] == index) {
                return (V) value;
            }
        }
    }

    /// @return false if the index is taken; then nothing has changed
    boolean insert(int index, V value) {
        if (2 * (size + 1) > keys.length) {
            resize(2 * keys.length);
        }
        int mask = keys.length - 1;
        int i = home(index, mask);
        for (; values[i] != null; i = i + 1 & mask) {
            if (keys[i] == index) {
                return false;
            }
        }
        keys[i] = index;
        values[i] = value;
        size++;
        return true;
    }

    @SuppressWarnings("unchecked") // only V is ever stored
    @Nullable
    V remove(int index) {
        int mask = keys.length - 1;
        int i = home(index, mask);
        for (; values[i] != null; i = i + 1 & mask) {
            if (keys[i] == index) {
                break;
            }
        }
        Object removed = values[i];
        if (removed == null) {
            return null;
        }
        // Close the gap: move back every later entry of the run that may stand earlier.
        int gap = i;
        for (int j = gap + 1 & mask; values[j] != null; j = j + 1 & mask) {
            int distance = j - home(keys[j], mask) & mask;
            if (distance >= (j - gap & mask)) {
                keys[gap] = keys[j];
                values[gap] = values[j];
                gap = j;
            }
        }
        values[gap] = null;
        size--;
        if (keys.length > CAPACITY_MIN && 8 * size < keys.length) {
            resize(keys.length / 2);
        }
        return (V) removed;
    }

    private void resize(int capacity) {
        int[] oldKeys = keys;
        @Nullable Object[] oldValues = values;
        keys = new int[capacity];
        values = new Object[capacity];
        int mask = capacity - 1;
        for (int i = 0; i < oldKeys.length; i++) {
            if (oldValues[i] != null) {
                int at = home(oldKeys[i], mask);
                while (values[at] != null) {
                    at = at + 1 & mask;
                }
                keys[at] = oldKeys[i];
                values[at] = oldValues[i];
            }
        }
    }

    private static int home(int index, int mask) {
        int h = index * 0x9e3779b9;
        return (h ^ h >>> 15) & mask;
    }
}
