package dev.millrace.verify.books;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** 128 bits that stand for a text or several: the first half of their SHA-256. Sixteen bytes, however long the ids are. */
record Name(long high, long low) {

    static Name of(String... parts) {
        ByteBuffer digest = ByteBuffer.wrap(
                sha256().digest(String.join("\0", parts).getBytes(StandardCharsets.UTF_8))); // ids hold no NUL
        return new Name(digest.getLong(), digest.getLong());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every JVM has SHA-256", impossible);
        }
    }
}
