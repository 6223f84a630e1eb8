package dev.culvert.tun;

import dev.culvert.crypto.Memory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// [QueueSteering] by a program in the kernel (TUNSETSTEERINGEBPF, kernel 4.16), which looks the destination up in
/// two longest-prefix maps, one a family. What they do not hold is placed by the packet's hash, which is the same
/// for all packets of a flow, or by its destination where the kernel has computed no hash.
final class EbpfSteering implements QueueSteering, AutoCloseable {
    private static final long TUNSETSTEERINGEBPF = 0x800454e0L;

    // linux/bpf.h: commands and types.
    private static final int MAP_CREATE = 0;
    private static final int MAP_UPDATE_ELEM = 2;
    private static final int MAP_DELETE_ELEM = 3;
    private static final int PROG_LOAD = 5;
    private static final int MAP_TYPE_LPM_TRIE = 11;
    private static final int PROG_TYPE_SOCKET_FILTER = 1;
    private static final int F_NO_PREALLOC = 1;
    private static final int ATTRIBUTES_BYTES = 64;
    private static final int ELEM_ATTRIBUTES_BYTES = 32;
    private static final int ENTRY_BYTES = 32;
    /// A bound and no reservation: entries take memory as they come.
    private static final int PREFIXES_MAX = 1 << 22;

    // linux/bpf.h: instructions, of which code, registers, offset and a constant make 64 bits.
    private static final int MOVE = 0xbf;
    private static final int MOVE_CONSTANT = 0xb7;
    private static final int ADD_CONSTANT = 0x07;
    private static final int SHIFT_RIGHT_CONSTANT = 0x77;
    private static final int TO_BIG_ENDIAN = 0xdc;
    private static final int LOAD_PACKET_BYTE = 0x30;
    private static final int LOAD_WORD = 0x61;
    private static final int LOAD_LONG_CONSTANT = 0x18;
    private static final int STORE_WORD_CONSTANT = 0x62;
    private static final int JUMP_IF_EQUAL = 0x15;
    private static final int JUMP_IF_NOT_EQUAL = 0x55;
    private static final int CALL = 0x85;
    private static final int EXIT = 0x95;
    private static final int PSEUDO_MAP_FD = 1;
    private static final int HELPER_MAP_LOOKUP_ELEM = 1;
    private static final int HELPER_SKB_LOAD_BYTES = 26;
    private static final int SKB_HASH = 68;
    private static final int STACK = 10;

    private static final int HEAD_INSTRUCTIONS = 6;
    private static final int LOOK_UP_INSTRUCTIONS = 18;

    private final Arena arena = Arena.ofShared();
    private final Libc libc = new Libc(arena);
    private final long attributes = arena.allocate(ATTRIBUTES_BYTES, 8).address();
    /// A key, which is a prefix length and an address, and behind it a queue's number.
    private final long entry = arena.allocate(ENTRY_BYTES, 8).address();
    private final int ipv4Map;
    private final int ipv6Map;
    private boolean closed;

    private EbpfSteering() throws IOException {
        ipv4Map = map(4, "culvert_ipv4");
        ipv6Map = map(16, "culvert_ipv6");
    }

    /// Takes the steering of a TUN over from the kernel.
    ///
    /// @param tun any of its queues; of a queue's number is meant its place in the order of opening
    /// @throws IOException says what the kernel refused; then the TUN is steered as before
    static EbpfSteering attach(int tun) throws IOException {
        EbpfSteering steering = new EbpfSteering();
        try {
            steering.load(tun);
            return steering;
        } catch (IOException e) {
            steering.close();
            throw e;
        }
    }

    private int map(int addressBytes, String name) throws IOException {
        Memory.zero(attributes, ATTRIBUTES_BYTES);
        Memory.putNativeInt(attributes, MAP_TYPE_LPM_TRIE);
        Memory.putNativeInt(attributes + 4, Integer.BYTES + addressBytes);
        Memory.putNativeInt(attributes + 8, Integer.BYTES);
        Memory.putNativeInt(attributes + 12, PREFIXES_MAX);
        Memory.putNativeInt(attributes + 16, F_NO_PREALLOC);
        byte[] text = name.getBytes(StandardCharsets.US_ASCII);
        Memory.copyIn(text, 0, attributes + 28, text.length);
        int fd = libc.bpf(MAP_CREATE, attributes, ATTRIBUTES_BYTES);
        if (fd < 0) {
            close();
            throw refused("make a map", fd);
        }
        return fd;
    }

    private void load(int tun) throws IOException {
        List<Long> program = program();
        try (Arena scratch = Arena.ofConfined()) {
            long instructions = scratch.allocate(8L * program.size(), 8).address();
            for (int i = 0; i < program.size(); i++) {
                Memory.putNativeLong(instructions + 8L * i, program.get(i));
            }
            Memory.zero(attributes, ATTRIBUTES_BYTES);
            Memory.putNativeInt(attributes, PROG_TYPE_SOCKET_FILTER);
            Memory.putNativeInt(attributes + 4, program.size());
            Memory.putNativeLong(attributes + 8, instructions);
            Memory.putNativeLong(
                    attributes + 16, scratch.allocateFrom("Apache-2.0").address());
            int fd = libc.bpf(PROG_LOAD, attributes, ATTRIBUTES_BYTES);
            if (fd < 0) {
                throw refused("load the program", fd);
            }
            Memory.putNativeInt(entry, fd);
            int result = libc.ioctl(tun, TUNSETSTEERINGEBPF, entry);
            libc.close(fd); // the TUN holds it
            if (result < 0) {
                throw refused("give the TUN the program", result);
            }
        }
    }

