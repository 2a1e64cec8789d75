package dev.millrace.train;

import dev.millrace.catalogue.Catalogue;
import dev.millrace.model.ModelEntry;
import dev.millrace.model.TwoTower;
import dev.millrace.neighbour.ListKeys;
import dev.millrace.publish.Publisher;
import dev.millrace.state.PrefixedKey;
import java.util.List;
import java.util.Optional;

/**
 * The kinds of a learner's entries, by the first byte of their keys.
 *
 * <p>This is the learner's whole key space. Each part of its state takes its prefix from here. The kind also decides
 * what is done with an entry: whether it is digested, published, or handed over to another application.
 */
public enum EntryKind {
    MODEL(TwoTower.PREFIX, Role.LEARNT, "model"),
    CATALOGUE('C', Role.LEARNT, "catalogue"),
    POPULARITY('P', Role.LEARNT, "sampling probabilities"),
    FAST_POPULARITY('F', Role.LEARNT, "popularity of the term"),
    NEIGHBOURS('N', Role.COMPANION, "neighbours"),
    ERASED_NEIGHBOURS('n', Role.COMPANION, "users to be taken from neighbours"),
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
        /** Names the settings and the engine that made the weights. */
        HEADER,
        /** Belongs to the application that the learner runs in. */
        APPLICATION,
        /** A judgement about the learner that wrote it, from that learner's own results. */
        JUDGEMENT,
        /** Moves with the learner, and is not digested. */
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

    /** Returns the first byte of the keys. */
    char prefix() {
        return prefix;
    }

    /** Returns the kind of the entry with that key; absent if no part of a learner writes such keys. */
    static Optional<EntryKind> of(byte[] key) {
        for (EntryKind kind : KINDS) {
            if (kind.prefix == key[0]) {
                return Optional.of(kind);
            }
        }
        return Optional.empty();
    }

    /**
     * Returns the prefixes, ascending, of the entries that a trainer reads when it needs them, if it has a source of them. They are not
     * restored.
     */
    public static List<byte[]> readLater() {
        return List.of(new byte[] {(byte) NEIGHBOURS.prefix()}, ModelEntry.Kind.ROW.key());
    }

    /** Returns the item of the catalogue that an entry is of; absent if it is of something else. */
    public static Optional<String> itemOfCatalogue(byte[] key) {
        return Optional.of(key)
                .filter(given -> given.length > 0 && given[0] == CATALOGUE.prefix())
                .flatMap(Catalogue::itemOf);
    }

    /** Returns true of the entry of an item of the catalogue that was removed. For the query side it is as good as deleted. */
    public static boolean isOfRemovedItem(byte[] key, byte[] value) {
        return itemOfCatalogue(key).isPresent() && Catalogue.isOfRemoved(value);
    }

    /** Returns the key of an item's entry in the catalogue. */
    public static byte[] ofCatalogue(String item) {
        return PrefixedKey.of((byte) CATALOGUE.prefix(), item);
    }

    /** Returns the item whose neighbours an entry is of; absent if it is of something else. A list can have several entries. */
    public static Optional<String> itemWithNeighbours(byte[] key) {
        return Optional.of(key)
                .filter(given -> given[0] == NEIGHBOURS.prefix())
                .map(ListKeys::item)
                .filter(item -> !item.isEmpty());
    }

    /** Returns the item that has no neighbours any more if that entry was deleted; absent if this does not follow. */
    public static Optional<String> itemWithoutNeighbours(byte[] deletedKey) {
        return Optional.of(deletedKey)
                .filter(given -> given[0] == NEIGHBOURS.prefix())
                .flatMap(ListKeys::itemOfWhole);
    }

    /** Describes the entry with that key; for a row, the table too. */
    public static String words(byte[] key) {
        return of(key).map(kind -> kind == MODEL ? ModelEntry.of(key).description() : kind.words)
                .orElse("unknown kind " + key[0]);
    }

    /**
     * Returns true if the digest of a step covers the entry: the same log gives the same entry, whatever the engine.
     */
    static boolean isDigested(byte[] key) {
        return role(key) == Role.LEARNT;
    }

    /**
     * Returns true if the entry names the settings and the engine that made the model, see {@link ModelEntry.Kind#HEADER}.
     */
    public static boolean isHeader(byte[] key) {
        return role(key) == Role.HEADER;
    }

    /** Returns true if the entry belongs to the application that the learner runs in: its books, and its open batch. */
    public static boolean isOfTheApplication(byte[] key) {
        return role(key) == Role.APPLICATION;
    }

    /** Returns true if the entry is a judgement about the learner that wrote it: exams, alarms, the gate. */
    public static boolean isJudgement(byte[] key) {
        return role(key) == Role.JUDGEMENT;
    }

    /** Returns the role of an entry. In two kinds, some entries have another role than the rest. */
    private static Role role(byte[] key) {
        if (ModelEntry.Kind.HEADER.isOf(key)) {
            return Role.HEADER;
        }
        if (ModelEntry.Kind.TABLE.isOf(key)) {
            return Role.COMPANION;
        }
        if (key[0] == PUBLICATION.prefix && Publisher.isOfTheGate(key)) {
            return Role.JUDGEMENT;
        }
        return of(key).map(kind -> kind.role).orElse(Role.COMPANION);
    }
}
