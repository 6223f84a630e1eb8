/// The load generator: a program of its own inside a network namespace of its own, with real sessions by the house's
/// noise classes and with prepared floods. It is driven by lines on standard input and answers by lines on standard
/// output; see [dev.culvert.bench.generator.Generator].
@NullMarked
package dev.culvert.bench.generator;

import org.jspecify.annotations.NullMarked;
