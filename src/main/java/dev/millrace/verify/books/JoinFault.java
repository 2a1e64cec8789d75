package dev.millrace.verify.books;

/** A fault that the offline join found. */
record JoinFault(Kind kind, String text) {

    /** What is wrong. */
    enum Kind {
        /** Two examples of one click. */
        SECOND_EXAMPLE(true),
        /** No example where there must be one. */
        MISSING_EXAMPLE(false),
        /** An example that contradicts the events. */
        WRONG_EXAMPLE(false),
        /** Two examples of one action on one exposure. */
        REPEATED_ACTION(false);

        private final boolean needsNoOtherEvent;

        Kind(boolean needsNoOtherEvent) {
            this.needsNoOtherEvent = needsNoOtherEvent;
        }

        /** Returns true if it is a fault even where the beginning of a topic is gone. */
        boolean holdsWithoutTheBeginning() {
            return needsNoOtherEvent;
        }
    }
}
