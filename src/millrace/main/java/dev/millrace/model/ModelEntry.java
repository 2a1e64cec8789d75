package dev.millrace.model;

import dev.millrace.model.table.SightingCounts;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.Fields;
import dev.millrace.state.Form;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Predicate;

/**
 * The key of one stored entry of a model.
 *
 * <p>A key is {@code m}, the code of the {@link Kind}, then: of statistics, side and feature; of weights and slots, side,
 * tensor [1 byte] and chunk [2 bytes]; of a row, table, 0 and the row's key; of a table, its name; of sightings, table, 0 and
 * the chunk [2 bytes], or nothing for the number of additions. The methods that read a part throw {@link CorruptEntryException}
 * if the key has none.
 */
public record ModelEntry(Kind kind, byte[] key) {
    /** First byte of every key of the model. */
    static final byte PREFIX = 'm';

    /** Floats of a part of a tensor, so that an entry stays under 256 KB. */
    private static final int CHUNK = 62 * 1024;

    /** Second byte of the keys of each kind of entry, and the kind in words. */
    public enum Kind {
        /** Fingerprint and settings hash of the weights. */
        HEADER('h', "model's own"),
        /** Statistics of a numeric feature. */
        STATISTICS('n', "model's own"),
        /** A part of a network's tensor. */
        WEIGHTS('w', "networks"),
        /** A part of the state of the networks' optimiser. */
        FIRST_SLOT('a', "optimiser of the networks"),
        SECOND_SLOT('b', "optimiser of the networks"),
        /** Number of steps that updated the networks; stored if their update rule needs it. */
        NETWORK_STEPS('o', "model's own"),
        /** The learned temperature, and its accumulator. */
        LEARNED_TEMPERATURE('l', "model's own"),
        /** The learned weights of the actions' losses, and their accumulators. */
        LEARNED_OBJECTIVES('u', "model's own"),
        /** The {@link Mixture}. */
        MIXTURE('m', "model's own"),
        /** A row of an embedding table. */
        ROW('r', "rows of table "),
        /** What is stored of a table beside its rows. */
        TABLE('c', "model's own"),
        /** A part of a table's {@link SightingCounts}, or the number of additions to them. */
        SIGHTINGS('s', "sightings of table "),
        /** Event time of the model, and counts of removed and not admitted rows. */
        UPKEEP('t', "model's own");

        private final byte code;
        private final String words;

        Kind(char code, String words) {
            this.code = (byte) code;
            this.words = words;
        }

        /** Returns the key of the only entry of this kind, or what the keys of all begin with. */
        public byte[] key() {
            return key(new byte[0]);
        }

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
    }

    /** @throws CorruptEntryException if the key is not one of a model */
    public static ModelEntry of(byte[] key) {
        for (Kind kind : Kind.values()) {
            if (kind.isOf(key)) {
                return new ModelEntry(kind, key);
            }
        }
        throw new CorruptEntryException("not a key of the model: " + Arrays.toString(key));
    }

    static byte[] statistics(Side side, String feature) {
        return Kind.STATISTICS.key(new byte[] {side.code()}, utf8(feature));
    }

    public static byte[] weights(Side side, int tensor, int chunk) {
        return part(Kind.WEIGHTS, side, tensor, chunk);
    }

    /** @param slot 0 or 1 */
    static byte[] slot(int slot, Side side, int tensor, int chunk) {
        return part(slot == 0 ? Kind.FIRST_SLOT : Kind.SECOND_SLOT, side, tensor, chunk);
    }

    private static byte[] part(Kind kind, Side side, int tensor, int chunk) {
        return kind.key(new byte[] {side.code(), (byte) tensor}, number(chunk));
    }

    public static byte[] row(String table, String rowKey) {
        return Kind.ROW.key(utf8(table), new byte[] {0}, utf8(rowKey));
    }

    /** Returns what the keys of a table's rows begin with. */
    static byte[] rows(String table) {
        return row(table, "");
    }

