/// The end-to-end comparison: the same rows for Culvert and for what else there is, interleaved, as medians.
/// Started by `bench/compare`.
///
/// ```
/// Compare          the program; CompareOptions: its command line
/// Survey           which implementations are here, and why others are not
/// Row, Metric      what is measured
/// Matrix           visits stages in turns; Visit: one stage with one implementation
/// Stage            PairStage, SpokesStage, LoadStage: set the scene and measure rows
/// Pair, Node, …    what a scene is made of
/// Measurements     what came out: medians and ratios
/// Table, Chart     what is made of it; ResultFiles writes it
/// ```
@NullMarked
package dev.culvert.bench.compare;

import org.jspecify.annotations.NullMarked;
