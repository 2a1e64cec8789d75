package dev.millrace.state;

import java.nio.ByteBuffer;
import java.security.MessageDigest;

/** What an entry adds to an {@link EntrySum}: the first 128 bits of SHA-256(key length [2 bytes], key, value). */
public record EntryShare(long first, long second) {

    /** @param sha used and left as it was before */
    public static EntryShare of(MessageDigest sha, byte[] key, byte[] value) {
        sha.update((byte) (key.length >>> 8));
        sha.update((byte) key.length);
        sha.update(key);
        ByteBuffer share = ByteBuffer.wrap(sha.digest(value));
        return new EntryShare(share.getLong(), share.getLong());
    }
}
