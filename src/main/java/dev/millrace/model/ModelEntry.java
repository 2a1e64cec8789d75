package dev.millrace.model;

import dev.millrace.model.table.SightingCounts;
import dev.millrace.model.table.TableRows;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.Fields;
import dev.millrace.state.Frame;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Predicate;

/**
 * The kind and identity of one stored entry of a model, as in its key.
 *
 * <p>A key is {@code m}, the code of the {@link Kind}, then: of statistics, side and feature; of weights and slots, side,
 * tensor [1 byte] and chunk [2 bytes]; of a row, table, 0 and the row's key; of a table, its name; of sightings, table, 0 and
 * the chunk [2 bytes], or nothing for the number of additions.
 */
public sealed interface ModelEntry {

    /** First byte of every key of the model. */
    byte PREFIX = 'm';

    /** Second byte of the keys of each kind of entry. */
    enum Kind {
        HEADER('h'),
        STATISTICS('n'),
        WEIGHTS('w'),
        FIRST_SLOT('a'),
        SECOND_SLOT('b'),
        NETWORK_STEPS('o'),
        LEARNED_TEMPERATURE('l'),
        LEARNED_OBJECTIVES('u'),
        MIXTURE('m'),
        ROW('r'),
        TABLE('c'),
        SIGHTINGS('s'),
        UPKEEP('t');

        private final byte code;

        Kind(char code) {
            this.code = (byte) code;
        }

        /** Returns a key: two bytes, then the parts. */
        private byte[] key(byte[]... parts) {
            ByteArrayOutputStream key = new ByteArrayOutputStream();
            key.write(PREFIX);
            key.write(code);
            for (byte[] part : parts) {
                key.writeBytes(part);
            }
            return key.toByteArray();
        }

        /** Returns whether a key is of an entry of this kind. */
        public boolean isOf(byte[] key) {
            return key.length > 1 && key[0] == PREFIX && key[1] == code;
        }

        private static Kind of(byte[] key) {
            for (Kind kind : values()) {
                if (kind.isOf(key)) {
                    return kind;
                }
            }
            throw new CorruptEntryException("not a key of the model: " + Arrays.toString(key));
        }
    }

    /** One method for each kind of entry. */
    interface Visitor {
        void visit(Header header);

        void visit(Statistics statistics);

        void visit(Weights weights);

        void visit(Slot slot);

        void visit(NetworkSteps steps);

        void visit(LearnedTemperature temperature);

        void visit(LearnedObjectives objectives);

        void visit(LearnedMixture mixture);

        void visit(Row row);

        void visit(Table table);

        void visit(Sightings sightings);

        void visit(Upkeep upkeep);
    }

    byte[] key();

    /** Calls the visitor's method for this kind of entry. */
    void accept(Visitor visitor);

    /** Returns the kind of entry in words; for a row with its table. */
    String description();

    /**
     * Returns whether {@link QueryEncoder} needs this entry.
     *
     * @param isUserTable returns whether the user tower reads a table's rows
     */
    boolean isQuerySide(Predicate<String> isUserTable);

    /** An entry that is neither a row, nor sightings, nor a part of a network. */
    sealed interface Own extends ModelEntry {

        @Override
        default String description() {
            return "model's own";
        }

        @Override
        default boolean isQuerySide(Predicate<String> isUserTable) {
            return false;
        }
    }

    /** One of these that the query side needs. */
    sealed interface Sent extends Own {

        @Override
        default boolean isQuerySide(Predicate<String> isUserTable) {
            return true;
        }
    }

    /** Fingerprint and settings hash of the weights. */
    record Header() implements Sent {
        @Override
        public byte[] key() {
            return Kind.HEADER.key();
        }

        @Override
        public void accept(Visitor visitor) {
            visitor.visit(this);
        }
    }

    /** Statistics of a numeric feature. */
    record Statistics(Side side, String feature) implements Own {
        @Override
        public byte[] key() {
            return Kind.STATISTICS.key(new byte[] {side.code()}, utf8(feature));
        }

        @Override
        public void accept(Visitor visitor) {
            visitor.visit(this);
        }

        @Override
        public boolean isQuerySide(Predicate<String> isUserTable) {
            return side == Side.USER;
        }
    }

