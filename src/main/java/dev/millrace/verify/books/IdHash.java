package dev.millrace.verify.books;

import dev.millrace.state.Sha256;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** 128 bits that stand for a text or several: the first half of their SHA-256. Sixteen bytes, however long the ids are. */
record IdHash(long high, long low) {

    static IdHash of(String... parts) {
        ByteBuffer digest = ByteBuffer.wrap(
                Sha256.start().digest(String.join("\0", parts).getBytes(StandardCharsets.UTF_8))); // ids hold no NUL
        return new IdHash(digest.getLong(), digest.getLong());
    }
}
