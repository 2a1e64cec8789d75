/**
 * State that survives a crash: keyed entries in a checked format, written through at each commit.
 *
 * <p>For other programs: {@link dev.millrace.state.OrderedEntries} is what an attribution needs of a store, and {@link dev.millrace.state.MemoryEntries} is one on the heap. A
 * {@link dev.millrace.state.Durable} drains what changed into an {@link dev.millrace.state.EntrySink}, and goes on bit for bit when it is restored from all of it.
 */
@NullMarked
package dev.millrace.state;

import org.jspecify.annotations.NullMarked;
