package dev.millrace.wire;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.io.Decoder;
import org.apache.avro.util.Utf8;

/**
 * Avro's binary encoding, read from the bytes of one record, which believes no claim that these bytes cannot keep.
 *
 * <p>Avro's own decoder allocates what a record claims, up to 2 GB, before it sees that the bytes are not there. Here a text or a byte
 * string is at most as long as what is left of the record. The items of all collections of a record are together no more than its
 * bytes, because an item takes at least one; for the sake of this rule an item without bytes, such as a null, counts as one too. So what is
 * allocated grows with the record, and never with what it says. The rules hold for fields that are skipped as well. One thread.
 */
final class RecordDecoder extends Decoder {

    private static final int MAX_INT_BYTES = 5;
    private static final int MAX_LONG_BYTES = 10;

    private final ByteBuffer bytes;
    /** Items that the collections may still have. */
    private long itemsLeft;

    /** @param from where the value begins; it ends with the array */
    RecordDecoder(byte[] record, int from) {
        bytes = ByteBuffer.wrap(record, from, record.length - from).order(ByteOrder.LITTLE_ENDIAN);
        itemsLeft = bytes.remaining();
    }

    @Override
    public void readNull() {
        // has no bytes
    }

    @Override
    public boolean readBoolean() throws IOException {
        return take(1).get() == 1;
    }

    @Override
    public int readInt() throws IOException {
        return (int) zigzag(MAX_INT_BYTES);
    }

    @Override
    public long readLong() throws IOException {
        return zigzag(MAX_LONG_BYTES);
    }

    @Override
    public float readFloat() throws IOException {
        return take(Float.BYTES).getFloat();
    }

    @Override
    public double readDouble() throws IOException {
        return take(Double.BYTES).getDouble();
    }

    @Override
    public Utf8 readString(Utf8 old) throws IOException {
        return new Utf8(content("a text"));
    }

    @Override
    public String readString() throws IOException {
        int length = length("a text");
        int from = bytes.position();
        bytes.position(from + length);
        return new String(bytes.array(), from, length, StandardCharsets.UTF_8);
    }

    @Override
    public void skipString() throws IOException {
        skip(length("a text"));
    }

    @Override
    public ByteBuffer readBytes(ByteBuffer old) throws IOException {
        return ByteBuffer.wrap(content("a byte string"));
    }

    byte[] readBytes() throws IOException {
        return content("a byte string");
    }

    @Override
    public void skipBytes() throws IOException {
        skip(length("a byte string"));
    }

    @Override
    public void readFixed(byte[] into, int start, int length) throws IOException {
        take(length).get(into, start, length);
    }

    @Override
    public void skipFixed(int length) throws IOException {
        skip(length);
    }

    @Override
    public int readEnum() throws IOException {
        return readInt();
    }

    @Override
    public long readArrayStart() throws IOException {
        return block();
    }

    @Override
    public long arrayNext() throws IOException {
        return block();
    }

    @Override
    public long skipArray() throws IOException {
        return skipBlocks();
    }

    @Override
    public long readMapStart() throws IOException {
        return block();
    }

    @Override
    public long mapNext() throws IOException {
        return block();
    }

    @Override
    public long skipMap() throws IOException {
        return skipBlocks();
    }

    /** Reads an array of floats. */
    float[] readFloats() throws IOException {
        float[] floats = new float[0];
        for (long block = readArrayStart(); block > 0; block = arrayNext()) {
            int from = floats.length;
            floats = Arrays.copyOf(floats, Math.toIntExact(from + block));
            for (int at = from; at < floats.length; at++) {
                floats[at] = readFloat();
            }
        }
        return floats;
    }

    @Override
    public int readIndex() throws IOException {
        return readInt();
    }

    @Override
    public int remainingBytes() {
        return bytes.remaining();
    }

    /** The number of items in the next block of a collection; 0 at its end. */
    private long block() throws IOException {
        long count = readLong();
        if (count < 0) {
            blockBytes();
            count = -count;
        }
        return items(count);
    }

    /** Skips the blocks that say how long they are. Returns the number of items in the next one, which are to be skipped one by one. */
    private long skipBlocks() throws IOException {
        long count = readLong();
        while (count < 0) {
            items(-count);
            skip(blockBytes());
            count = readLong();
        }
        return items(count);
    }

    private int blockBytes() throws IOException {
        return length("a block of a collection");
    }

    private long items(long count) {
        if (count < 0 || count > itemsLeft) { // the least long is its own negative
            throw new AvroRuntimeException(
                    "a collection claims " + count + " items, the record has bytes for " + itemsLeft);
        }
        itemsLeft -= count;
        return count;
    }

    private byte[] content(String what) throws IOException {
        byte[] content = new byte[length(what)];
        bytes.get(content);
        return content;
    }

    private int length(String what) throws IOException {
        long length = readLong();
        if (length < 0 || length > bytes.remaining()) {
            throw new AvroRuntimeException(
                    what + " claims " + length + " bytes, the record has " + bytes.remaining() + " left");
        }
        return (int) length;
    }

    private void skip(int length) throws IOException {
        ByteBuffer here = take(length);
        here.position(here.position() + length);
    }

    /** The bytes, checked to have that many left. */
    private ByteBuffer take(int count) throws IOException {
        if (count > bytes.remaining()) {
            throw new EOFException("a value of " + count + " bytes, the record has " + bytes.remaining() + " left");
        }
        return bytes;
    }

    /** A number of variable length, zigzag coded. */
    private long zigzag(int maxBytes) throws IOException {
        long coded = 0;
        for (int at = 0; at < maxBytes; at++) {
            byte next = take(1).get();
            coded |= (next & 0x7fL) << (7 * at);
            if (next >= 0) {
                return (coded >>> 1) ^ -(coded & 1);
            }
        }
        throw new AvroRuntimeException("a number of more than " + maxBytes + " bytes");
    }
}
