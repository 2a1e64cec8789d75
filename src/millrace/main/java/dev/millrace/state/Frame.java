package dev.millrace.state;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * The checked format of stored values: {@code length int32 | CRC32C int32 | payload}, little-endian.
 *
 * <p>The length is that of the payload in bytes; the checksum covers the payload.
 */
public final class Frame {

    static final int HEADER_BYTES = 8;

    private Frame() {}

    /** Returns a buffer for exactly that many payload bytes. Fill it, then {@link #seal} it. */
    public static ByteBuffer allocate(int payloadBytes) {
        ByteBuffer framed = ByteBuffer.allocate(HEADER_BYTES + payloadBytes).order(ByteOrder.LITTLE_ENDIAN);
        return framed.position(HEADER_BYTES);
    }

    /** Writes length and checksum into a filled buffer of {@link #allocate} and returns its bytes. */
    public static byte[] seal(ByteBuffer framed) {
        if (framed.hasRemaining()) {
            throw new IllegalStateException(framed.remaining() + " payload bytes were not written");
        }
        return seal(framed.array());
    }

    /** Writes length and checksum before the payload, in the first {@link #HEADER_BYTES} bytes. Returns the same bytes. */
    static byte[] seal(byte[] bytes) {
        ByteBuffer.wrap(bytes)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(bytes.length - HEADER_BYTES)
                .putInt(checksum(bytes));
        return bytes;
    }

    /**
     * Checks length and checksum and returns the payload, little-endian.
     *
     * @throws CorruptEntryException if length or checksum is wrong
     */
    public static ByteBuffer open(byte[] bytes) {
        if (bytes.length < HEADER_BYTES) {
            throw new CorruptEntryException("entry has " + bytes.length + " bytes, a frame needs " + HEADER_BYTES);
        }
        ByteBuffer framed = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int length = framed.getInt();
        if (length != bytes.length - HEADER_BYTES) {
            throw new CorruptEntryException(
                    "entry names " + length + " payload bytes and has " + (bytes.length - HEADER_BYTES));
        }
        int expected = framed.getInt();
        int found = checksum(bytes);
        if (expected != found) {
            throw new CorruptEntryException("entry's CRC32C is %08x, its frame names %08x".formatted(found, expected));
        }
        return framed;
    }

    private static int checksum(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, HEADER_BYTES, bytes.length - HEADER_BYTES);
        return (int) crc.getValue();
    }
}
