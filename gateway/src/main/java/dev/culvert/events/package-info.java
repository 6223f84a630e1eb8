/// Where events go: standard output, a file, the journal, a webhook. Reads [dev.culvert.device.EventLog] on threads
/// of its own, so that a sink which is slow or gone costs the lanes nothing.
@NullMarked
package dev.culvert.events;

import org.jspecify.annotations.NullMarked;
