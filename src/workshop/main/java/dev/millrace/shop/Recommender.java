package dev.millrace.shop;

import dev.millrace.event.Features;
import dev.millrace.replay.ReplayEvent;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/** Learns from what a shop sends, and says what a visitor sees. One thread. */
interface Recommender extends AutoCloseable {

    /** Learns nothing; visitors see the catalogue. */
    Recommender NONE = new Recommender() {
        @Override
        public void take(ReplayEvent sent) {}

        @Override
        public List<String> answer(String user, Features context, Supplier<Set<String>> absent, int k) {
            return List.of();
        }

        @Override
        public void close() {}
    };

    /** Takes an event when it is sent. */
    void take(ReplayEvent sent);

    /**
     * Returns the items that a visitor sees, in their places; none if the visitor is to see the catalogue.
     *
     * @param context of the visit
     * @param absent items that cannot be seen
     * @param k items wanted
     */
    List<String> answer(String user, Features context, Supplier<Set<String>> absent, int k);

    @Override
    void close();
}