    private static IOException refused(String what, int errno) {
        return new IOException("the kernel refuses to " + what + " (" + Errno.text(-errno) + ")"
                + (errno == -Errno.EPERM ? "; it takes CAP_BPF, or CAP_SYS_ADMIN before kernel 5.8" : ""));
    }

    /// Registers: r6 the packet, r7 the last 32 bits of its destination, r0 the queue, of which the kernel takes the
    /// remainder by the number of queues.
    private List<Long> program() {
        int hash = HEAD_INSTRUCTIONS + 2 * LOOK_UP_INSTRUCTIONS;
        List<Long> code = new ArrayList<>();
        code.add(instruction(MOVE, 6, 1, 0, 0));
        code.add(instruction(MOVE_CONSTANT, 7, 0, 0, 0));
        code.add(instruction(LOAD_PACKET_BYTE, 0, 0, 0, 0)); // ends the program with 0 if there is none
        code.add(instruction(SHIFT_RIGHT_CONSTANT, 0, 0, 0, 4));
        code.add(jump(JUMP_IF_EQUAL, 4, code.size(), HEAD_INSTRUCTIONS + LOOK_UP_INSTRUCTIONS));
        code.add(jump(JUMP_IF_NOT_EQUAL, 6, code.size(), hash));
        lookUp(code, ipv6Map, 24, 16, hash);
        lookUp(code, ipv4Map, 16, 4, hash);
        assert code.size() == hash;
        code.add(instruction(LOAD_WORD, 0, 6, SKB_HASH, 0));
        code.add(jump(JUMP_IF_NOT_EQUAL, 0, code.size(), code.size() + 2));
        code.add(instruction(MOVE, 0, 7, 0, 0));
        code.add(instruction(EXIT, 0, 0, 0, 0));
        return code;
    }

    /// Returns from the program with the destination's entry, or goes on at `miss`.
    ///
    /// @param offset of the destination, from the IP header's start
    private static void lookUp(List<Long> code, int map, int offset, int bytes, int miss) {
        int key = -bytes - Integer.BYTES;
        code.add(instruction(STORE_WORD_CONSTANT, STACK, 0, key, 8 * bytes));
        code.add(instruction(MOVE, 1, 6, 0, 0));
        code.add(instruction(MOVE_CONSTANT, 2, 0, 0, offset));
        code.add(instruction(MOVE, 3, STACK, 0, 0));
        code.add(instruction(ADD_CONSTANT, 3, 0, 0, -bytes));
        code.add(instruction(MOVE_CONSTANT, 4, 0, 0, bytes));
        code.add(instruction(CALL, 0, 0, 0, HELPER_SKB_LOAD_BYTES));
        code.add(jump(JUMP_IF_NOT_EQUAL, 0, code.size(), miss));
        code.add(instruction(LOAD_WORD, 7, STACK, -Integer.BYTES, 0));
        code.add(instruction(TO_BIG_ENDIAN, 7, 0, 0, Integer.SIZE));
        code.add(instruction(LOAD_LONG_CONSTANT, 1, PSEUDO_MAP_FD, 0, map));
        code.add(0L); // the constant's upper half
        code.add(instruction(MOVE, 2, STACK, 0, 0));
        code.add(instruction(ADD_CONSTANT, 2, 0, 0, key));
        code.add(instruction(CALL, 0, 0, 0, HELPER_MAP_LOOKUP_ELEM));
        code.add(jump(JUMP_IF_EQUAL, 0, code.size(), miss));
        code.add(instruction(LOAD_WORD, 0, 0, 0, 0));
        code.add(instruction(EXIT, 0, 0, 0, 0));
    }

    private static long jump(int code, int constant, int from, int to) {
        return instruction(code, 0, 0, to - from - 1, constant);
    }

    /// `struct bpf_insn` of a little-endian machine.
    private static long instruction(int code, int destination, int source, int offset, int constant) {
        return code | (long) (destination | source << 4) << 8 | (offset & 0xffffL) << 16 | (long) constant << 32;
    }

    @Override
    public synchronized int put(boolean ipv6, long hi, long lo, int prefixLength, int queue) {
        Memory.putNativeInt(entry + 24, queue);
        return change(MAP_UPDATE_ELEM, ipv6, hi, lo, prefixLength);
    }

    @Override
    public synchronized int remove(boolean ipv6, long hi, long lo, int prefixLength) {
        return change(MAP_DELETE_ELEM, ipv6, hi, lo, prefixLength);
    }

    private int change(int command, boolean ipv6, long hi, long lo, int prefixLength) {
        if (closed) {
            return -Errno.EBADF;
        }
        Memory.putNativeInt(entry, prefixLength);
        Memory.putLongBe(entry + 4, hi);
        Memory.putLongBe(entry + 12, lo);
        Memory.zero(attributes, ELEM_ATTRIBUTES_BYTES);
        Memory.putNativeInt(attributes, ipv6 ? ipv6Map : ipv4Map);
        Memory.putNativeLong(attributes + 8, entry);
        if (command == MAP_UPDATE_ELEM) { // what a command does not know must be zero
            Memory.putNativeLong(attributes + 16, entry + 24);
        }
        int result = libc.bpf(command, attributes, ELEM_ATTRIBUTES_BYTES);
        return Math.min(result, 0);
    }

    /// The program stays with the TUN, and with it the maps; they cannot change any more.
    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            closeMap(ipv4Map);
            closeMap(ipv6Map);
            arena.close();
        }
    }

    private void closeMap(int map) {
        if (map > 0) {
            libc.close(map);
        }
    }
}