    public static byte[] table(String table) {
        return Kind.TABLE.key(utf8(table));
    }

    static byte[] sightings(String table, int chunk) {
        return Kind.SIGHTINGS.key(utf8(table), new byte[] {0}, number(chunk));
    }

    /** Returns the key of the number of additions to a table's sightings. */
    static byte[] additions(String table) {
        return Kind.SIGHTINGS.key(utf8(table), new byte[] {0});
    }

    /** Returns the kind of entry in words; for a row with its table. */
    public String description() {
        return kind == Kind.ROW || kind == Kind.SIGHTINGS ? kind.words + table() : kind.words;
    }

    /**
     * Returns whether {@link QueryEncoder} needs this entry.
     *
     * @param isUserTable returns whether the user tower reads a table's rows
     */
    boolean isQuerySide(Predicate<String> isUserTable) {
        return switch (kind) {
            case HEADER, LEARNED_TEMPERATURE, MIXTURE -> true;
            case STATISTICS, WEIGHTS -> side() == Side.USER;
            case ROW -> isUserTable.test(table());
            case FIRST_SLOT, SECOND_SLOT, NETWORK_STEPS, LEARNED_OBJECTIVES, TABLE, SIGHTINGS, UPKEEP -> false;
        };
    }

    /** Of statistics, weights and slots. */
    Side side() {
        return Side.of(at(2));
    }

    /** Of statistics. */
    String feature() {
        at(2);
        return text(3, key.length);
    }

    /** Of weights and slots. */
    int tensor() {
        return at(3) & 0xff;
    }

    /** Of weights, slots and sightings. */
    int chunk() {
        int from = kind == Kind.SIGHTINGS ? tableEnd() + 1 : 4;
        return (short) (at(from) << Byte.SIZE | (at(from + 1) & 0xff));
    }

    /** Of rows, tables and sightings. */
    String table() {
        return text(2, kind == Kind.TABLE ? key.length : tableEnd());
    }

    /** Of rows. */
    String rowKey() {
        return text(tableEnd() + 1, key.length);
    }

    /** Of sightings. */
    boolean isOfAdditions() {
        return key.length == tableEnd() + 1;
    }

    /** Returns the number of chunks of a tensor. */
    public static int chunks(float[] tensor) {
        return (tensor.length + CHUNK - 1) / CHUNK;
    }

    /** Returns the value of the entry of a tensor's chunk. */
    public static byte[] value(float[] tensor, int chunk) {
        int from = chunk * CHUNK;
        return new Fields()
                .floats(Arrays.copyOfRange(tensor, from, Math.min(tensor.length, from + CHUNK)))
                .framed();
    }

    /** @throws CorruptEntryException if the value is damaged, or ends amid its floats */
    static float[] floats(byte[] value) {
        return Form.read(value, form -> form.floats(new float[0]));
    }

    /**
     * Copies a chunk's value into its place in the tensor.
     *
     * @throws CorruptEntryException if it does not fit there
     */
    public static void restore(byte[] value, float[] tensor, int chunk) {
        float[] part = floats(value);
        int from = chunk * CHUNK;
        if (from < 0 || part.length != Math.min(CHUNK, tensor.length - from)) {
            throw new CorruptEntryException(
                    "a chunk of " + part.length + " floats does not fit at " + from + " of " + tensor.length);
        }
        System.arraycopy(part, 0, tensor, from, part.length);
    }

    private byte at(int place) {
        if (place >= key.length) {
            throw new CorruptEntryException("a key of the model is short: " + Arrays.toString(key));
        }
        return key[place];
    }

    private int tableEnd() {
        int end = 2;
        while (at(end) != 0) {
            end++;
        }
        return end;
    }

    private static byte[] number(int number) {
        return ByteBuffer.allocate(Short.BYTES).putShort((short) number).array();
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private String text(int from, int to) {
        return new String(key, from, to - from, StandardCharsets.UTF_8);
    }
}
