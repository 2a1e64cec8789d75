package dev.millrace.attribute;

import dev.millrace.event.Click;
import dev.millrace.state.Sha256;
import dev.millrace.state.Utf8;
import java.nio.ByteBuffer;
import java.security.DigestException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.List;

/**
 * Keys of the attribution's entries. A user has a number, which no other user ever has, and no key but the first holds a name.
 *
 * <pre>
 * U user                         the user's state, with the number
 * I number                       the user's id
 * H number version               a version of the user's history, with the version of the profile
 * D number version               a version of the user's profile
 * X number item exposure         an exposure
 * S number click                 a click that was seen
 * W number item 0 time click     a click that waits and names no exposure
 * W number item 1 exposure click a click that waits and names one; here the click's id is whole, as such clicks are answered in the order of their ids
 * V number click                 the end of its wait: the key of the click that waits
 * P number                       what the user's examples of clicks have counted
 * N number                       what those of exposures without a click have counted
 * E number                       what the user did in the latest experiment
 * A number slot                  an item that was shown and not clicked since, in the slot of the last byte of its hash
 * T moment block                 timers, from that moment on
 * clock                          the clocks, and how far the timers are done
 * C kind slot                    a voice of the clock of a topic, or of the numbers of clicks
 * experiment                     the latest experiment and its sums
 * b …                            the books, as their own class writes them
 * </pre>
 *
 * <p>Numbers and times have 8 bytes, versions 4. Items, exposures and clicks stand for the first 8 bytes of the SHA-256 of their ids. So two different
 * clicks of one user are taken for one with a probability of n²/2^65, for n clicks remembered: 3e-12 for 10,000. For exposures it is n²/2^129,
 * as their items must agree too. The ids of other users do not matter. One thread.
 */
final class EntryKeys {

    static final byte ID = 'I';
    static final byte VERSION = 'H';
    static final byte PROFILE = 'D';
    static final byte EXPOSURE = 'X';
    static final byte SEEN_CLICK = 'S';
    static final byte WAITING_CLICK = 'W';
    static final byte WAIT_END = 'V';
    static final byte CLICKED = 'P';
    static final byte UNCLICKED = 'N';
    static final byte IN_EXPERIMENT = 'E';
    static final byte PASSED = 'A';
    static final byte TIMERS = 'T';

    // kinds of timers that are not about an entry of their kind; of one moment, windows end before users are removed
    static final byte FORGOTTEN_EXPOSURE = 'F';
    static final byte IDLE_USER = 'Z';
    static final byte HIDDEN_END = 'Q';

    static final byte VOICE = 'C';
    static final byte NUMBER = 'Y'; // a kind of voices, beside those of the topics

    private static final byte NAMES_NONE = 0;
    private static final byte NAMES_EXPOSURE = 1;

    static final byte[] CLOCK = Utf8.bytes("clock");
    static final byte[] EXPERIMENT = Utf8.bytes("experiment");

    /** What the keys begin with of all that an attribution holds itself. */
    static final List<byte[]> ON_THE_HEAP = List.of(CLOCK, EXPERIMENT, new byte[] {VOICE}, Utf8.bytes("b"));

    private final MessageDigest sha = Sha256.start();
    private final ByteBuffer digest = ByteBuffer.allocate(sha.getDigestLength());

    static byte[] user(String user) {
        return Utf8.bytes('U' + user);
    }

    /** Returns the key of the one entry of a kind that a user has, or what all of those begin with. */
    static byte[] of(byte kind, long number) {
        return start(kind, number, 0).array();
    }

    /** Returns what the keys of a user's exposures of an item begin with. */
    byte[] of(byte kind, long number, String item) {
        return start(kind, number, Long.BYTES).putLong(hash(item)).array();
    }

    byte[] exposure(long number, String item, String id) {
        return start(EXPOSURE, number, 2 * Long.BYTES)
                .putLong(hash(item))
                .putLong(hash(id))
                .array();
    }

    byte[] waitingClick(long number, Click click) {
        byte[] waiting = click.exposure()
                .map(exposure -> waitingClicks(number, click.item(), exposure))
                .orElseGet(() -> waitingClicks(number, click.item(), click.time()));
        return joined(waiting, Utf8.bytes(click.id()));
    }

    /** Returns what the keys of the waiting clicks of an item begin with that name an exposure. */
    byte[] waitingClicks(long number, String item, String exposure) {
        return waitingClicks(number, item, NAMES_EXPOSURE, hash(exposure));
    }

    /** Returns what the keys of the waiting clicks of an item begin with that name no exposure and are of one time. */
    byte[] waitingClicks(long number, String item, long time) {
        return waitingClicks(number, item, NAMES_NONE, time);
    }

    private byte[] waitingClicks(long number, String item, byte names, long exposureOrTime) {
        return start(WAITING_CLICK, number, 2 * Long.BYTES + 1)
                .putLong(hash(item))
                .put(names)
                .putLong(exposureOrTime)
                .array();
    }

    /** Returns the key of a waiting click as if it named another exposure, or one at all. */
    static byte[] naming(byte[] waitingClicks, byte[] waitingClick) {
        return joined(waitingClicks, Arrays.copyOfRange(waitingClick, waitingClicks.length, waitingClick.length));
    }

    byte[] waitEnd(long number, String id) {
        return start(WAIT_END, number, Long.BYTES).putLong(hash(id)).array();
    }

    byte[] seenClick(long number, String id) {
        return start(SEEN_CLICK, number, Long.BYTES).putLong(hash(id)).array();
    }

    static byte[] version(long number, int version) {
        return start(VERSION, number, Integer.BYTES).putInt(version).array();
    }

    static byte[] profile(long number, int version) {
        return start(PROFILE, number, Integer.BYTES).putInt(version).array();
    }

    /** Returns the key of the slot of an item that was shown, by the last byte of the item's hash. */
    static byte[] passed(byte[] exposuresOfItem) {
        byte[] key = Arrays.copyOf(exposuresOfItem, 1 + Long.BYTES + 1);
        key[0] = PASSED;
        key[1 + Long.BYTES] = exposuresOfItem[2 * Long.BYTES];
        return key;
    }

    /** Returns the number of the user in a key of {@link #of}, or one that begins like it. */
    static long numberOf(byte[] key) {
        return ByteBuffer.wrap(key).getLong(1);
    }

    /** Returns a key with another kind. */
    static byte[] as(byte kind, byte[] key) {
        byte[] other = key.clone();
        other[0] = kind;
        return other;
    }

    /** @param first moment of the first of them */
    static byte[] timers(long first, long block) {
        return start(TIMERS, first, Long.BYTES).putLong(block).array();
    }

    /** @param kind one byte for each topic, or {@link #NUMBER} */
    static byte[] voice(byte kind, int slot) {
        return new byte[] {VOICE, kind, (byte) slot};
    }

    static int slotOf(byte[] voice) {
        return Byte.toUnsignedInt(voice[2]);
    }

    private static ByteBuffer start(byte kind, long number, int more) {
        return ByteBuffer.allocate(1 + Long.BYTES + more).put(kind).putLong(number);
    }

    private static byte[] joined(byte[] first, byte[] second) {
        return ByteBuffer.allocate(first.length + second.length)
                .put(first)
                .put(second)
                .array();
    }

    private long hash(String id) {
        sha.update(Utf8.bytes(id));
        try {
            sha.digest(digest.array(), 0, digest.capacity());
        } catch (DigestException tooShort) {
            throw new IllegalStateException("a digest of SHA-256 has " + digest.capacity() + " bytes", tooShort);
        }
        return digest.getLong(0);
    }
}
