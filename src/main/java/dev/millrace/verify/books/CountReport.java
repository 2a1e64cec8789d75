package dev.millrace.verify.books;

import java.util.List;

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
}
