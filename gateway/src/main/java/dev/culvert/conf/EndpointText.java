package dev.culvert.conf;

/// An endpoint as a file gives it, not resolved yet.
///
/// @param host a name or an address, an IPv6 address without brackets and perhaps with a zone
public record EndpointText(String host, int port) {
    @Override
    public String toString() {
        return host.indexOf(':') >= 0 ? '[' + host + "]:" + port : host + ':' + port;
    }
}
