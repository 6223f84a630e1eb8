package dev.culvert.device;

import java.util.List;

/// What an operator calls a peer, from the comments of its section.
///
/// @param name empty if it has none
/// @param tags groups that it is counted in
@Published
public record PeerLabel(String name, List<String> tags) {
    public static final PeerLabel NONE = new PeerLabel("", List.of());

    public PeerLabel {
        tags = List.copyOf(tags);
    }
}
