package dev.millrace.attribute;

import dev.millrace.state.InputTopic;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What one commit of the attribution of a user partition took in: the order in which it read its topics, the clock, and what the schemas
 * and settings of that time rejected. With the events and the kept settings, it decides everything that the attribution makes.
 *
 * @param partition of exposures, clicks and users
 * @param rules the {@link Attribution#RULES} of the build
 * @param clock wall clock of the whole commit, epoch milliseconds
 * @param maxAheadMillis how far an event's time could be ahead of the clock
 * @param runs in the order of reading
 * @param rejected numbers of events in the order of reading, from 0, by the reason's label
 */
public record AttributionCommit(
        int partition,
        int rules,
        long clock,
        long maxAheadMillis,
        List<Run> runs,
        SortedMap<String, List<Integer>> rejected) {

    /** The topics that runs are of. Their order is that of the record's numbers. */
    public static final List<InputTopic> TOPICS = List.of(InputTopic.EXPOSURES, InputTopic.CLICKS, InputTopic.USERS);

    /** Events of one topic with successive offsets that were read one after the other. */
    public record Run(InputTopic topic, long first, int count) {

        public Run {
            if (first < 0 || count < 1) {
                throw new IllegalArgumentException(count + " events from offset " + first + ": must be at least 1");
            }
        }

        /** Returns the offset behind the last event. */
        public long end() {
            return first + count;
        }
    }

    public AttributionCommit {
        runs = List.copyOf(runs);
        rejected = Collections.unmodifiableSortedMap(new TreeMap<>(rejected));
    }

    /** Returns the latest time that an event could have. */
    public long latestCredible() {
        return clock + maxAheadMillis;
    }

    /** What was read since the last commit. One thread. */
    public static final class Open {

        private final int partition;
        private final long maxAheadMillis;
        private final List<Run> runs = new ArrayList<>();
        private final SortedMap<String, List<Integer>> rejected = new TreeMap<>();
        private Optional<InputTopic> topic = Optional.empty(); // of the run that goes on
        private long first;
        private int count;
        private int events;
        private long clock;

        public Open(int partition, AttributionSettings settings) {
            this.partition = partition;
            this.maxAheadMillis = settings.maxAhead().toMillis();
        }

        /**
         * Takes the next event. The first one of a commit sets the clock, which then stands still.
         *
         * @param now wall clock, epoch milliseconds
         * @return the latest time that the event may have
         */
        public long read(InputTopic of, long offset, long now, Attribution attribution) {
            if (events == 0) {
                clock = attribution.clock(now);
            }
            if (topic.isEmpty() || topic.get() != of || offset != first + count) {
                endRun();
                topic = Optional.of(of);
                first = offset;
            }
            count++;
            events++;
            return clock + maxAheadMillis;
        }

        /** The last event could not be used. */
        public void reject(String reason) {
            rejected.computeIfAbsent(reason, none -> new ArrayList<>()).add(events - 1);
        }

        /** Returns what was read since the last call; absent if nothing was. */
        public Optional<AttributionCommit> close() {
            endRun();
            Optional<AttributionCommit> commit = events == 0
                    ? Optional.empty()
                    : Optional.of(
                            new AttributionCommit(partition, Attribution.RULES, clock, maxAheadMillis, runs, rejected));
            runs.clear();
            rejected.clear();
            topic = Optional.empty();
            events = 0;
            return commit;
        }

        private void endRun() {
            topic.ifPresent(of -> runs.add(new Run(of, first, count)));
            count = 0;
        }
    }
}