    /** Number of steps that updated the networks; stored if their update rule needs it. */
    record NetworkSteps() implements Own {
        @Override
        public byte[] key() {
            return Kind.NETWORK_STEPS.key();
        }

        @Override
        public void accept(Visitor visitor) {
            visitor.visit(this);
        }
    }

    /** The learned temperature, and its accumulator. */
    record LearnedTemperature() implements Sent {
        @Override
        public byte[] key() {
            return Kind.LEARNED_TEMPERATURE.key();
        }

        @Override
        public void accept(Visitor visitor) {
            visitor.visit(this);
        }
    }

    /** The {@link Mixture}. */
    record LearnedMixture() implements Sent {
        @Override
        public byte[] key() {
            return Kind.MIXTURE.key();
        }

        @Override
        public void accept(Visitor visitor) {
            visitor.visit(this);
        }
    }

    /** The learned weights of the actions' losses, and their accumulators. */
    record LearnedObjectives() implements Own {
        @Override
        public byte[] key() {
            return Kind.LEARNED_OBJECTIVES.key();
        }

        @Override
        public void accept(Visitor visitor) {
            visitor.visit(this);
        }
    }

    /** Event time of the model, and counts of removed and not admitted rows. */
    record Upkeep() implements Own {
        @Override
        public byte[] key() {
            return Kind.UPKEEP.key();
        }

        @Override
        public void accept(Visitor visitor) {
            visitor.visit(this);
        }
    }

    /** A part of a network's tensor, or of its optimiser's state. */
    sealed interface Chunk extends ModelEntry {

        /** Floats of a chunk, so that an entry stays under 256 KB. */
        int FLOATS = 62 * 1024;

        int tensor();

        int chunk();

        /** Returns the number of chunks of a tensor. */
        static int count(float[] tensor) {
            return (tensor.length + FLOATS - 1) / FLOATS;
        }

        /** The entry's value. */
        default byte[] value(float[] tensor) {
            int from = chunk() * FLOATS;
            return new Fields()
                    .floats(Arrays.copyOfRange(tensor, from, Math.min(tensor.length, from + FLOATS)))
                    .framed();
        }

        /**
         * Copies the entry's value into its place in the tensor.
         *
         * @throws CorruptEntryException if it does not fit there
         */
        default void restore(byte[] value, float[] tensor) {
            float[] part = Fields.floats(Frame.open(value));
            int from = chunk() * FLOATS;
            if (from < 0 || part.length != Math.min(FLOATS, tensor.length - from)) {
                throw new CorruptEntryException(
                        "a chunk of " + part.length + " floats does not fit at " + from + " of " + tensor.length);
            }
            System.arraycopy(part, 0, tensor, from, part.length);
        }
    }

    /** Weights of a network. */
    record Weights(Side side, int tensor, int chunk) implements Chunk {
        @Override
        public byte[] key() {
            return Kind.WEIGHTS.key(chunkKey(side, tensor, chunk));
        }

        @Override
        public void accept(Visitor visitor) {
            visitor.visit(this);
        }

        @Override
        public String description() {
            return "networks";
        }

        @Override
        public boolean isQuerySide(Predicate<String> isUserTable) {
            return side == Side.USER;
        }
    }

    /**
     * State of the networks' optimiser.
     *
     * @param slot 0 or 1
     */
    record Slot(int slot, Side side, int tensor, int chunk) implements Chunk {
        @Override
        public byte[] key() {
            return (slot == 0 ? Kind.FIRST_SLOT : Kind.SECOND_SLOT).key(chunkKey(side, tensor, chunk));
        }

        @Override
        public void accept(Visitor visitor) {
            visitor.visit(this);
        }

        @Override
        public String description() {
            return "optimiser of the networks";
        }

        @Override
        public boolean isQuerySide(Predicate<String> isUserTable) {
            return false;
        }
    }

    /** A row of an embedding table. */
    record Row(String table, String rowKey) implements ModelEntry {

        /** Returns what the keys of all rows begin with, and no others. */
        public static byte[] prefix() {
            return Kind.ROW.key();
        }

        /** Returns what the keys of a table's rows begin with. */
        static byte[] prefix(String table) {
            return Kind.ROW.key(utf8(table), new byte[] {0});
        }

        @Override
        public byte[] key() {
            return Kind.ROW.key(utf8(table), new byte[] {0}, utf8(rowKey));
        }

