package dev.millrace.attribute;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Keys of the attribution's entries.
 *
 * <pre>
 * u user                      the user's state
 * x user NUL item NUL id      an exposure
 * w user NUL item NUL id      a click that waits
 * s user NUL id               a click that was seen
 * p user                      what the user's examples of clicks have counted
 * n user                      what those of exposures without a click have counted
 * t time (8 bytes) key        a timer, and the entry it is about
 * clock                       the clocks, and how far the timers are done
 * b …                         the books, as their own class writes them
 * </pre>
 *
 * Ids contain no NUL, so that a user's entries are one range.
 */
final class EntryKeys {

    static final byte USER = 'u';
    static final byte EXPOSURE = 'x';
    static final byte WAITING_CLICK = 'w';
    static final byte SEEN_CLICK = 's';
    static final byte CLICKED = 'p';
    static final byte UNCLICKED = 'n';

    static final byte[] CLOCK = text("clock");

    private EntryKeys() {}

    static byte[] user(String user) {
        return text((char) USER + user);
    }

    /** Returns the user of a state's key. */
    static String userOf(byte[] key) {
        return new String(key, 1, key.length - 1, StandardCharsets.UTF_8);
    }

    static byte[] contributions(byte kind, String user) {
        return text((char) kind + user);
    }

    static byte[] exposure(String user, String item, String id) {
        return text("x" + user + '\0' + item + '\0' + id);
    }

    /** Returns user, item and id of an exposure's key. */
    static String[] exposureOf(byte[] key) {
        return new String(key, 1, key.length - 1, StandardCharsets.UTF_8).split("\0", -1);
    }

    static byte[] waitingClick(String user, String item, String id) {
        return text("w" + user + '\0' + item + '\0' + id);
    }

    static byte[] seenClick(String user, String id) {
        return text("s" + user + '\0' + id);
    }

    /** Returns the start of the range of keys of one kind, user and item. */
    static byte[] from(byte kind, String user, String item) {
        return text((char) kind + user + '\0' + item + '\0');
    }

    /** Returns the start of the range of keys of one kind and user. */
    static byte[] from(byte kind, String user) {
        return text((char) kind + user + '\0');
    }

    /** Returns the end, exclusive, of the range of keys that begin with this one. */
    static byte[] behind(byte[] from) {
        byte[] to = from.clone();
        to[to.length - 1]++; // the last byte is the NUL of from()
        return to;
    }

    static byte[] timer(long time, byte[] about) {
        return ByteBuffer.allocate(1 + Long.BYTES + about.length)
                .put((byte) 't')
                .putLong(time)
                .put(about)
                .array();
    }

    static byte[] timersFrom(long time) {
        return ByteBuffer.allocate(1 + Long.BYTES).put((byte) 't').putLong(time).array();
    }

    static long timerTime(byte[] timer) {
        return ByteBuffer.wrap(timer).getLong(1);
    }

    static byte[] timerSubject(byte[] timer) {
        return Arrays.copyOfRange(timer, 1 + Long.BYTES, timer.length);
    }

    private static byte[] text(String key) {
        return key.getBytes(StandardCharsets.UTF_8);
    }
}
