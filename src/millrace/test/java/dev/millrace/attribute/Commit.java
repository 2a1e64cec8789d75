package dev.millrace.attribute;

import dev.millrace.state.EntrySink;

/** What a commit does with an attribution. */
final class Commit {

    private Commit() {}

    /** Writes the entries that changed. */
    static void of(Attribution attribution) {
        attribution.drainDirty(new Restoring(null));
    }

    /** Commits an attribution of which nothing was committed before, and restores another one over the same entries. */
    static Attribution restarted(Attribution stopped, Attribution begun) {
        stopped.drainDirty(new Restoring(begun));
        return begun;
    }

    private record Restoring(@org.jspecify.annotations.Nullable Attribution target) implements EntrySink {
        @Override
        public void put(byte[] key, byte[] value) {
            if (target != null) {
                target.restore(key, value);
            }
        }

        @Override
        public void delete(byte[] key) {
            // the begun one never had it
        }
    }
}
