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
        int at = integer(utf8.length).room(utf8.length);
        System.arraycopy(utf8, 0, bytes, at, utf8.length);
        return this;
    }

    /** As {@link #text}, with the text at a place of another framed value. */
    void textOf(byte[] other, int at) {
        int count = Integer.BYTES + (int) INT.get(other, at);
        int to = room(count); // first: it may give the bytes another place
        System.arraycopy(other, at, bytes, to, count);
    }

    /** Returns the number of bytes so far, the frame's among them. */
    int size() {
        return length;
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
        int length = count(payload, Byte.BYTES);
        int from = payload.position();
        payload.position(from + length);
        return new String(payload.array(), payload.arrayOffset() + from, length, StandardCharsets.UTF_8);
    }

    /** Reads floats that {@link #floats} wrote. */
    public static float[] floats(ByteBuffer payload) {
        float[] values = new float[count(payload, Float.BYTES)];
        for (int at = 0; at < values.length; at++) {
            values[at] = payload.getFloat();
        }
        return values;
    }

    private static int count(ByteBuffer payload, int bytesOfEach) {
        int count = payload.getInt();
        if (count < 0 || count > payload.remaining() / bytesOfEach) {
            throw new CorruptEntryException(
                    "a field names " + count + " parts, " + payload.remaining() + " bytes are left");
        }
        return count;
    }
}