        @Override
        public void accept(Visitor visitor) {
            visitor.visit(this);
        }

        @Override
        public String description() {
            return "rows of table " + table;
        }

        @Override
        public boolean isQuerySide(Predicate<String> isUserTable) {
            return isUserTable.test(table);
        }

        /**
         * The entry's value.
         *
         * @param slots the optimiser's state of the row
         * @param moment of the last touch; later touches have larger ones
         * @param time of the last touch, epoch milliseconds
         */
        public static byte[] value(float[] row, float[] slots, long moment, long time) {
            return new Fields()
                    .floats(row)
                    .floats(slots)
                    .longInteger(moment)
                    .longInteger(time)
                    .framed();
        }
    }

    /** What is stored of a table beside its rows, see {@link TableRows}. */
    record Table(String table) implements Own {
        @Override
        public byte[] key() {
            return Kind.TABLE.key(utf8(table));
        }

        @Override
        public void accept(Visitor visitor) {
            visitor.visit(this);
        }
    }

    /** A part of a table's {@link SightingCounts}; chunk {@link #ADDITIONS} is the number of additions. */
    record Sightings(String table, int chunk) implements ModelEntry {

        static final int ADDITIONS = -1;

        @Override
        public byte[] key() {
            byte[] number = chunk == ADDITIONS
                    ? new byte[0]
                    : ByteBuffer.allocate(Short.BYTES).putShort((short) chunk).array();
            return Kind.SIGHTINGS.key(utf8(table), new byte[] {0}, number);
        }

        @Override
        public void accept(Visitor visitor) {
            visitor.visit(this);
        }

        @Override
        public String description() {
            return "sightings of table " + table;
        }

        @Override
        public boolean isQuerySide(Predicate<String> isUserTable) {
            return false;
        }
    }

    /** @throws CorruptEntryException if the key is not one of a model */
    static ModelEntry of(byte[] key) {
        return switch (Kind.of(key)) {
            case HEADER -> new Header();
            case STATISTICS -> new Statistics(side(key), text(key, 3, key.length));
            case WEIGHTS -> new Weights(side(key), tensor(key), chunk(key));
            case FIRST_SLOT -> new Slot(0, side(key), tensor(key), chunk(key));
            case SECOND_SLOT -> new Slot(1, side(key), tensor(key), chunk(key));
            case NETWORK_STEPS -> new NetworkSteps();
            case LEARNED_TEMPERATURE -> new LearnedTemperature();
            case LEARNED_OBJECTIVES -> new LearnedObjectives();
            case MIXTURE -> new LearnedMixture();
            case ROW -> {
                int end = tableEnd(key);
                yield new Row(text(key, 2, end), text(key, end + 1, key.length));
            }
            case TABLE -> new Table(text(key, 2, key.length));
            case SIGHTINGS -> {
                int end = tableEnd(key);
                yield new Sightings(
                        text(key, 2, end), key.length == end + 1 ? Sightings.ADDITIONS : number(key, end + 1));
            }
            case UPKEEP -> new Upkeep();
        };
    }

    private static byte[] chunkKey(Side side, int tensor, int chunk) {
        return ByteBuffer.allocate(4)
                .put(side.code())
                .put((byte) tensor)
                .putShort((short) chunk)
                .array();
    }

    private static Side side(byte[] key) {
        requireLength(key, 3);
        return Side.of(key[2]);
    }

    private static int tensor(byte[] key) {
        requireLength(key, 4);
        return key[3] & 0xff;
    }

    private static int chunk(byte[] key) {
        return number(key, 4);
    }

    private static int number(byte[] key, int at) {
        requireLength(key, at + Short.BYTES);
        return ByteBuffer.wrap(key).getShort(at);
    }

    private static void requireLength(byte[] key, int least) {
        if (key.length < least) {
            throw new CorruptEntryException("a key of the model is short: " + Arrays.toString(key));
        }
    }

    private static int tableEnd(byte[] key) {
        int end = 2;
        while (end < key.length && key[end] != 0) {
            end++;
        }
        if (end == key.length) {
            throw new CorruptEntryException("a key names no table: " + Arrays.toString(key));
        }
        return end;
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(byte[] bytes, int from, int to) {
        return new String(bytes, from, to - from, StandardCharsets.UTF_8);
    }
}
