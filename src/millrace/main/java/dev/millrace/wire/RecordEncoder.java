package dev.millrace.wire;

import dev.millrace.state.Utf8;
import java.util.Arrays;
import java.util.Collection;
import java.util.function.Consumer;

/** Writes one value in Avro's binary encoding, field by field in the order of its schema. One thread. */
final class RecordEncoder {

    private byte[] bytes;
    private int length;

    /** @param header that the value stands behind */
    RecordEncoder(byte[] header) {
        bytes = Arrays.copyOf(header, 512);
        length = header.length;
    }

    /** Also writes the branch of a union. */
    RecordEncoder longInteger(long value) {
        reserve(Long.BYTES + 2);
        long rest = (value << 1) ^ (value >> 63); // zigzag
        while ((rest & ~0x7fL) != 0) {
            bytes[length++] = (byte) (rest | 0x80);
            rest >>>= 7;
        }
        bytes[length++] = (byte) rest;
        return this;
    }

    RecordEncoder number(double value) {
        return littleEndian(Double.doubleToRawLongBits(value), Double.BYTES);
    }

    RecordEncoder smallNumber(float value) {
        return littleEndian(Float.floatToRawIntBits(value), Float.BYTES);
    }

    RecordEncoder flag(boolean value) {
        return littleEndian(value ? 1 : 0, Byte.BYTES);
    }

    RecordEncoder text(String value) {
        int from = length;
        longInteger(value.length()).reserve(value.length());
        if (Utf8.putAscii(value, bytes, length)) {
            length += value.length();
        } else {
            length = from;
            return bytes(Utf8.bytes(value));
        }
        return this;
    }

    /** Writes an array, or the entries of a map, as one block. */
    <T> RecordEncoder all(Collection<T> items, Consumer<T> item) {
        if (!items.isEmpty()) {
            longInteger(items.size());
            items.forEach(item);
        }
        return longInteger(0);
    }

    RecordEncoder smallNumbers(float[] values) {
        if (values.length > 0) {
            longInteger(values.length);
            for (float value : values) {
                smallNumber(value);
            }
        }
        return longInteger(0);
    }

    RecordEncoder bytes(byte[] value) {
        return longInteger(value.length).append(value, value.length);
    }

    /** Writes what another one has written. */
    RecordEncoder append(RecordEncoder other) {
        return append(other.bytes, other.length);
    }

    private RecordEncoder append(byte[] from, int count) {
        reserve(count);
        System.arraycopy(from, 0, bytes, length, count);
        length += count;
        return this;
    }

    byte[] written() {
        return Arrays.copyOf(bytes, length);
    }

    private RecordEncoder littleEndian(long value, int size) {
        reserve(size);
        for (int at = 0; at < size; at++) {
            bytes[length++] = (byte) (value >>> (8 * at));
        }
        return this;
    }

    private void reserve(int more) {
        if (length + more > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, length + more));
        }
    }
}
