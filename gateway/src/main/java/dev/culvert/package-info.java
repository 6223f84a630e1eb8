/// # Culvert's architecture
///
/// Culvert is a WireGuard gateway: the hub of a hub-and-spoke network, or one end of a tunnel. It runs in user
/// space on Linux, with the kernel's TUN device on one side and UDP sockets on the other, and behaves as the
/// kernel's own WireGuard does. This page says how it is built and why; the comments of the classes say the
/// rest.
///
/// ## Floor plan
///
/// ```
///              dev.culvert          the program: wires everything, in order, and closes it in reverse
///        cli   admin   metrics   events   conf   uapi      text and HTTP
///                      device                     the data plane: lanes, handlers, peers, timers, routing
///                noise          tun               sessions without I/O  ·  the kernel's interface (FFM)
///         crypto (module)   wire                  primitives and engines  ·  bytes
/// ```
///
/// Imports go down only. `FloorPlanTest` (class files) and `TidyTest` (source files, because the compiler
/// copies constants and leaves no trace of where they came from) keep this table:
///
/// | floor | may use |
/// |---|---|
/// | `crypto` | nothing of ours; no Netty, logging, clocks, threads |
/// | `wire` | `crypto`, for memory by address; no state |
/// | `noise` | `wire`, `crypto`; no sockets, clocks or generators of its own |
/// | `tun` | `crypto`, for memory by address; with `crypto` the only place of native calls |
/// | `device` | `noise`, `wire`, `tun`, `crypto` |
/// | `conf`, `uapi`, `metrics`, `events` | `device`, `crypto` |
/// | `admin` | `metrics`, `device`, `crypto` |
/// | `cli` | `conf`, `uapi`, `device`, `crypto` |
/// | the root | all of these |
/// | `bench` (a module that nothing imports) | all but text and HTTP |
///
/// `device` is one package on purpose: package-private is Java's only friend, and peers, timers, handlers and
/// sender share fields that nobody else may see.
///
/// ## Who may touch what
///
/// Each class of `device` carries exactly one of three annotations, checked in the build:
///
/// - `@LaneConfined`: one lane's thread only. No lock, no atomic.
/// - `@Published`: immutable, replaced as a whole by one volatile write.
/// - `@AnyThread`: its comment says how that is safe.
///
/// ## How a packet comes in
///
/// All of it on one thread, the lane's; the files are in `device` unless said otherwise.
///
/// 1. The kernel picks the socket by the receiver index (`tun/UdpSocket.steer`), and so the peer's home lane.
/// 2. `UdpChannel` calls recvmmsg (`tun/ReceiveArray`); everything that it returned is one `PacketBatch`, one
///    event in the pipeline that `UdpPipeline` lists.
/// 3. `InboundGate` begins the lane's turn, and sorts each segment by type and exact length
///    (`wire/MessageType`).
/// 4. `HandshakeHandler` makes the cheap checks on handshake messages; the arithmetic is `Handshakes` and a
///    worker.
/// 5. `DecryptHandler` finds the keypair by index, asks the replay window (`noise/ReplayWindow`), opens the
///    packet in place, and then does to the session what an authentic packet does: endpoint, key confirmation,
///    timers.
/// 6. `RouteHandler` judges the inner packet: length, and whether its source belongs to the peer
///    (`CryptokeyRouter`).
/// 7. `TunEgress` joins packets of one flow (`wire/SegmentCoalescer`), and `tun/TunQueue` writes them to the
///    host from the same bytes. `InboundGate` ends the turn: what was queued is sent.
///
/// ## How a packet goes out
///
/// 1. `tun/TunQueue` is readable; `TunIngress` reads packets, each of which may stand for many of a flow.
/// 2. `CryptokeyRouter` gives the peer for the destination. A peer of another lane gets the packet by
///    `HandOver`.
/// 3. `Sender` writes it into the datagram, cut into segments (`wire/SegmentSplitter`), seals it there, and puts
///    it into a `SendQueue`; without a usable key it goes to `StagedPackets`, and `Handshakes` begins a
///    handshake.
/// 4. `SendQueue` joins a peer's datagrams to messages and hands everything to sendmmsg (`tun/SendArray`).
///
/// A handshake: `HandshakeHandler` → `HandshakeWorkers` (opens it on an immutable view) → the peer's home lane,
/// where `Handshakes` commits or wipes it → `Sender`. Time: the lane's alarm → `TimerWheel` → `Timers` →
/// `Sender`. Configuration: wg(8) → `uapi` → `Device.apply` → a new `CryptokeyRouter` and one command per lane
/// concerned.
///
/// ## Decisions
///
/// 1. **A lane owns everything of its peers.** A lane (`Lane`) is an event loop with its sockets, its TUN
///    queue, its clock, its counters and the peers at home there (`LanePeer`): keypairs, send counter, replay
///    window, endpoint, timers, staged packets. So the path has no lock, no atomic, no shared counter; and one
///    peer's speed is one core's. A peer gets its home at its first use, the least loaded (`LaneAssignment`).
///    What belongs to another lane goes there as a slot reference through a bounded ring for each pair of lanes
///    (`LaneExchange`); a full ring is a counted drop, never a wait, and slots come back by a ring of their
///    own.
/// 2. **Session indices carry the lane.** The low byte of our receiver index is congruent to the lane, so a few
///    instructions of classic BPF on the reuseport group bring a packet home, wherever its peer roams to.
///    Initiations and junk are spread by the kernel's hash. Sockets are opened and closed as a whole, in order,
///    since a member's number moves when another closes; the port is probed without SO_REUSEPORT first, or a
///    second process would silently share it (`UdpSockets`). A packet at the wrong lane is handed over.
/// 3. **The unit of the path is a batch.** Parallel arrays, reused for ever (`PacketBatch`): up to 256 segments
///    in up to 64 units, a unit being one datagram or one GRO buffer. Each handler works on all of it; a
///    segment's verdict is its own. Nothing is allocated per packet.
/// 4. **In place, off the heap.** A packet is decrypted where it was received and written to the TUN from
///    there. On the way out it is copied once, into the datagrams of one sendmmsg, which lie behind one another
///    in memory that stays in the core's cache: so a run of segments is one UDP_SEGMENT message, and the slot it
///    was read into is free at once. Packets that wait for a key are copied to blocks of their size.
/// 5. **The cipher is an engine chosen at start** (`crypto/AeadEngine`) after a self-test on this machine:
///    Intel's multi-buffer library by FFM where it is installed and the CPU has AVX-512 IFMA, OpenSSL's
///    libcrypto by FFM, the JDK, Bouncy Castle. One instance a lane; the key's address comes with each packet.
///    X25519 and BLAKE2s come from OpenSSL 3 where they pass a test, whatever the engine, else from Java.
///    OpenSSL 3 is called where its providers offer their functions (`crypto/Libcrypto`), past the EVP layer.
/// 6. **TUN and UDP by java.lang.foreign, on the lane's own epoll loop.** No reader threads and no JNI of ours. The
///    loop sleeps when it has nothing, or polls for a while first if the operator asks for it (`BusyPolling`).
///    The UDP channel is our own, since Netty's splits GRO buffers into an object a datagram, cannot answer
///    from the address that was asked, and hides ECN. Native calls live in `tun/Libc` and in the engines, and
///    `-Xlint:restricted` refuses them elsewhere.
/// 7. **The protocol core does no I/O.** `noise` takes time and randomness as arguments, and `device` reads its
///    clocks through `DeviceClock` and runs on a `LaneExecutor`, so that handshakes and whole devices run in a
///    test on a clock and a scheduler of its own.
/// 8. **Handshakes have their own budget.** The lane does what is cheap (length, mac1, load, cookie, rate
///    limit: `HandshakeLimits`) and puts the rest into a bounded queue. A worker computes on a view that cannot
///    change; the home lane commits what it made if timestamp, configuration and peer still allow it, draws the
///    index and writes the macs. So a flood costs established sessions no Diffie-Hellman. What it still costs a
///    lane is the mac1 of each datagram, and a bounded number of cookie replies (`CookieReplyBudget`);
///    `deploy/verify --faults R13` measures that.
/// 9. **The control plane stands apart.** Routing is a path-copying trie (`AllowedIps`): a request allocates the
///    nodes of its paths, each once, and publishes a new root. A set is compared with what stands, a get waits
///    for no lane, and nothing costs a step per peer for each packet, each second, or each single change. An
///    idle peer is half a KiB: what it needs to talk is made when it first does (`LanePeer`, `RemoteIdentity`,
///    the bitmap of `noise/ReplayWindow`); `deploy/verify --lists` measures long lists.
/// 10. **Timers** are one hierarchical wheel a lane (`TimerWheel`) with one entry a peer, at its nearest
///     deadline. Packets only store times; an entry that goes off before its moved deadline is armed again. The
///     clock is boot time, which goes on in a suspend. No wake-up when nothing is armed.
/// 11. **A bad packet is a counted drop with a reason** (`DropReason`): no exception, no log line. Only a peer
///     whose clock went back and a kernel that refuses to send are told, once in ten seconds (`LimitedLog`). A
///     packet of the host's that has no peer or no endpoint is answered by ICMP (`UnreachableReplies`). A state
///     that cannot be is an assertion. What an operator did wrong is a sentence that says what to do.
/// 12. **A little is remembered across restarts**: endpoints and greatest timestamps per peer, no keys, in a
///     file (`conf/PeerJournal`) that a thread of its own writes when `device/PeerMemory` notes a change. A
///     restarted hub refuses replays by it and greets its spokes, paced (`PeerGreeter`).
/// 13. **Spoke to spoke goes through the host's kernel**, so that its firewall applies. With `forwarding: direct`
///     (`DirectForwarding`) a packet that needs nothing of the host is sealed for its peer from the receive buffer
///     into the outgoing datagram, and crosses lanes by the run of a GRO unit. What is the host's own is asked of
///     its routing table *local* (`tun/LocalRouteWatch`); while that is unknown all goes to the TUN.
/// 14. **Metrics read published counters only** (`LaneCounters`, `DropReason.label`), on threads of their own and
///     never on a lane. `metrics/DeviceMetrics` names them; series of peers are written as they are asked for
///     (`metrics/PeerSeries`), so a peer costs nothing between scrapes. `admin/AdminServer` serves them by Vert.x,
///     which is loaded only where it is on. Health is a handshake with ourselves by a peer that is in no list
///     (`device/HealthProbe`).
///     What happens to sessions and peers is told where it happens (`EventLog`): numbered, in a ring that a lock guards
///     for a few stores, never for each packet, with limits for each peer, for all and for strangers. Sinks
///     (`events/EventSinks`), `culvert events` and `/api/events` read on from a number.
/// 15. **TUN queues are steered by destination**, where bpf(2) is allowed: a program in the kernel looks it up
///     (`tun/EbpfSteering`) in maps that `LaneSteering` keeps as the routing table and the home lanes are; it tells
///     the kernel from the control plane, never on a lane. An entry that is missing or late costs a hand-over, no
///     packet. A peer's first packets, until the kernel knows of its lane, may come out at two lanes and then
///     overtake each other. Elsewhere the kernel remembers flows (4,096 of them, for 3 s) and hashes the others: a
///     packet that comes out at another lane's queue is handed over, and one that follows it at its own lane's, as
///     soon as the kernel has seen an answer, may overtake it.
/// 16. **Scale beyond one machine** is left to an existing store of leases and watches, later. What peers there
///     are is asked through one class (`PeerTable`), and sessions never leave the process.
///
/// ## What happens to the machine
///
/// `tun/LinkWatch` follows the interface through names, network namespaces, MTUs, up and down; the sockets stay
/// in the namespace in which the program was started. `tun/SuspendWatch` tells of a suspend, after which no
/// session is left.
///
/// ## Where text comes in
///
/// `cli` parses the command line and gets the gateway handed in (`cli/GatewayLauncher`): only the root knows
/// all rooms. `conf` reads wg-quick's file and sets up addresses, routes and DNS; `uapi` speaks to wg(8) over a
/// socket. Both say what they want as one `device/DeviceChange`, which is applied whole or not at all. What
/// WireGuard's file has no place for is read by `conf/HubSettings`, once, at the start.
///
/// ## The start
///
/// wg-quick(8) waits for it. `deploy/bin/culvert` starts no process but the JVM; `cli/Serving` goes without
/// picocli; all native calls share one shape, since the JDK spins classes for each (`tun/Libc`); and the JVM takes
/// its classes from an archive that the build makes of a rehearsal (`cli/RehearseCommand`): two devices in one
/// process, with an interface in memory, so that no privilege is needed. An archive that does not fit is left
/// aside, in one sentence (`cli/StartArchive`). `deploy/verify --faults R11` measures time and memory.
///
/// ## House rules
///
/// The build refuses what breaks them; each has a planted fault that proves it (`dev.culvert.house` in the
/// tests, and `.ci/planted`): format, compiler warnings, Error Prone, nullness, the table above, ownership,
/// names that say nothing, large files and methods, one Netty version, lost buffers, keys in logs, native calls
/// outside their two places.
@NullMarked
package dev.culvert;

import org.jspecify.annotations.NullMarked;
