package dev.culvert.device;

import dev.culvert.crypto.PrivateKey;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a `get` answers, taken without waiting for a lane.
///
/// @param listenPort 0 if no socket is open
/// @param fwmark 0 if off
/// @param peers in order of creation
@Published
public record DeviceStatus(@Nullable PrivateKey privateKey, int listenPort, int fwmark, List<PeerStatus> peers) {}
