package dev.millrace.state;

import java.util.Collections;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Counts the outcome of every event, by topic. At any time, received = Σ outcomes + waiting.
 *
 * <p>An event is received once. It has its outcome at once, or it waits for it. Counts are part of the state, so they
 * commit with the events that they count.
 */
public final class Books implements Durable {

    /**
     * One topic's account.
     *
     * @param received number of events received
     * @param waiting number of events whose outcome is still open
     * @param outcomes number of events by the label of their outcome; a later version may have written labels that have
     *     no {@link Outcome} here
     */
    public record Account(long received, long waiting, SortedMap<String, Long> outcomes) {

        /** Nothing received yet. */
        public static final Account EMPTY = new Account(0, 0, Collections.emptySortedMap());

        public Account {
            outcomes = Collections.unmodifiableSortedMap(new TreeMap<>(outcomes));
        }

        /** Returns true if received = Σ outcomes + waiting. */
        public boolean isBalanced() {
            return received
                    == waiting
                            + outcomes.values().stream()
                                    .mapToLong(Long::longValue)
                                    .sum();
        }

        /** Returns the number of events with that outcome, whatever the reason. */
        public long outcome(Outcome outcome) {
            return outcomes.entrySet().stream()
                    .filter(named -> outcome.isNamedBy(named.getKey()))
                    .mapToLong(Map.Entry::getValue)
                    .sum();
        }

        /** Returns the account of a topic; {@link #EMPTY} if it has received nothing. */
        public static Account of(InputTopic topic, Map<String, Account> accounts) {
            return accounts.getOrDefault(topic.label(), EMPTY);
        }

        /** Returns the number of events by outcome, whatever the reason. */
        public SortedMap<String, Long> withoutReasons() {
            SortedMap<String, Long> sums = new TreeMap<>();
            outcomes.forEach((named, count) -> sums.merge(Outcome.withoutReason(named), count, Long::sum));
            return sums;
        }

        /** Returns the account for messages: {@code 10 received, 3 waiting, attributed 5, orphan 2}. */
        public String inWords() {
            return String.format(Locale.ROOT, "%,d received, %,d waiting", received, waiting)
                    + outcomes.entrySet().stream()
                            .map(one -> String.format(Locale.ROOT, ", %s %,d", one.getKey(), one.getValue()))
                            .collect(Collectors.joining());
        }

        public Account plus(Account other) {
            SortedMap<String, Long> sums = new TreeMap<>(outcomes);
            other.outcomes.forEach((name, count) -> sums.merge(name, count, Long::sum));
            return new Account(received + other.received, waiting + other.waiting, sums);
        }
    }

    /** What the label of an account begins with that counts records of a topic which is not one of ours. */
    public static final String MAPPED = "map:";

    private static final String RECEIVED = "received";
    private static final String WAITING = "waiting";
    static final String OUTCOME = "outcome/";

    private static final char BEHIND_TOPIC = '|';
    private static final char PREFIX = 'b';

    private final byte prefix;
    private final SortedMap<String, SortedMap<String, Count>> counts = new TreeMap<>();

    /** Creates books under the prefix {@code b}, for a store in which no other key begins with it. */
    public Books() {
        this(PREFIX);
    }

    /** @param prefix first byte of this state's keys, unique within its store */
    public Books(char prefix) {
        this.prefix = (byte) prefix;
    }

    /** Counts a received event whose outcome is known at once. */
    public void settle(InputTopic topic, Outcome outcome) {
        settle(topic, outcome, "");
    }

    /** As {@link #settle(InputTopic, Outcome)}, for a reason; an empty one is none. */
    public void settle(InputTopic topic, Outcome outcome, String reason) {
        settle(topic.label(), outcome, reason);
    }

    /** Counts a record of a topic that is not one of ours, under a label without a vertical bar. */
    public void settle(String label, Outcome outcome, String reason) {
        add(label, RECEIVED, 1);
        add(label, outcome.line(reason), 1);
    }

    /** Counts a received event whose outcome is still open. */
    public void await(InputTopic topic) {
        add(topic.label(), RECEIVED, 1);
        add(topic.label(), WAITING, 1);
    }

    /** Gives a waiting event its outcome. */
    public void settleWaiting(InputTopic topic, Outcome outcome) {
        settleWaiting(topic, outcome, 1);
    }

    /** Gives that many waiting events the same outcome. */
    public void settleWaiting(InputTopic topic, Outcome outcome, int events) {
        settleWaiting(topic, outcome, "", events);
    }

    /** Gives that many waiting events the same outcome, for the same reason; an empty one is none. */
    public void settleWaiting(InputTopic topic, Outcome outcome, String reason, int events) {
        if (events != 0) {
            add(topic.label(), WAITING, -events);
            add(topic.label(), outcome.line(reason), events);
        }
    }

    /** Returns the accounts of several books together, by the label of the topic. */
    public static SortedMap<String, Account> sum(Stream<? extends Map<String, Account>> parts) {
        SortedMap<String, Account> sums = new TreeMap<>();
        parts.forEach(part -> part.forEach((topic, account) -> sums.merge(topic, account, Account::plus)));
        return sums;
    }

    /** Returns the accounts of all topics with events, by the label of the topic. */
    public SortedMap<String, Account> accounts() {
        SortedMap<String, Account> accounts = new TreeMap<>();
        counts.forEach((topic, lines) -> {
            SortedMap<String, Long> outcomes = new TreeMap<>();
            lines.forEach((line, count) -> {
                if (line.startsWith(OUTCOME)) {
                    outcomes.put(line.substring(OUTCOME.length()), count.events);
                }
            });
            accounts.put(topic, new Account(events(lines, RECEIVED), events(lines, WAITING), outcomes));
        });
        return accounts;
    }

    @Override
    public void restore(byte[] key, byte[] value) {
        String name = PrefixedKey.text(key);
        int split = name.indexOf(BEHIND_TOPIC);
        count(name.substring(0, split), name.substring(split + 1)).events =
                Frame.open(value).getLong();
    }

    @Override
    public void drainDirty(EntrySink sink) {
        counts.forEach((topic, lines) -> lines.forEach((line, count) -> {
            if (count.isDirty) {
                count.isDirty = false;
                byte[] key = PrefixedKey.of(prefix, topic + BEHIND_TOPIC + line);
                sink.put(key, Frame.seal(Frame.allocate(Long.BYTES).putLong(count.events)));
            }
        }));
    }

    private void add(String topic, String line, long change) {
        Count count = count(topic, line);
        count.events += change;
        count.isDirty = true;
    }

    private Count count(String topic, String line) {
        return counts.computeIfAbsent(topic, first -> new TreeMap<>()).computeIfAbsent(line, first -> new Count());
    }

    private static long events(SortedMap<String, Count> lines, String line) {
        Count count = lines.get(line);
        return count == null ? 0 : count.events;
    }

    private static final class Count {
        private long events;
        private boolean isDirty;
    }
}
