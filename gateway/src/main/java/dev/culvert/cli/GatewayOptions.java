package dev.culvert.cli;

/// What an operator chose for a gateway.
///
/// @param interfaceName 1 to 15 characters
/// @param lanes 0 for one a core
/// @param engine `auto` or an engine's name
/// @param handshakeWorkers 0 for the default
public record GatewayOptions(String interfaceName, int lanes, String engine, int handshakeWorkers) {}
