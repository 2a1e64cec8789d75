package dev.millrace.train;

import dev.millrace.model.TwoTower;
import dev.millrace.publish.Publisher;
import java.util.Optional;

/**
 * The kinds of a learner's entries, told by the first byte of their keys.
 *
 * <p>This is the learner's whole key space. Each part of its state is given its prefix from here, and what is done with an entry
 * (restored, digested, published, handed over to another application) is told from here too.
 */
public enum EntryKind {
    MODEL(TwoTower.PREFIX, Role.LEARNT, "model"),
    CATALOGUE('C', Role.LEARNT, "catalogue"),
    POPULARITY('P', Role.LEARNT, "sampling probabilities"),
    FAST_POPULARITY('F', Role.LEARNT, "popularity of the term"),
    OPEN_BATCH('O', Role.APPLICATION, "open batch"),
    BOOKS('B', Role.APPLICATION, "books"),
    EXAM('E', Role.JUDGEMENT, "exam"),
    BASELINE('e', Role.COMPANION, "exam"),
    ALARMS('A', Role.JUDGEMENT, "alarms"),
    PUBLICATION('S', Role.COMPANION, "publication"),
    PROGRESS('T', Role.COMPANION, "progress");

    private enum Role {
        /** A function of the log: the digest covers it. */
        LEARNT,
        /** Says by what settings and engine the weights were made. */
        HEADER,
        /** Belongs to the application that the learner runs in. */
        APPLICATION,
        /** Judges the learner that it came from, by what that found. */
        JUDGEMENT,
        /** Goes where the learner goes, and is not digested. */
        COMPANION
    }

    private static final EntryKind[] KINDS = values();

    private final char prefix;
    private final Role role;
    private final String words;

    EntryKind(char prefix, Role role, String words) {
        this.prefix = prefix;
        this.role = role;
        this.words = words;
    }

    /** First byte of the keys. */
    char prefix() {
        return prefix;
    }

    /** The kind of the entry with that key; absent if no part of a learner writes such keys. */
    static Optional<EntryKind> of(byte[] key) {
        for (EntryKind kind : KINDS) {
            if (kind.prefix == key[0]) {
                return Optional.of(kind);
            }
        }
        return Optional.empty();
    }

    /** What the entry with that key is, in words; of a row, its table too. */
    public static String words(byte[] key) {
        return of(key).map(kind -> kind == MODEL ? TwoTower.kind(key) : kind.words)
                .orElse("unknown kind " + key[0]);
    }

    /** Returns true if the digest of a step covers the entry: the same log has the same ones, whatever engine learnt from it. */
    static boolean isDigested(byte[] key) {
        return role(key) == Role.LEARNT;
    }

    /** Returns true if the entry says by what settings and engine the model was made, see {@link TwoTower#isHeader}. */
    public static boolean isHeader(byte[] key) {
        return role(key) == Role.HEADER;
    }

    /** Returns true if the entry belongs to the application that the learner runs in: its books, and the batch that it has open. */
    public static boolean isOfTheApplication(byte[] key) {
        return role(key) == Role.APPLICATION;
    }

    /** Returns true if the entry judges the learner that it came from, by what that found: exams, alarms, the gate. */
    public static boolean isJudgement(byte[] key) {
        return role(key) == Role.JUDGEMENT;
    }

    /** Two kinds have one entry of another role than the rest. */
    private static Role role(byte[] key) {
        return of(key).map(kind -> switch (kind) {
                    case MODEL -> TwoTower.isHeader(key) ? Role.HEADER : kind.role;
                    case PUBLICATION -> Publisher.isOfTheGate(key) ? Role.JUDGEMENT : kind.role;
                    case CATALOGUE, POPULARITY, FAST_POPULARITY, OPEN_BATCH, BOOKS, EXAM, BASELINE, ALARMS, PROGRESS ->
                        kind.role;
                })
                .orElse(Role.COMPANION);
    }
}
