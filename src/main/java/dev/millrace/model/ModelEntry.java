package dev.millrace.model;

import dev.millrace.model.table.RecencyOrder;
import dev.millrace.model.table.SightingCounts;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.Fields;
import dev.millrace.state.Frame;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * What one stored entry of the model is, read from its key.
 *
 * <p>Keys: {@code m h} header; {@code m n side name} statistics of a number; {@code m w side tensor chunk} weights of a
 * network, {@code m a …} and {@code m b …} the first and second slot of their optimiser, {@code m o} how many steps moved
 * them; {@code m l} the learned temperature; {@code m u} the learned weights of the actions' losses; {@code m r table 0 key} a row; {@code m s table 0 chunk} a part of a
 * table's sightings, {@code m s table 0} how many; {@code m t} event time and what the tables' upkeep counted.
 */
sealed interface ModelEntry {

    /** First byte of every key of the model. */
    byte PREFIX = 'm';

    /** Floats of a chunk of weights, so that an entry stays under 256 KB. */
    int CHUNK_FLOATS = 62 * 1024;

    byte[] key();

    /** Fingerprint and settings that the weights were made with. */
    record Header() implements ModelEntry {

        static final byte[] KEY = {PREFIX, 'h'};

        @Override
        public byte[] key() {
            return KEY.clone();
        }
    }

    /** Statistics of a numeric feature. */
    record Statistics(char side, String feature) implements ModelEntry {
        @Override
        public byte[] key() {
            return join(new byte[] {PREFIX, 'n', (byte) side}, utf8(feature));
        }
    }

    /**
     * A part of a network.
     *
     * @param kind {@link #WEIGHTS}, or {@link #SLOTS} + the number of the optimiser's slot
     * @param side {@code u} or {@code i}
     */
    record Chunk(char kind, char side, int tensor, int chunk) implements ModelEntry {

        static final char WEIGHTS = 'w';
        static final char SLOTS = 'a';

        boolean areWeights() {
            return kind == WEIGHTS;
        }

        @Override
        public byte[] key() {
            return ByteBuffer.allocate(6)
                    .put(PREFIX)
                    .put((byte) kind)
                    .put((byte) side)
                    .put((byte) tensor)
                    .putShort((short) chunk)
                    .array();
        }
    }

    /** How many steps moved the networks; stored where their rule needs it. */
    record NetworkSteps() implements ModelEntry {
        @Override
        public byte[] key() {
            return new byte[] {PREFIX, 'o'};
        }
    }

    /** A row of an embedding table. */
    record Row(String table, String rowKey) implements ModelEntry {
        @Override
        public byte[] key() {
            return join(new byte[] {PREFIX, 'r'}, utf8(table), new byte[] {0}, utf8(rowKey));
        }
    }

    /** A part of a table's {@link SightingCounts}; {@link #ADDITIONS} in place of its number for how many there were. */
    record Sightings(String table, int chunk) implements ModelEntry {

        static final int ADDITIONS = -1;

        @Override
        public byte[] key() {
            byte[] number = chunk == ADDITIONS
                    ? new byte[0]
                    : ByteBuffer.allocate(Short.BYTES).putShort((short) chunk).array();
            return join(new byte[] {PREFIX, 's'}, utf8(table), new byte[] {0}, number);
        }
    }

    /** The learned temperature, and its accumulator. */
    record LearnedLogTemperature() implements ModelEntry {
        @Override
        public byte[] key() {
            return new byte[] {PREFIX, 'l'};
        }
    }

    /** The learned weights of the actions' losses, and their accumulators. */
    record LearnedObjectives() implements ModelEntry {
        @Override
        public byte[] key() {
            return new byte[] {PREFIX, 'u'};
        }
    }

    /** Event time so far, and what became of rows. */
    record Upkeep() implements ModelEntry {
        @Override
        public byte[] key() {
            return new byte[] {PREFIX, 't'};
        }
    }

    static boolean isRow(byte[] key) {
        return key.length > 1 && key[1] == 'r';
    }

    /** @throws CorruptEntryException if it is none of the model's */
    static ModelEntry of(byte[] key) {
        if (key.length < 2 || key[0] != PREFIX) {
            throw new CorruptEntryException("not a key of the model: " + Arrays.toString(key));
        }
        return switch (key[1]) {
            case 'h' -> new Header();
            case 'n' -> new Statistics((char) key[2], text(key, 3, key.length));
            case 'w', 'a', 'b' -> {
                ByteBuffer parts = ByteBuffer.wrap(key);
                yield new Chunk((char) key[1], (char) key[2], key[3] & 0xff, parts.getShort(4));
            }
            case 'o' -> new NetworkSteps();
            case 't' -> new Upkeep();
            case 'l' -> new LearnedLogTemperature();
            case 'u' -> new LearnedObjectives();
            case 's' -> {
                int split = tableEnd(key);
                yield new Sightings(
                        text(key, 2, split),
                        key.length == split + 1
                                ? Sightings.ADDITIONS
                                : ByteBuffer.wrap(key).getShort(split + 1));
            }
            case 'r' -> {
                int split = tableEnd(key);
                yield new Row(text(key, 2, split), text(key, split + 1, key.length));
            }
            default -> throw new CorruptEntryException("not a key of the model: " + Arrays.toString(key));
        };
    }

    /**
     * @param slots what the optimiser remembers of the row
     * @param moment of the last touch, as {@link RecencyOrder} has it
     * @param time of the last touch, epoch milliseconds
     */
    static byte[] row(float[] row, float[] slots, long moment, long time) {
        return new Fields()
                .floats(row)
                .floats(slots)
                .longInteger(moment)
                .longInteger(time)
                .framed();
    }

    static byte[] moments(Moments moments) {
        return new Fields()
                .number(moments.count())
                .number(moments.mean())
                .number(moments.squares())
                .framed();
    }

    static Moments moments(byte[] value) {
        ByteBuffer payload = Frame.open(value);
        return new Moments(payload.getDouble(), payload.getDouble(), payload.getDouble());
    }

    static int chunks(float[] tensor) {
        return (tensor.length + CHUNK_FLOATS - 1) / CHUNK_FLOATS;
    }

    static byte[] chunk(float[] tensor, int chunk) {
        int from = chunk * CHUNK_FLOATS;
        return new Fields()
                .floats(Arrays.copyOfRange(tensor, from, Math.min(tensor.length, from + CHUNK_FLOATS)))
                .framed();
    }

    static void restoreChunk(byte[] value, float[] tensor, int chunk) {
        float[] part = Fields.floats(Frame.open(value));
        int from = chunk * CHUNK_FLOATS;
        if (from < 0 || from + part.length > tensor.length) {
            throw new CorruptEntryException(
                    "a chunk of " + part.length + " floats does not fit at " + from + " of " + tensor.length);
        }
        System.arraycopy(part, 0, tensor, from, part.length);
    }

    private static int tableEnd(byte[] key) {
        int split = 2;
        while (split < key.length && key[split] != 0) {
            split++;
        }
        if (split == key.length) {
            throw new CorruptEntryException("a key names no table: " + Arrays.toString(key));
        }
        return split;
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(byte[] bytes, int from, int to) {
        return new String(bytes, from, to - from, StandardCharsets.UTF_8);
    }

    private static byte[] join(byte[]... parts) {
        ByteArrayOutputStream joined = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            joined.writeBytes(part);
        }
        return joined.toByteArray();
    }
}
