package dev.culvert.device;

import dev.culvert.crypto.HandshakeCipher;

/// What a worker lends to the work it runs: its cipher and its counters. Confined to that worker's thread, but for
/// the counters, which any thread may read.
@AnyThread
record HandshakeWorker(HandshakeCipher cipher, LaneCounters counters) {}
