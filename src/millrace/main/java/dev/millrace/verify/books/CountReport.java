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
     * @param most the same, and those that may have it, as it depends on the order in which topics were read
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
            } else if (!recomputed.fits(books.outcomes()) && recomputed.undecided() > 0) {
                fault(topic.label() + ": no order of reading gives the counts of the books");
            }
            if (recomputed.undecided() > 0) {
                note(topic.label() + ": " + recomputed.undecided() + " depend on the order in which topics were read: "
                        + String.join("; ", recomputed.undecidedGroups()));
            }
        }

        /** Compares the sums of an experiment in one partition with those counted again; of sums of products only where all can be told. */
        void compareExperiment(int partition, SortedMap<String, Long> told, ExperimentRecount recount) {
            SortedMap<String, Long> counted = recount.sums();
            if (recount.untold() > 0) {
                note(
                        "experiment, partition " + partition + ": " + recount.untold()
                                + " events of removed users, or that depend on the order in which topics were read, may count or not");
            }
            NavigableSet<String> names = new TreeSet<>(told.keySet());
            names.addAll(counted.keySet());
            List<String> wrong = new ArrayList<>();
            for (String name : names) {
                long books = told.getOrDefault(name, 0L);
                long least = counted.getOrDefault(name, 0L);
                Line line = new Line("experiment-" + partition, name, books, least, least + recount.untold());
                boolean isCount = name.endsWith("/exposures") || name.endsWith("/goals");
                if (isCount) {
                    lines.add(line);
                }
                if ((isCount || recount.untold() == 0) && line.difference() != 0) {
                    wrong.add("experiment, partition " + partition + ": the books have " + books + " " + name
                            + ", there are " + (books < least ? "at least " + least : "at most " + line.most()));
                }
            }
            faults(wrong);
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
