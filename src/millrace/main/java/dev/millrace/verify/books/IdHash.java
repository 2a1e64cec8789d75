package dev.millrace.verify.books;

import dev.millrace.state.Sha256;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Stands for one id, or for several: the first 128 bits of their SHA-256. It takes 16 bytes, however long the ids are. */
record IdHash(long high, long low) {

    static IdHash of(String... parts) {
        ByteBuffer digest = ByteBuffer.wrap(
                Sha256.start().digest(String.join("\0", parts).getBytes(StandardCharsets.UTF_8))); // ids hold no NUL
        return new IdHash(digest.getLong(), digest.getLong());
    }
}
