/// Sessions without I/O: the Noise_IKpsk2 handshake, keypairs, replay window, cookies. Time and randomness come as
/// arguments.
@NullMarked
package dev.culvert.noise;

import org.jspecify.annotations.NullMarked;
