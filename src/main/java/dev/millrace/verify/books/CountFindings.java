package dev.millrace.verify.books;

import dev.millrace.state.InputTopic;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.TreeSet;

/** The report of an audit of the counts while it is written. */
final class CountFindings {

    private static final int FAULTS_OF_A_KIND = 20;

    private final List<CountReport.Line> lines = new ArrayList<>();
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

    /** Says that the outcomes of a topic cannot be compared, as its beginning is gone. */
    void skip(InputTopic topic, BookTotals books, long read) {
        note(topic.label() + ": the books have " + books.received() + " received, " + read + " are still there");
    }

    /**
     * Compares the books of one topic with what was recomputed.
     *
     * @param read records before the positions
     */
    void compare(InputTopic topic, BookTotals books, PossibleOutcomes recomputed, long read) {
        lines.add(new CountReport.Line(topic.label(), "received", books.received(), read, read));
        NavigableSet<String> outcomes = new TreeSet<>(books.outcomes().keySet());
        outcomes.addAll(recomputed.outcomes());
        for (String outcome : outcomes) {
            compare(topic, outcome, books.outcome(outcome), recomputed);
        }
        if (!books.isBalanced()) {
            fault(topic.label() + ": the books do not balance: " + books.received() + " received, " + books.outcomes());
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

    private void compare(InputTopic topic, String outcome, long inBooks, PossibleOutcomes recomputed) {
        long certain = recomputed.certain(outcome);
        CountReport.Line line =
                new CountReport.Line(topic.label(), outcome, inBooks, certain, certain + recomputed.possible(outcome));
        lines.add(line);
        if (line.difference() < 0) {
            fault(topic.label() + ": the books have " + inBooks + " " + outcome + ", there are at least " + certain
                    + recomputed
                            .firstCertain(outcome)
                            .map(address -> ", the first at " + address)
                            .orElse(""));
        } else if (line.difference() > 0) {
            fault(topic.label() + ": the books have " + inBooks + " " + outcome + ", there are at most " + line.most());
        }
    }
}
