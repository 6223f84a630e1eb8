/// The house rules that run in the build: floor plan, ownership, names, sizes, secrets, leaks. Each rule stands
/// beside a planted fault that it must find; `.ci/planted` plants such faults in a copy of the whole tree.
@NullMarked
package dev.culvert.house;

import org.jspecify.annotations.NullMarked;
