package dev.millrace.state;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Writes the fields of a value one after another, little-endian, and frames them. */
public final class Fields {

    private byte[] bytes = new byte[256];
    private int length;

    public Fields longInteger(long value) {
        room(Long.BYTES).putLong(value);
        return this;
    }

    public Fields integer(int value) {
        room(Integer.BYTES).putInt(value);
        return this;
    }

    public Fields number(double value) {
        room(Double.BYTES).putDouble(value);
        return this;
    }

    public Fields floats(float[] values) {
        integer(values.length);
        ByteBuffer room = room(values.length * Float.BYTES);
        for (float value : values) {
            room.putFloat(value);
        }
        return this;
    }

    public Fields text(String value) {
        byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
        integer(utf8.length);
        room(utf8.length).put(utf8);
        return this;
    }

    public byte[] framed() {
        return Frame.seal(Frame.allocate(length).put(bytes, 0, length));
    }

    private ByteBuffer room(int size) {
        if (length + size > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, length + size));
        }
        ByteBuffer room = ByteBuffer.wrap(bytes, length, size).order(ByteOrder.LITTLE_ENDIAN);
        length += size;
        return room;
    }

    /** Reads a text that {@link #text} wrote. */
    public static String text(ByteBuffer payload) {
        byte[] utf8 = new byte[count(payload, Byte.BYTES)];
        payload.get(utf8);
        return new String(utf8, StandardCharsets.UTF_8);
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
