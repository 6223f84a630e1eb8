/// Real peers in network namespaces: the gateway beside Debian's wireguard-go, run by Maven's `verify` phase as
/// root.
///
/// With `-Dculvert.it.implementation=wireguard-go` wireguard-go takes Culvert's place, so that a test that
/// fails there too is at fault itself and a test that fails only here has found something in Culvert.
@NullMarked
package dev.culvert.it;

import org.jspecify.annotations.NullMarked;
