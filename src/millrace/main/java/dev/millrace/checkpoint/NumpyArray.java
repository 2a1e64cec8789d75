package dev.millrace.checkpoint;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * A matrix in NumPy's own format, version 1.0: {@code \x93NUMPY}, the version, the length of the header (uint16), the header, a
 * literal of Python padded with spaces and ended by a line feed so that all before the numbers is a multiple of 64 bytes, and the
 * numbers, little-endian float32, row by row.
 */
final class NumpyArray {

    /** What is done with each row that has a key. */
    interface Rows {
        void row(String key, float[] row) throws IOException;
    }

    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
    private static final int ALIGNMENT = 64;

    private final OutputStream out;
    private final ByteBuffer bytes;

    /** Writes the header; the rows are to follow. */
    NumpyArray(OutputStream out, long rows, int width) throws IOException {
        this.out = out;
        this.bytes = ByteBuffer.allocate(width * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        out.write(header(rows, width));
    }

    /** @param row [width] the next one */
    void write(float[] row) throws IOException {
        bytes.clear();
        bytes.asFloatBuffer().put(row);
        out.write(bytes.array());
    }

    private static byte[] header(long rows, int width) {
        String literal = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + rows + ", " + width + "), }";
        int before = MAGIC.length + Short.BYTES;
        int whole = (before + literal.length() + 1 + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        String padded = literal + " ".repeat(whole - before - literal.length() - 1) + "\n";
        return ByteBuffer.allocate(whole)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(MAGIC)
                .putShort((short) padded.length())
                .put(padded.getBytes(StandardCharsets.US_ASCII))
                .array();
    }
}
