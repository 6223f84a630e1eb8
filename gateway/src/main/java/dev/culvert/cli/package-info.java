/// The command line.
@NullMarked
package dev.culvert.cli;

import org.jspecify.annotations.NullMarked;
