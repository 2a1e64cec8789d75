package dev.millrace.verify.books;

import dev.millrace.state.Sha256;
import dev.millrace.state.Utf8;
import java.nio.ByteBuffer;

/** Stands for one id, or for several: the first 128 bits of their SHA-256. It takes 16 bytes, however long the ids are. */
record IdHash(long high, long low) {

    static final int BYTES = 2 * Long.BYTES;

    static IdHash of(String... parts) {
        return of(Utf8.bytes(String.join("\0", parts))); // ids hold no NUL
    }

    static IdHash of(byte[] bytes) {
        return read(ByteBuffer.wrap(Sha256.start().digest(bytes)));
    }

    static IdHash read(ByteBuffer from) {
        return new IdHash(from.getLong(), from.getLong());
    }

    ByteBuffer write(ByteBuffer to) {
        return to.putLong(high).putLong(low);
    }

    @Override
    public String toString() {
        return "%016x%016x".formatted(high, low);
    }
}
