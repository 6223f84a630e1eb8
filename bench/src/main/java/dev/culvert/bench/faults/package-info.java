/// Floods and faults: runs the shipped program in network namespaces of its own, makes its life hard, measures, and
/// prints a table of what was met and what was missed. Started by `deploy/verify --faults`, `--soak` and
/// `--lists`.
///
/// ```
/// FaultTable   the program: options, rows, table
/// *Row         one row of the table each: sets the scene, measures, reports its checks
/// Scene        namespaces and links; what runs in them comes from dev.culvert.bench.lab
/// ```
@NullMarked
package dev.culvert.bench.faults;

import org.jspecify.annotations.NullMarked;
