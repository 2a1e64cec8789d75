package dev.millrace.state;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Writes the fields of a value one after another, little-endian, and frames them. */
public final class Fields {

    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private static final int SHORT_BITS = 7;
    private static final int MORE = 0x80;

    private byte[] bytes = new byte[256];
    private int length = Frame.HEADER_BYTES;

    public Fields longInteger(long value) {
        int at = room(Long.BYTES);
        LONG.set(bytes, at, value);
        return this;
    }

    public Fields integer(int value) {
        int at = room(Integer.BYTES);
        INT.set(bytes, at, value);
        return this;
    }

    public Fields number(double value) {
        return longInteger(Double.doubleToRawLongBits(value));
    }

    public Fields floats(float[] values) {
        integer(values.length);
        int at = room(Float.BYTES * values.length);
        ByteBuffer.wrap(bytes, at, length - at)
                .order(ByteOrder.LITTLE_ENDIAN)
                .asFloatBuffer()
                .put(values);
        return this;
    }

    public Fields text(String value) {
        byte[] utf8 = Utf8.bytes(value); // faster than to look at each letter
        integer(utf8.length).put(utf8);
        return this;
    }

    /** A text whose length is a {@link #shortInteger}. */
    void shortText(String value) {
        byte[] utf8 = Utf8.bytes(value);
        shortInteger(utf8.length).put(utf8);
    }

    private void put(byte[] value) {
        int at = room(value.length); // first: it may give the bytes another place
        System.arraycopy(value, 0, bytes, at, value.length);
    }

    /** An integer in as few bytes as it needs: zigzag, seven bits a byte, the lowest first, the highest bit set if more follow. */
    public Fields shortInteger(long value) {
        int at = room(shortBytes(value)); // first: it may give the bytes another place
        putShort(ByteBuffer.wrap(bytes, at, length - at), value);
        return this;
    }

    public byte[] framed() {
        return Frame.seal(Arrays.copyOf(bytes, length));
    }

    /** Begins another value, in the same memory. */
    void clear() {
        length = Frame.HEADER_BYTES;
    }

    /** Returns where the next bytes go; afterwards {@code bytes} has room for so many more. */
    private int room(int size) {
        int from = length;
        length += size;
        if (length > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, length));
        }
        return from;
    }

    /** Reads a text that {@link #text} wrote. */
    public static String text(ByteBuffer payload) {
        return text(payload, count(payload, Byte.BYTES));
    }

    /** Reads a text that {@link #shortText} wrote. */
    static String shortText(ByteBuffer payload) {
        return text(payload, count(payload, shortInteger(payload), Byte.BYTES));
    }

    private static String text(ByteBuffer payload, int length) {
        int from = payload.position();
        payload.position(from + length);
        return new String(payload.array(), payload.arrayOffset() + from, length, StandardCharsets.UTF_8);
    }

    /** Returns how many bytes {@link #shortInteger} takes. */
    public static int shortBytes(long value) {
        return (Long.SIZE - Long.numberOfLeadingZeros(zigzag(value) | 1) + SHORT_BITS - 1) / SHORT_BITS;
    }

    /** As {@link #shortInteger}, into a buffer. */
    public static void putShort(ByteBuffer to, long value) {
        long left = zigzag(value);
        while (left >>> SHORT_BITS != 0) {
            to.put((byte) (left | MORE));
            left >>>= SHORT_BITS;
        }
        to.put((byte) left);
    }

    private static long zigzag(long value) {
        return (value << 1) ^ (value >> (Long.SIZE - 1));
    }

    /** Reads an integer that {@link #shortInteger} wrote. */
    public static long shortInteger(ByteBuffer payload) {
        long zigzag = 0;
        for (int shift = 0; shift < Long.SIZE; shift += SHORT_BITS) {
            if (!payload.hasRemaining()) {
                break;
            }
            byte next = payload.get();
            zigzag |= (next & (MORE - 1L)) << shift;
            if (next >= 0) {
                return (zigzag >>> 1) ^ -(zigzag & 1);
            }
        }
        throw new CorruptEntryException("a short integer has no end");
    }

    /** Reads floats that {@link #floats} wrote. */
    public static float[] floats(ByteBuffer payload) {
        return floats(payload, count(payload, Float.BYTES));
    }

    /** Reads floats behind their number, which {@link #shortInteger} wrote. */
    static float[] shortFloats(ByteBuffer payload) {
        return floats(payload, count(payload, shortInteger(payload), Float.BYTES));
    }

    private static float[] floats(ByteBuffer payload, int count) {
        float[] values = new float[count];
        for (int at = 0; at < values.length; at++) {
            values[at] = payload.getFloat();
        }
        return values;
    }

    private static int count(ByteBuffer payload, int bytesOfEach) {
        return count(payload, payload.getInt(), bytesOfEach);
    }

    private static int count(ByteBuffer payload, long count, int bytesOfEach) {
        if (count < 0 || count > payload.remaining() / bytesOfEach) {
            throw new CorruptEntryException(
                    "a field names " + count + " parts, " + payload.remaining() + " bytes are left");
        }
        return (int) count;
    }
}
