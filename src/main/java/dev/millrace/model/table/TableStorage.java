package dev.millrace.model.table;

import dev.millrace.state.EntrySource;

/**
 * Where a table's rows are stored.
 *
 * @param prefix of their keys, ends with 0
 * @param source the stored entries; {@link EntrySource#NONE} if all rows stay on the heap
 */
public record TableStorage(byte[] prefix, EntrySource source) {}
