package dev.millrace.state;

/** Entries that can be read and changed. An implementation commits them together with the event that changed them. */
public interface OrderedEntries extends EntrySource, EntrySink {

    @Override
    default void repeat(byte[] key, byte[] value) {
        // it is stored as it is
    }
}
