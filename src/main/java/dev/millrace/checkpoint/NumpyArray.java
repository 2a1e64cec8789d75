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

    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
    private static final int ALIGNMENT = 64;

    private NumpyArray() {}

    /** The rows of a matrix, one at a time. */
    interface Rows {
        /** @param out [width] filled */
        void copy(int row, float[] out);
    }

    static void write(OutputStream out, int rows, int width, Rows values) throws IOException {
        out.write(header(rows, width));
        float[] row = new float[width];
        ByteBuffer bytes = ByteBuffer.allocate(width * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 0; at < rows; at++) {
            values.copy(at, row);
            bytes.clear();
            bytes.asFloatBuffer().put(row);
            out.write(bytes.array());
        }
    }

    private static byte[] header(int rows, int width) {
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
