package dev.millrace.verify.books;

import dev.millrace.state.Books;
import dev.millrace.state.InputTopic;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.NavigableSet;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The books beside the counts that were recomputed from the topics.
 *
 * @param lines one for each outcome, by topic
 * @param faults what is wrong; each names an event or a record where it can
 * @param notes what was not checked, or cannot be known, and why
 */
public record CountReport(List<Line> lines, List<String> faults, List<String> notes) {

    /**
     * One outcome of one topic.
     *
     * @param topic logical name
     * @param outcome as in the books; {@code received} and {@code waiting} among them
     * @param books count in the books
     * @param least events that have this outcome for certain
     * @param most the same, and those that may have it: of items and examples not everything is recorded
     */
    public record Line(String topic, String outcome, long books, long least, long most) {

        /** How many more the books have than the topics explain; negative if they have fewer. */
        public long difference() {
            return books > most ? books - most : Math.min(0, books - least);
        }
    }

    public CountReport {
        lines = List.copyOf(lines);
        faults = List.copyOf(faults);
        notes = List.copyOf(notes);
    }

    /** Returns true if the books agree with the topics. */
    public boolean isRight() {
        return faults.isEmpty();
    }

    /** A report while it is written. */
    static final class Findings {

        private static final int FAULTS_OF_A_KIND = 20;
        private static final String RECEIVED = "received";

        /** Events whose outcome is still open. */
        static final String WAITING = "waiting";

        private final List<Line> lines = new ArrayList<>();
        private final List<String> faults = new ArrayList<>();
        private final List<String> notes = new ArrayList<>();

        CountReport report() {
            return new CountReport(lines, faults, notes);
        }

        int faultCount() {
            return faults.size();
        }

        void fault(String text) {
            faults.add(text);
        }

        void note(String text) {
            notes.add(text);
        }

        /** Adds the first faults of one kind, and how many more there are. */
        void faults(List<String> ofOneKind) {
            faults.addAll(ofOneKind.subList(0, Math.min(FAULTS_OF_A_KIND, ofOneKind.size())));
            if (ofOneKind.size() > FAULTS_OF_A_KIND) {
                faults.add("and " + (ofOneKind.size() - FAULTS_OF_A_KIND) + " more of the kind");
            }
        }

        /** Compares the books of one topic with what each of its records can have become. */
        void compare(InputTopic topic, Books.Account books, PossibleOutcomes recomputed) {
            SortedMap<String, Long> told = counts(books);
            NavigableSet<String> names = new TreeSet<>(told.keySet());
            names.addAll(recomputed.outcomes());
            names.remove(RECEIVED);
            long read = recomputed.total();
            compare(new Line(topic.label(), RECEIVED, books.received(), read, read), "");
            for (String name : names) {
                String first = recomputed
                        .firstCertain(name)
                        .map(address -> ", the first at " + address)
                        .orElse("");
                long inBooks = told.getOrDefault(name, 0L);
                compare(new Line(topic.label(), name, inBooks, recomputed.certain(name), recomputed.most(name)), first);
            }
            if (!books.isBalanced()) {
                fault(topic.label() + ": the books do not balance: " + books.inWords());
            }
            if (recomputed.undecided() > 0) {
                note(topic.label() + ": " + recomputed.undecided() + " may have more than one outcome: "
                        + String.join("; ", recomputed.undecidedGroups()));
            }
        }

        private void compare(Line line, String first) {
            lines.add(line);
            if (line.difference() != 0) {
                fault(line.topic() + ": the books have " + line.books() + " " + line.outcome() + ", there are "
                        + (line.difference() < 0 ? "at least " + line.least() + first : "at most " + line.most()));
            }
        }

        /** Shows the books of one topic, and what was made again. */
        void show(InputTopic topic, Books.Account books, Books.Account made) {
            lines(topic.label(), counts(books), counts(made)).forEach(lines::add);
        }

        /**
         * Compares books with those that were made again.
         *
         * @param where topic and partition
         */
        void differences(String where, Books.Account books, Books.Account made) {
            differences(where, lines("", counts(books), counts(made)));
        }

        /** Compares the sums of an experiment in one partition. */
        void compareSums(int partition, SortedMap<String, Long> books, SortedMap<String, Long> made) {
            List<Line> sums = lines("experiment-" + partition, books, made);
            sums.stream()
                    .filter(sum -> sum.outcome().endsWith("/exposures")
                            || sum.outcome().endsWith("/goals"))
                    .forEach(lines::add);
            differences("experiment, partition " + partition, sums);
        }

        private void differences(String where, List<Line> of) {
            of.stream()
                    .filter(line -> line.difference() != 0)
                    .forEach(line -> fault(where + ": the books have " + line.books() + " " + line.outcome()
                            + ", the replay has " + line.most()));
        }

        /** One line for each name that either has. */
        private static List<Line> lines(String of, SortedMap<String, Long> books, SortedMap<String, Long> made) {
            SortedMap<String, Long> names = new TreeMap<>(books);
            names.putAll(made);
            return names.keySet().stream()
                    .map(name -> {
                        long count = made.getOrDefault(name, 0L);
                        return new Line(of, name, books.getOrDefault(name, 0L), count, count);
                    })
                    .toList();
        }

        /** The numbers of an account by name: that of the received events first. */
        private static SortedMap<String, Long> counts(Books.Account account) {
            SortedMap<String, Long> counts = new TreeMap<>(Comparator.comparing((String name) -> !name.equals(RECEIVED))
                    .thenComparing(name -> name));
            counts.putAll(account.outcomes());
            counts.put(WAITING, account.waiting());
            counts.put(RECEIVED, account.received());
            return counts;
        }
    }
}
