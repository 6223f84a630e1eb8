/// The admin HTTP server: metrics, health and status for machines, on a thread of its own (architecture, decision
/// 14).
@NullMarked
package dev.culvert.admin;

import org.jspecify.annotations.NullMarked;
