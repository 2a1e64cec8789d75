package dev.millrace.model.table;

import dev.millrace.model.engine.Team;
import dev.millrace.state.EntrySource;

/**
 * Where a table's rows are stored.
 *
 * @param prefix of their keys, ends with 0
 * @param source the stored entries; {@link EntrySource#NONE} if all rows stay on the heap
 * @param readers threads that read rows together
 */
public record TableStorage(byte[] prefix, EntrySource source, Team readers) {}
