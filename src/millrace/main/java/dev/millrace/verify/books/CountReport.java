package dev.millrace.verify.books;

import dev.millrace.state.InputTopic;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.SortedMap;
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

        /**
         * Compares the books of one topic with what was recomputed.
         *
         * @param read records before the positions
         */
        void compare(InputTopic topic, BooksSnapshot.Totals books, PossibleOutcomes recomputed, long read) {
            lines.add(new Line(topic.label(), "received", books.received(), read, read));
            NavigableSet<String> outcomes = new TreeSet<>(books.outcomes().keySet());
            outcomes.addAll(recomputed.outcomes());
            for (String outcome : outcomes) {
                compare(topic, outcome, books.outcome(outcome), recomputed);
            }
            if (!books.isBalanced()) {
                fault(topic.label() + ": the books do not balance: " + books.received() + " received, "
                        + books.outcomes());
            }
            if (read != books.received()) {
                fault(topic.label() + ": the books have " + books.received() + " received, " + read
                        + " lie before the positions");
            }
            if (recomputed.undecided() > 0) {
                note(topic.label() + ": " + recomputed.undecided() + " may have more than one outcome: "
                        + String.join("; ", recomputed.undecidedGroups()));
            }
        }

        /** Shows the books of one topic, and what was made again. */
        void show(InputTopic topic, BooksSnapshot.Totals books, BooksSnapshot.Totals made) {
            lines.add(new Line(topic.label(), "received", books.received(), made.received(), made.received()));
            names(books.outcomes(), made.outcomes())
                    .forEach(outcome -> lines.add(new Line(
                            topic.label(),
                            outcome,
                            books.outcome(outcome),
                            made.outcome(outcome),
                            made.outcome(outcome))));
        }

        /**
         * Compares books with those that were made again.
         *
         * @param where topic and partition
         */
        void differences(String where, BooksSnapshot.Totals books, BooksSnapshot.Totals made) {
            differ(where, "received", books.received(), made.received());
            names(books.outcomes(), made.outcomes())
                    .forEach(outcome -> differ(where, outcome, books.outcome(outcome), made.outcome(outcome)));
        }

        /** Compares the sums of an experiment in one partition. */
        void compareSums(int partition, SortedMap<String, Long> books, SortedMap<String, Long> made) {
            for (String name : names(books, made)) {
                long told = books.getOrDefault(name, 0L);
                long sum = made.getOrDefault(name, 0L);
                if (name.endsWith("/exposures") || name.endsWith("/goals")) {
                    lines.add(new Line("experiment-" + partition, name, told, sum, sum));
                }
                differ("experiment, partition " + partition, name, told, sum);
            }
        }

        private void differ(String where, String name, long books, long made) {
            if (books != made) {
                fault(where + ": the books have " + books + " " + name + ", the replay has " + made);
            }
        }

        private static NavigableSet<String> names(SortedMap<String, Long> some, SortedMap<String, Long> others) {
            NavigableSet<String> names = new TreeSet<>(some.keySet());
            names.addAll(others.keySet());
            return names;
        }

        private void compare(InputTopic topic, String outcome, long inBooks, PossibleOutcomes recomputed) {
            long certain = recomputed.certain(outcome);
            Line line = new Line(topic.label(), outcome, inBooks, certain, certain + recomputed.possible(outcome));
            lines.add(line);
            if (line.difference() < 0) {
                fault(topic.label() + ": the books have " + inBooks + " " + outcome + ", there are at least " + certain
                        + recomputed
                                .firstCertain(outcome)
                                .map(address -> ", the first at " + address)
                                .orElse(""));
            } else if (line.difference() > 0) {
                fault(topic.label() + ": the books have " + inBooks + " " + outcome + ", there are at most "
                        + line.most());
            }
        }
    }
}
