package dev.millrace.verify.books;

import java.util.List;

/**
 * The books beside what the topics say.
 *
 * @param lines one an outcome, by topic
 * @param faults what is wrong, each naming an event or a record; the first of each kind first
 * @param notes what was not checked or cannot be told, and why
 */
public record CountReport(List<Line> lines, List<String> faults, List<String> notes) {

    /**
     * One outcome of one topic.
     *
     * @param topic logical name
     * @param outcome as in the books; {@code received} and {@code waiting} among them
     * @param books what the books say
     * @param least events that have this outcome for certain
     * @param most the same, and those that may have it, depending on the order in which topics were read
     */
    public record Line(String topic, String outcome, long books, long least, long most) {

        /** What the books have more than the topics explain; negative: less. */
        public long difference() {
            return books > most ? books - most : Math.min(0, books - least);
        }
    }

    public CountReport {
        lines = List.copyOf(lines);
        faults = List.copyOf(faults);
        notes = List.copyOf(notes);
    }

    /** Whether the books are what the topics say. */
    public boolean isRight() {
        return faults.isEmpty();
    }
}
